"""`pipeline_test.py ci`: a workflow's jobs run on this machine by act.

Stages: look at the workflow and refuse what deploys (`safety`), choose containers or the host and
write act's command line (`engine`), run it and follow its log (`run`, `board`, `live`), find the
coverage (`coverage`), report (`report`).
"""

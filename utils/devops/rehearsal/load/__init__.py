"""`pipeline_test.py load`: a service under load, by Locust.

Locust makes the load, in one process, in several (`--processes`) or on several machines (`--master`
here, `--worker` there). Verdict, percentiles and reports are ours, made from counts that the
processes print each second: so a run that is cut off still has its report.

Stages: read the configuration (`config`), refuse what may not be loaded (`target`), start Locust
with `users.py` (`run`), gather (`counts`), judge (`verdict`), report (`report`).
"""

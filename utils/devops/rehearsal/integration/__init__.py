"""`pipeline_test.py integration`: the deployed service's endpoints against its design.

Stages: find the service and its API (`run`), plan the requests from the OpenAPI document (`plan`),
send them and judge the answers (`walk`, `door`), remove what was made, look at the logs, report.
"""

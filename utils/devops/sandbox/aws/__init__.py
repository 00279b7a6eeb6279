"""moto as AWS, made strict and complete where deployments depend on it.

`install` puts these in moto's place: Lambda with the rules for versions and aliases that moto does
not enforce (`alias_rules`, `functions`, `lambdas`, `lambda_api`), CloudWatch that compares
dimensions exactly and knows percentiles (`metrics`, `metric_api`), API Gateway with deployments
that keep what they deployed (`apis`), and the logs, metrics and credentials of the functions
(`telemetry`).
"""

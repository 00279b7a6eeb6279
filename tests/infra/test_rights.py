"""The rights of the pipelines' roles, against what the generated Terraform makes them do."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Any

import pytest

from common.environments import environment
from infra.roles import Role, pipeline_roles
from tests.conftest import ROOT

DEV = environment("dev")
REPOSITORY = ("bbws/2_bbws_auth_lambda",)
_RESOURCE = re.compile(r'^resource "aws_(\w+)"', re.MULTILINE)
_BUCKET = "arn:aws:s3:::bbws-auth-files-{env}"
_API = "arn:aws:apigateway:{region}::/restapis"
_FUNCTION = "arn:aws:lambda:{region}:{account}:function:bbws-auth-login-{env}"
_QUEUE = "arn:aws:sqs:{region}:{account}:bbws-auth-mail-{env}"
_RULE = "arn:aws:events:{region}:{account}:rule/bbws-auth-{env}"
_ROLE = "arn:aws:iam::{account}:role/bbws-auth-login-{env}"

CREATES = {
    "api_gateway_api_key": ("apigateway:POST", "arn:aws:apigateway:{region}::/apikeys"),
    "api_gateway_deployment": ("apigateway:POST", _API),
    "api_gateway_method_settings": ("apigateway:PATCH", _API),
    "api_gateway_rest_api": ("apigateway:PUT", _API),
    "api_gateway_stage": ("apigateway:POST", _API),
    "api_gateway_usage_plan": ("apigateway:POST", "arn:aws:apigateway:{region}::/usageplans"),
    "api_gateway_usage_plan_key": ("apigateway:POST", "arn:aws:apigateway:{region}::/usageplans"),
    "cloudwatch_dashboard": (
        "cloudwatch:PutDashboard",
        "arn:aws:cloudwatch::{account}:dashboard/bbws-auth-{env}",
    ),
    "cloudwatch_event_bus": (
        "events:CreateEventBus",
        "arn:aws:events:{region}:{account}:event-bus/bbws-auth-{env}",
    ),
    "cloudwatch_event_rule": ("events:PutRule", _RULE),
    "cloudwatch_event_target": ("events:PutTargets", _RULE),
    "cloudwatch_log_group": (
        "logs:CreateLogGroup",
        "arn:aws:logs:{region}:{account}:log-group:/aws/lambda/bbws-auth-login-{env}",
    ),
    "cloudwatch_metric_alarm": (
        "cloudwatch:PutMetricAlarm",
        "arn:aws:cloudwatch:{region}:{account}:alarm:bbws-auth-{env}",
    ),
    "dynamodb_table": (
        "dynamodb:CreateTable",
        "arn:aws:dynamodb:{region}:{account}:table/bbws-auth-{env}",
    ),
    "iam_role": ("iam:CreateRole", _ROLE),
    "iam_role_policy": ("iam:PutRolePolicy", _ROLE),
    "kms_alias": ("kms:CreateAlias", "arn:aws:kms:{region}:{account}:alias/bbws-auth-{env}"),
    "kms_key": ("kms:CreateKey", "*"),
    "lambda_alias": ("lambda:CreateAlias", _FUNCTION),
    "lambda_event_source_mapping": ("lambda:CreateEventSourceMapping", "*"),
    "lambda_function": ("lambda:CreateFunction", _FUNCTION),
    "lambda_function_event_invoke_config": ("lambda:PutFunctionEventInvokeConfig", _FUNCTION),
    "lambda_permission": ("lambda:AddPermission", _FUNCTION),
    "s3_bucket": ("s3:CreateBucket", _BUCKET),
    "s3_bucket_lifecycle_configuration": ("s3:PutLifecycleConfiguration", _BUCKET),
    "s3_bucket_notification": ("s3:PutBucketNotification", _BUCKET),
    "s3_bucket_ownership_controls": ("s3:PutBucketOwnershipControls", _BUCKET),
    "s3_bucket_policy": ("s3:PutBucketPolicy", _BUCKET),
    "s3_bucket_public_access_block": ("s3:PutBucketPublicAccessBlock", _BUCKET),
    "s3_bucket_server_side_encryption_configuration": ("s3:PutEncryptionConfiguration", _BUCKET),
    "s3_bucket_versioning": ("s3:PutBucketVersioning", _BUCKET),
    "scheduler_schedule": (
        "scheduler:CreateSchedule",
        "arn:aws:scheduler:{region}:{account}:schedule/default/bbws-auth-{env}",
    ),
    "secretsmanager_secret": (
        "secretsmanager:CreateSecret",
        "arn:aws:secretsmanager:{region}:{account}:secret:bbws/auth/key-a1b2c3",
    ),
    "sns_topic": ("sns:CreateTopic", "arn:aws:sns:{region}:{account}:bbws-auth-{env}"),
    "sns_topic_subscription": ("sns:Subscribe", "arn:aws:sns:{region}:{account}:bbws-auth-{env}"),
    "sqs_queue": ("sqs:CreateQueue", _QUEUE),
    "sqs_queue_policy": ("sqs:SetQueueAttributes", _QUEUE),
    "sqs_queue_redrive_policy": ("sqs:SetQueueAttributes", _QUEUE),
    "wafv2_web_acl_association": (
        "wafv2:AssociateWebACL",
        "arn:aws:wafv2:{region}:{account}:regional/webacl/platform/a1b2c3",
    ),
}
"""The action that makes each kind of resource, and what IAM checks it on.

From the Service Authorization Reference of AWS.
"""


def allowed(role: Role, action: str, resource: str) -> bool:
    """Whether the role's policy has a statement for it and none against it; conditions hold."""
    effects = {
        one["Effect"]
        for one in role.policy["Statement"]
        if fits(one["Action"], action) and fits(one["Resource"], resource)
    }
    return effects == {"Allow"}


def fits(patterns: Any, text: str) -> bool:
    """Whether one of the patterns of a statement covers the text."""
    listed = [patterns] if isinstance(patterns, str) else patterns
    return any(fnmatchcase(text, one) for one in listed)


def generated_kinds() -> set[str]:
    """Every kind of resource that a generated service may have."""
    templates = (ROOT / "templates" / "terraform").glob("*.tf.j2")
    return {kind for one in templates for kind in _RESOURCE.findall(one.read_text("utf-8"))}


@pytest.mark.parametrize("env", ["dev", "sit", "prod"])
def test_trap_7_6_the_deployer_may_make_whatever_a_generated_service_has(env: str) -> None:
    assert set(CREATES) == generated_kinds()
    place = environment(env)
    role = pipeline_roles(place, REPOSITORY)[0]
    values = {"env": env, "region": place.region, "account": place.account}
    refused = [
        f"{kind}: {action} on {resource.format(**values)}"
        for kind, (action, resource) in CREATES.items()
        if not allowed(role, action, resource.format(**values))
    ]
    assert refused == []


def test_the_deployer_of_dev_may_call_the_api_that_its_pipeline_tests() -> None:
    for env, expected in (("dev", True), ("sit", False), ("prod", False)):
        place = environment(env)
        call = f"arn:aws:execute-api:{place.region}:{place.account}:a1b2c3/{env}/GET/v1.0/things"
        role = pipeline_roles(place, REPOSITORY)[0]
        assert allowed(role, "execute-api:Invoke", call) is expected


def test_trap_7_6_the_deployer_may_do_no_more_than_that() -> None:
    deployer = pipeline_roles(DEV, REPOSITORY)[0]
    other = {"env": "sit", "region": "af-south-1", "account": "111122223333"}
    for action, resource in CREATES.values():
        if resource != "*":
            assert not allowed(deployer, action, resource.format(**other)), action
    for action in ("iam:CreateUser", "iam:CreateAccessKey", "ec2:RunInstances", "sts:AssumeRole"):
        assert not allowed(deployer, action, _ROLE.format(env="dev", account=DEV.account))


def test_trap_7_6_the_role_of_plans_may_make_nothing() -> None:
    planner = pipeline_roles(DEV, REPOSITORY)[1]
    values = {"env": "dev", "region": DEV.region, "account": DEV.account}
    for action, resource in CREATES.values():
        assert not allowed(planner, action, resource.format(**values)), action

"""What the roles of pipelines may do, as data: actions by what they are for, and where.

No condition has a wildcard. The deployment role cannot give itself or others more, and outside dev
it cannot destroy what is stateful unless an administrator has tagged it for that, by hand, for the
time it takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.handing_over import reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from common.environments import Environment

DESTROY_TAG = "bbws-allow-destroy"

# fmt: off
_MANAGED = (
    "apigateway", "application-autoscaling", "cloudwatch", "dynamodb", "events", "kms", "lambda",
    "logs", "scheduler", "secretsmanager", "sns", "sqs", "wafv2",
)
"""The services that a generated configuration makes something of."""

_LOOKS = (
    "apigateway:GET", "dynamodb:GetResourcePolicy", "events:TestEventPattern", "iam:Get*",
    "iam:List*", "kms:GetKey*", "lambda:GetAlias", "lambda:GetFunction*", "lambda:GetPolicy",
    "s3:GetBucket*", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration",
    "scheduler:GetSchedule", "secretsmanager:GetResourcePolicy", "sns:GetTopicAttributes",
    "sns:GetSubscriptionAttributes", "sqs:GetQueueAttributes", "sqs:GetQueueUrl",
    "wafv2:GetWebACL*",
)
"""What a plan reads, beyond each service's own `Describe*` and `List*`."""

_LISTS = (
    "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData", "cloudwatch:GetMetricStatistics",
    "dynamodb:ListTables", "kms:CreateKey", "kms:ListAliases", "lambda:*EventSourceMapping*",
    "logs:DescribeLogGroups", "secretsmanager:ListSecrets", "sns:ListTopics", "sqs:ListQueues",
    "tag:GetResources", "xray:GetTraceSummaries",
)
"""What AWS grants on every resource or not at all."""

_BUCKETS = (
    "s3:CreateBucket", "s3:DeleteBucket", "s3:GetAccelerateConfiguration", "s3:GetBucket*",
    "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration", "s3:ListBucket", "s3:PutBucket*",
    "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration",
)
_FUNCTION_ROLES = (
    "iam:AttachRolePolicy", "iam:CreateRole", "iam:DeleteRole", "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy", "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies",
    "iam:ListInstanceProfilesForRole", "iam:ListRolePolicies", "iam:PutRolePolicy", "iam:TagRole",
    "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole",
)
_IMAGES = (
    "ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer",
    "ecr:GetRepositoryPolicy",
)
_PASSED_TO = ("lambda.amazonaws.com", "scheduler.amazonaws.com", "events.amazonaws.com")
_FOUNDATIONS = (
    "dynamodb:DeleteTable", "dynamodb:UpdateTable", "s3:DeleteBucket", "s3:PutBucketPolicy",
    "s3:PutBucketVersioning", "s3:PutEncryptionConfiguration",
)
"""What nobody does to state, artifacts, locks and ledger."""

_STATEFUL_DELETES = (
    "cognito-idp:DeleteUserPool", "dynamodb:DeleteBackup", "dynamodb:DeleteTable",
    "ecr:DeleteRepository", "elasticfilesystem:DeleteFileSystem", "kms:DisableKey",
    "kms:ScheduleKeyDeletion", "logs:DeleteLogGroup", "rds:DeleteDBCluster",
    "rds:DeleteDBInstance", "s3:DeleteBucket", "secretsmanager:DeleteSecret", "sqs:DeleteQueue",
    "sqs:PurgeQueue",
)
# fmt: on

Statement = dict[str, Any]


def plan_policy(environment: Environment, name: str) -> dict[str, Any]:
    """Reading, and the state's lock: for the plans of pull requests."""
    reading = [
        f"{service}:{verb}*"
        for service in _MANAGED
        if service != "apigateway"
        for verb in ("Describe", "List")
    ]
    return document(
        [
            *_state(environment, name),
            _allow("Look", [*reading, *_LOOKS], "*", _in_regions(environment)),
        ]
    )


def deployment_policy(environment: Environment, name: str) -> dict[str, Any]:
    """All that a deployment of the repository `name` to an environment needs."""
    return document(
        [
            *_state(environment, name),
            *_plans(environment, name),
            *_services(environment),
            *_storage(environment, name),
            *_function_roles(environment),
            *reading(environment, name),
            _images(environment),
            *_calls(environment),
            *_denials(environment),
        ]
    )


def document(statements: Sequence[Statement]) -> dict[str, Any]:
    """A policy document of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(
    sid: str,
    actions: str | Sequence[str],
    resource: str | Sequence[str],
    equals: Statement | None = None,
) -> Statement:
    """A statement that allows; `equals` is its condition, if it has one."""
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": actions if isinstance(actions, str) else list(actions),
        "Resource": resource if isinstance(resource, str) else list(resource),
        **({"Condition": {"StringEquals": equals}} if equals else {}),
    }


def _in_regions(environment: Environment) -> Statement:
    # IAM and CloudFront's certificates answer in us-east-1 only.
    regions = sorted({environment.region, environment.certificate_region})
    return {"aws:RequestedRegion": regions}


def _state(environment: Environment, name: str) -> list[Statement]:
    """Finding, locking and reading the state of a repository."""
    bucket = f"arn:aws:s3:::{environment.state_bucket}"
    tables = f"arn:aws:dynamodb:{environment.region}:{environment.account}:table"
    finding = ["s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketVersioning"]
    items = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"]
    objects = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    locks = [f"{bucket}/{name}/*.tflock", f"{bucket}/env:/*/{name}/*.tflock"]
    return [
        _allow("FindState", finding, bucket),
        _allow("LockState", items, f"{tables}/{environment.lock_table}"),
        _allow("LockStateFile", objects, locks),
        _allow("ReadState", "s3:GetObject", _states(environment, name)),
    ]


def _states(environment: Environment, name: str) -> list[str]:
    bucket = f"arn:aws:s3:::{environment.state_bucket}"
    return [f"{bucket}/{name}/*", f"{bucket}/env:/*/{name}/*"]


def _plans(environment: Environment, name: str) -> list[Statement]:
    """Writing the state, and handing plans over beside it."""
    parcels = f"arn:aws:s3:::{environment.state_bucket}/{name}/plans/*.tfplan"
    deleting = ["s3:DeleteObject", "s3:DeleteObjectVersion"]
    return [
        _allow("WriteState", "s3:PutObject", _states(environment, name)),
        _allow("HandOverPlans", deleting, parcels),
    ]


def _services(environment: Environment) -> list[Statement]:
    account, region = environment.account, environment.region
    plain = [service for service in _MANAGED if service not in {"apigateway", "cloudwatch"}]
    places = [
        *(f"arn:aws:{service}:{region}:{account}:*" for service in plain),
        f"arn:aws:apigateway:{region}::/*",
        f"arn:aws:cloudwatch:{region}:{account}:*",
        f"arn:aws:cloudwatch::{account}:dashboard/*",
    ]
    return [
        _allow("ManageServices", [f"{service}:*" for service in _MANAGED], places),
        _allow("ListServices", _LISTS, "*", _in_regions(environment)),
    ]


def _storage(environment: Environment, name: str) -> list[Statement]:
    artifacts = f"arn:aws:s3:::{environment.artifact_bucket}/{name}/*"
    objects = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]
    return [
        _allow("ServiceBuckets", _BUCKETS, f"arn:aws:s3:::*-{environment.name}"),
        _allow("Artifacts", objects, artifacts),
    ]


def _function_roles(environment: Environment) -> list[Statement]:
    roles = f"arn:aws:iam::{environment.account}:role/*-{environment.name}"
    passed = {"iam:PassedToService": list(_PASSED_TO)}
    return [
        _allow("FunctionRoles", _FUNCTION_ROLES, roles),
        _allow("PassFunctionRoles", "iam:PassRole", roles, passed),
    ]


def _images(environment: Environment) -> Statement:
    images = f"arn:aws:ecr:{environment.region}:{environment.account}:repository/*"
    return _allow("Images", _IMAGES, images)


def _calls(environment: Environment) -> list[Statement]:
    """In dev the pipeline tests the API it has deployed, and signs its requests to it."""
    if environment.name != "dev":
        return []
    apis = f"arn:aws:execute-api:{environment.region}:{environment.account}:*"
    return [_allow("TestServices", "execute-api:Invoke", f"{apis}/{environment.name}/*")]


def _denials(environment: Environment) -> list[Statement]:
    account = environment.account
    tables = f"arn:aws:dynamodb:{environment.region}:{account}:table"
    own = [f"arn:aws:iam::{account}:role/github-*", f"arn:aws:iam::{account}:oidc-provider/*"]
    foundations = [
        f"arn:aws:s3:::{environment.state_bucket}",
        f"arn:aws:s3:::{environment.artifact_bucket}",
        f"{tables}/{environment.lock_table}",
        f"{tables}/{environment.ledger_table}",
    ]
    denied = [
        _deny("NeverItsOwnPower", "iam:*", own),
        _deny("NeverTheFoundations", list(_FOUNDATIONS), foundations),
    ]
    if environment.name != "dev":
        untagged = {"StringNotEquals": {f"aws:PrincipalTag/{DESTROY_TAG}": "true"}}
        data = _deny("NeverDestroyData", list(_STATEFUL_DELETES), "*")
        denied.append({**data, "Condition": untagged})
    return denied


def _deny(sid: str, actions: str | list[str], resource: str | list[str]) -> Statement:
    return {"Sid": sid, "Effect": "Deny", "Action": actions, "Resource": resource}

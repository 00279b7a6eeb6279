"""The roles that a repository's pipelines assume: who may, and the least they need.

One role for deployments to an environment, trusted only for jobs in that GitHub environment; in dev
also one for the plans of pull requests, which reads and writes nothing but the lock. No condition
has a wildcard. The deployment role cannot give itself or others more, and in PROD it cannot destroy
what is stateful unless an administrator has tagged it for that, by hand, for the time it takes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from common.errors import UsageProblemError
from infra.handing_over import reading

if TYPE_CHECKING:
    from common.environments import Environment

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
DESTROY_TAG = "bbws-allow-destroy"
POLICY_NAME = "pipeline"

# OWNER/NAME, or with the immutable ids that GitHub puts into newer repositories' tokens.
_REPOSITORY = re.compile(r"(?P<owner>[A-Za-z0-9-]+)(?:@\d+)?/(?P<name>[A-Za-z0-9._-]+?)(?:@\d+)?")

_MANAGED = (
    "apigateway",
    "application-autoscaling",
    "cloudwatch",
    "dynamodb",
    "events",
    "kms",
    "lambda",
    "logs",
    "scheduler",
    "secretsmanager",
    "sns",
    "sqs",
    "wafv2",
)
_STATEFUL_DELETES = (
    "cognito-idp:DeleteUserPool",
    "dynamodb:DeleteBackup",
    "dynamodb:DeleteTable",
    "ecr:DeleteRepository",
    "elasticfilesystem:DeleteFileSystem",
    "kms:DisableKey",
    "kms:ScheduleKeyDeletion",
    "logs:DeleteLogGroup",
    "rds:DeleteDBCluster",
    "rds:DeleteDBInstance",
    "s3:DeleteBucket",
    "secretsmanager:DeleteSecret",
    "sqs:DeleteQueue",
    "sqs:PurgeQueue",
)


@dataclass(frozen=True, slots=True)
class Role:
    """An IAM role as it should be."""

    name: str
    description: str
    trust: dict[str, Any]
    policy: dict[str, Any]


def pipeline_roles(environment: Environment, repositories: tuple[str, ...]) -> tuple[Role, ...]:
    """The roles of these repositories in an environment.

    Raises:
        UsageProblemError: A name is not OWNER/NAME (or OWNER@ID/NAME@ID).
    """
    found = []
    for repository in repositories:
        matched = _REPOSITORY.fullmatch(repository)
        if matched is None:
            raise UsageProblemError(
                f"{repository!r} is not a repository",
                hint="write OWNER/NAME, or OWNER@ID/NAME@ID where GitHub's tokens carry ids",
            )
        found.append(_deployment_role(environment, repository, matched["name"]))
        if environment.promotes_from is None and not environment.approvals:
            found.append(_plan_role(environment, repository, matched["name"]))
    return tuple(found)


def _name(kind: str, repository: str, environment: Environment) -> str:
    name = f"github-{repository}-{kind}{environment.name}"
    if len(name) > 64:
        raise UsageProblemError(f"{name!r} is too long for the name of an IAM role (64)")
    return name


def _deployment_role(environment: Environment, repository: str, name: str) -> Role:
    return Role(
        name=_name("", name, environment),
        description=f"Deployments of {name} to {environment.name} by GitHub Actions",
        trust=_trust(environment, f"repo:{repository}:environment:{environment.name}"),
        policy=_deployment_policy(environment, name),
    )


def _plan_role(environment: Environment, repository: str, name: str) -> Role:
    return Role(
        name=_name("plan-", name, environment),
        description=f"Plans of {name}'s pull requests in {environment.name}, read-only",
        trust=_trust(environment, f"repo:{repository}:pull_request"),
        policy=_plan_policy(environment, name),
    )


def _trust(environment: Environment, subject: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {
                    "Federated": f"arn:aws:iam::{environment.account}:oidc-provider/{ISSUER}"
                },
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {f"{ISSUER}:aud": AUDIENCE, f"{ISSUER}:sub": subject}
                },
            }
        ],
    }


def _state_statements(environment: Environment, name: str) -> list[dict[str, Any]]:
    bucket = f"arn:aws:s3:::{environment.state_bucket}"
    table = f"arn:aws:dynamodb:{environment.region}:{environment.account}:table"
    return [
        {
            "Sid": "FindState",
            "Effect": "Allow",
            "Action": ["s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketVersioning"],
            "Resource": bucket,
        },
        {
            "Sid": "LockState",
            "Effect": "Allow",
            "Action": ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"],
            "Resource": f"{table}/{environment.lock_table}",
        },
        {
            "Sid": "LockStateFile",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            "Resource": [f"{bucket}/{name}/*.tflock", f"{bucket}/env:/*/{name}/*.tflock"],
        },
        {
            "Sid": "ReadState",
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": [f"{bucket}/{name}/*", f"{bucket}/env:/*/{name}/*"],
        },
    ]


def _plan_policy(environment: Environment, name: str) -> dict[str, Any]:
    return _document(
        [
            *_state_statements(environment, name),
            {
                "Sid": "Look",
                "Effect": "Allow",
                "Action": [
                    *(
                        f"{s}:{verb}*"
                        for s in _MANAGED
                        if s != "apigateway"
                        for verb in ("Describe", "List")
                    ),
                    "apigateway:GET",
                    "dynamodb:GetResourcePolicy",
                    "events:TestEventPattern",
                    "iam:Get*",
                    "iam:List*",
                    "kms:GetKey*",
                    "lambda:GetAlias",
                    "lambda:GetFunction*",
                    "lambda:GetPolicy",
                    "s3:GetBucket*",
                    "s3:GetEncryptionConfiguration",
                    "s3:GetLifecycleConfiguration",
                    "scheduler:GetSchedule",
                    "secretsmanager:GetResourcePolicy",
                    "sns:GetTopicAttributes",
                    "sns:GetSubscriptionAttributes",
                    "sqs:GetQueueAttributes",
                    "sqs:GetQueueUrl",
                    "wafv2:GetWebACL*",
                ],
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:RequestedRegion": _regions(environment)}},
            },
        ]
    )


def _regions(environment: Environment) -> list[str]:
    # IAM and CloudFront's certificates answer in us-east-1 only.
    return sorted({environment.region, environment.certificate_region})


def _deployment_policy(environment: Environment, name: str) -> dict[str, Any]:
    account, region = environment.account, environment.region
    state = f"arn:aws:s3:::{environment.state_bucket}"
    roles = f"arn:aws:iam::{account}:role/*-{environment.name}"
    statements = [
        *_state_statements(environment, name),
        {
            "Sid": "WriteState",
            "Effect": "Allow",
            "Action": "s3:PutObject",
            "Resource": [f"{state}/{name}/*", f"{state}/env:/*/{name}/*"],
        },
        {
            "Sid": "HandOverPlans",
            "Effect": "Allow",
            "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"],
            "Resource": f"{state}/{name}/plans/*.tfplan",
        },
        {
            "Sid": "ManageServices",
            "Effect": "Allow",
            "Action": [f"{service}:*" for service in _MANAGED],
            "Resource": [
                f"arn:aws:{service}:{region}:{account}:*"
                for service in _MANAGED
                if service not in {"apigateway", "cloudwatch"}
            ]
            + [
                f"arn:aws:apigateway:{region}::/*",
                f"arn:aws:cloudwatch:{region}:{account}:*",
                f"arn:aws:cloudwatch::{account}:dashboard/*",
            ],
        },
        {
            "Sid": "ListServices",
            "Effect": "Allow",
            "Action": [
                "cloudwatch:DescribeAlarms",
                "cloudwatch:GetMetricData",
                "cloudwatch:GetMetricStatistics",
                "dynamodb:ListTables",
                "kms:CreateKey",
                "kms:ListAliases",
                "lambda:*EventSourceMapping*",
                "logs:DescribeLogGroups",
                "secretsmanager:ListSecrets",
                "sns:ListTopics",
                "sqs:ListQueues",
                "tag:GetResources",
                "xray:GetTraceSummaries",
            ],
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:RequestedRegion": _regions(environment)}},
        },
        {
            "Sid": "ServiceBuckets",
            "Effect": "Allow",
            "Action": [
                "s3:CreateBucket",
                "s3:DeleteBucket",
                "s3:GetAccelerateConfiguration",
                "s3:GetBucket*",
                "s3:GetEncryptionConfiguration",
                "s3:GetLifecycleConfiguration",
                "s3:GetReplicationConfiguration",
                "s3:ListBucket",
                "s3:PutBucket*",
                "s3:PutEncryptionConfiguration",
                "s3:PutLifecycleConfiguration",
            ],
            "Resource": f"arn:aws:s3:::*-{environment.name}",
        },
        {
            "Sid": "Artifacts",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"],
            "Resource": f"arn:aws:s3:::{environment.artifact_bucket}/{name}/*",
        },
        {
            "Sid": "FunctionRoles",
            "Effect": "Allow",
            "Action": [
                "iam:AttachRolePolicy",
                "iam:CreateRole",
                "iam:DeleteRole",
                "iam:DeleteRolePolicy",
                "iam:DetachRolePolicy",
                "iam:GetRole",
                "iam:GetRolePolicy",
                "iam:ListAttachedRolePolicies",
                "iam:ListInstanceProfilesForRole",
                "iam:ListRolePolicies",
                "iam:PutRolePolicy",
                "iam:TagRole",
                "iam:UntagRole",
                "iam:UpdateAssumeRolePolicy",
                "iam:UpdateRole",
            ],
            "Resource": roles,
        },
        {
            "Sid": "PassFunctionRoles",
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": roles,
            "Condition": {
                "StringEquals": {
                    "iam:PassedToService": [
                        "lambda.amazonaws.com",
                        "scheduler.amazonaws.com",
                        "events.amazonaws.com",
                    ]
                }
            },
        },
        *reading(environment, name),
        {
            "Sid": "Images",
            "Effect": "Allow",
            "Action": [
                "ecr:BatchGetImage",
                "ecr:DescribeImages",
                "ecr:GetDownloadUrlForLayer",
                "ecr:GetRepositoryPolicy",
            ],
            "Resource": f"arn:aws:ecr:{region}:{account}:repository/*",
        },
        *_calls(environment),
        *_denials(environment),
    ]
    return _document(statements)


def _calls(environment: Environment) -> list[dict[str, Any]]:
    """In dev the pipeline tests the API it has deployed, and signs its requests to it."""
    if environment.name != "dev":
        return []
    apis = f"arn:aws:execute-api:{environment.region}:{environment.account}:*"
    return [
        {
            "Sid": "TestServices",
            "Effect": "Allow",
            "Action": "execute-api:Invoke",
            "Resource": f"{apis}/{environment.name}/*",
        }
    ]


def _denials(environment: Environment) -> list[dict[str, Any]]:
    account = environment.account
    foundations: list[dict[str, Any]] = [
        {
            "Sid": "NeverItsOwnPower",
            "Effect": "Deny",
            "Action": "iam:*",
            "Resource": [
                f"arn:aws:iam::{account}:role/github-*",
                f"arn:aws:iam::{account}:oidc-provider/*",
            ],
        },
        {
            "Sid": "NeverTheFoundations",
            "Effect": "Deny",
            "Action": [
                "dynamodb:DeleteTable",
                "dynamodb:UpdateTable",
                "s3:DeleteBucket",
                "s3:PutBucketPolicy",
                "s3:PutBucketVersioning",
                "s3:PutEncryptionConfiguration",
            ],
            "Resource": [
                f"arn:aws:s3:::{environment.state_bucket}",
                f"arn:aws:s3:::{environment.artifact_bucket}",
                *(
                    f"arn:aws:dynamodb:{environment.region}:{account}:table/{table}"
                    for table in (environment.lock_table, environment.ledger_table)
                ),
            ],
        },
    ]
    if environment.name == "dev":
        return foundations
    return [
        *foundations,
        {
            "Sid": "NeverDestroyData",
            "Effect": "Deny",
            "Action": list(_STATEFUL_DELETES),
            "Resource": "*",
            "Condition": {"StringNotEquals": {f"aws:PrincipalTag/{DESTROY_TAG}": "true"}},
        },
    ]


def _document(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}

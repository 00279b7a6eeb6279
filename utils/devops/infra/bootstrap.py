"""What an empty account lacks before the first `init`: found out by reading, then made, in order.

A plan is a list of single AWS calls (`Step`). Reading decides which are needed, so that a second
run has none, and a dry run shows the very calls that a real one makes. Nothing is ever deleted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from common.aws_call import AwsError, Caller
from infra.handing_over import readers
from infra.roles import AUDIENCE, ISSUER, POLICY_NAME, Role, pipeline_roles

if TYPE_CHECKING:
    from boto3 import Session

    from common.environments import Environment

_ABSENT = frozenset(
    {
        "404",
        "NoSuchBucket",
        "NoSuchBucketPolicy",
        "NoSuchEntity",
        "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "NotFound",
        "NotFoundException",
        "ResourceNotFoundException",
        "ServerSideEncryptionConfigurationNotFoundError",
        "TableNotFoundException",
    }
)
_IDS = re.compile(r"@\d+(?=[/:])")
_PUBLIC_BLOCK = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
_CLASSIC_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Step:
    """One AWS call that is needed. `wait` names a table that must be ready before the next one."""

    text: str
    service: str
    operation: str
    parameters: Mapping[str, Any] = field(repr=False)
    wait: str | None = None


class Account:
    """Reads of one account; a thing that is not there is None."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._callers: dict[str, Caller] = {}

    def call(self, service: str, operation: str, **parameters: Any) -> Any:
        """Make one call.

        Raises:
            AwsError: AWS refused.
        """
        if service not in self._callers:
            self._callers[service] = Caller(self._session, service)
        return self._callers[service](operation, **parameters)

    def read(self, service: str, operation: str, **parameters: Any) -> Any | None:
        """The answer, or None where the thing asked for does not exist.

        Raises:
            AwsError: AWS refused for another reason.
        """
        try:
            return self.call(service, operation, **parameters)
        except AwsError as error:
            if error.reason in _ABSENT:
                return None
            raise


def plan_bootstrap(
    account: Account, environment: Environment, repositories: tuple[str, ...]
) -> list[Step]:
    """The calls that are still needed, in order. Reads only.

    Raises:
        UsageProblemError: A repository's name is none.
    """
    roles = pipeline_roles(environment, repositories)
    return [
        *_bucket(account, environment, environment.state_bucket, _keep_state()),
        *_table(account, environment.lock_table, ("LockID",)),
        *_bucket(
            account,
            environment,
            environment.artifact_bucket,
            _keep_artifacts(),
            readers(environment),
        ),
        *_table(account, environment.ledger_table, ("pk", "sk")),
        *_topic(account, environment),
        *_provider(account, environment),
        *(step for role in roles for step in _role(account, environment, role)),
    ]


def _tags(environment: Environment) -> list[dict[str, str]]:
    values = {
        "Project": "bbws",
        "Environment": environment.name,
        "Component": "devops",
        "ManagedBy": "terraform_cli.py bootstrap",
    }
    return [{"Key": key, "Value": value} for key, value in values.items()]


def _keep_state() -> list[dict[str, Any]]:
    """Old versions of states stay a quarter of a year; what is left of plans goes in days."""
    return [
        {
            "ID": "old-state-versions",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 90, "NewerNoncurrentVersions": 20},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        }
    ]


def _keep_artifacts() -> list[dict[str, Any]]:
    return [
        {
            "ID": "old-artifact-versions",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 365},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        }
    ]


def _bucket(
    account: Account,
    environment: Environment,
    name: str,
    rules: list[dict[str, Any]],
    allowed: Sequence[dict[str, Any]] = (),
) -> Iterator[Step]:
    owner = {"ExpectedBucketOwner": environment.account}

    def step(what: str, operation: str, **parameters: Any) -> Step:
        return Step(f"bucket {name}: {what}", "s3", operation, {"Bucket": name, **parameters})

    if account.read("s3", "head_bucket", Bucket=name) is None:
        place = {"CreateBucketConfiguration": {"LocationConstraint": environment.region}}
        yield step(
            "create", "create_bucket", **({} if environment.region == _CLASSIC_REGION else place)
        )
    versioning = account.read("s3", "get_bucket_versioning", Bucket=name) or {}
    if versioning.get("Status") != "Enabled":
        yield step(
            "keep versions",
            "put_bucket_versioning",
            VersioningConfiguration={"Status": "Enabled"},
            **owner,
        )
    if not _is_encrypted(account.read("s3", "get_bucket_encryption", Bucket=name)):
        rule = {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
            "BucketKeyEnabled": False,
        }
        yield step(
            "encrypt",
            "put_bucket_encryption",
            ServerSideEncryptionConfiguration={"Rules": [rule]},
            **owner,
        )
    block = account.read("s3", "get_public_access_block", Bucket=name) or {}
    if block.get("PublicAccessBlockConfiguration") != _PUBLIC_BLOCK:
        yield step(
            "block public access",
            "put_public_access_block",
            PublicAccessBlockConfiguration=_PUBLIC_BLOCK,
            **owner,
        )
    policy = _with(
        account.read("s3", "get_bucket_policy", Bucket=name), [_tls_only(name), *allowed]
    )
    if policy is not None:
        what = "refuse requests without TLS"
        what += ", let the next environment read" if allowed else ""
        yield step(what, "put_bucket_policy", Policy=policy, **owner)
    if account.read("s3", "get_bucket_lifecycle_configuration", Bucket=name) is None:
        yield step(
            "expire old versions",
            "put_bucket_lifecycle_configuration",
            LifecycleConfiguration={"Rules": rules},
            **owner,
        )


def _is_encrypted(answer: Any) -> bool:
    rules = ((answer or {}).get("ServerSideEncryptionConfiguration") or {}).get("Rules") or []
    return any(rule.get("ApplyServerSideEncryptionByDefault") for rule in rules)


def _tls_only(name: str) -> dict[str, Any]:
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _with(answer: Any, wanted: Sequence[dict[str, Any]]) -> str | None:
    """The bucket's policy with our statements added; None when it has them."""
    policy: dict[str, Any] = (
        json.loads(answer["Policy"]) if answer else {"Version": "2012-10-17", "Statement": []}
    )
    found = policy.get("Statement", [])
    statements = found if isinstance(found, list) else [found]
    there = [statement.get("Condition") for statement in statements]
    missing = [statement for statement in wanted if statement["Condition"] not in there]
    if not missing:
        return None
    return json.dumps({**policy, "Statement": [*statements, *missing]})


def _table(account: Account, name: str, keys: tuple[str, ...]) -> Iterator[Step]:
    described = account.read("dynamodb", "describe_table", TableName=name)
    if described is None:
        kinds = dict(zip(keys, ("HASH", "RANGE"), strict=False))
        yield Step(
            f"table {name}: create",
            "dynamodb",
            "create_table",
            {
                "TableName": name,
                "KeySchema": [{"AttributeName": k, "KeyType": t} for k, t in kinds.items()],
                "AttributeDefinitions": [
                    {"AttributeName": key, "AttributeType": "S"} for key in keys
                ],
                "BillingMode": "PAY_PER_REQUEST",
                "SSESpecification": {"Enabled": True},
                "DeletionProtectionEnabled": True,
            },
            wait=name,
        )
    elif not described["Table"].get("DeletionProtectionEnabled"):
        yield Step(
            f"table {name}: protect against deletion",
            "dynamodb",
            "update_table",
            {"TableName": name, "DeletionProtectionEnabled": True},
            wait=name,
        )
    backups = account.read("dynamodb", "describe_continuous_backups", TableName=name) or {}
    recovery = (backups.get("ContinuousBackupsDescription") or {}).get(
        "PointInTimeRecoveryDescription"
    ) or {}
    if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
        yield Step(
            f"table {name}: point-in-time recovery",
            "dynamodb",
            "update_continuous_backups",
            {
                "TableName": name,
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            },
        )


def _topic(account: Account, environment: Environment) -> Iterator[Step]:
    # Not with AWS's own key: alarms cannot publish to a topic that uses it.
    arn = f"arn:aws:sns:{environment.region}:{environment.account}:{environment.topic}"
    if account.read("sns", "get_topic_attributes", TopicArn=arn) is None:
        yield Step(
            f"topic {environment.topic}: create",
            "sns",
            "create_topic",
            {
                "Name": environment.topic,
                "Tags": _tags(environment),
            },
        )


def _provider(account: Account, environment: Environment) -> Iterator[Step]:
    arn = f"arn:aws:iam::{environment.account}:oidc-provider/{ISSUER}"
    found = account.read("iam", "get_open_id_connect_provider", OpenIDConnectProviderArn=arn)
    if found is None:
        yield Step(
            "GitHub as an identity provider (OIDC): create",
            "iam",
            "create_open_id_connect_provider",
            {
                "Url": f"https://{ISSUER}",
                "ClientIDList": [AUDIENCE],
                "Tags": _tags(environment),
            },
        )
    elif AUDIENCE not in found.get("ClientIDList", []):
        yield Step(
            f"GitHub as an identity provider (OIDC): accept {AUDIENCE}",
            "iam",
            "add_client_id_to_open_id_connect_provider",
            {"OpenIDConnectProviderArn": arn, "ClientID": AUDIENCE},
        )


def _trusts_the_same(held: Any, wanted: dict[str, Any]) -> bool:
    """Whether a trust policy is as wanted, or names the same repository by its ids too."""
    if held == wanted:
        return True
    texts = [json.dumps(document, sort_keys=True) for document in (held, wanted)]
    return "@" not in texts[1] and _IDS.sub("", texts[0]) == texts[1]


def _role(account: Account, environment: Environment, role: Role) -> Iterator[Step]:
    found = account.read("iam", "get_role", RoleName=role.name)
    trust = json.dumps(role.trust)
    if found is None:
        yield Step(
            f"role {role.name}: create",
            "iam",
            "create_role",
            {
                "RoleName": role.name,
                "AssumeRolePolicyDocument": trust,
                "Description": role.description,
                "MaxSessionDuration": 3600,
                "Tags": _tags(environment),
            },
        )
    elif not _trusts_the_same(found["Role"].get("AssumeRolePolicyDocument"), role.trust):
        yield Step(
            f"role {role.name}: correct who may assume it",
            "iam",
            "update_assume_role_policy",
            {"RoleName": role.name, "PolicyDocument": trust},
        )
    policy = account.read("iam", "get_role_policy", RoleName=role.name, PolicyName=POLICY_NAME)
    if (policy or {}).get("PolicyDocument") != role.policy:
        yield Step(
            f"role {role.name}: {'correct' if policy else 'give'} its permissions",
            "iam",
            "put_role_policy",
            {
                "RoleName": role.name,
                "PolicyName": POLICY_NAME,
                "PolicyDocument": json.dumps(role.policy, separators=(",", ":")),
            },
        )


def carry_out(
    account: Account,
    steps: list[Step],
    done: Callable[[Step], None],
    sleep: Callable[[float], None],
) -> None:
    """Make the calls in order, and wait where the next one needs it.

    Raises:
        AwsError: AWS refused one; those before it are made, and the next run goes on from there.
    """
    for step in steps:
        account.call(step.service, step.operation, **step.parameters)
        if step.wait:
            _await_table(account, step.wait, sleep)
        done(step)


def _await_table(account: Account, name: str, sleep: Callable[[float], None]) -> None:
    for _ in range(60):
        described = account.call("dynamodb", "describe_table", TableName=name)
        if described["Table"]["TableStatus"] == "ACTIVE":
            return
        sleep(2)
    raise AwsError(f"the table {name!r} is not ready after two minutes", reason="TimedOut")

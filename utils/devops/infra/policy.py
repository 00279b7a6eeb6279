"""The house rules for a plan: encryption, recovery, no public buckets, tags, no wildcards.

Rules are pure functions from a shown plan to findings. What only AWS will decide (unknown until
apply) is not reported: the findings are about what was written.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from infra.configured import Planned, constant_of, data_sources, planned_resources, policy_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

TAGS = ("Project", "Service", "Environment", "Component", "LLD", "ManagedBy")
KNOWN_PROVIDERS = ("registry.terraform.io/hashicorp/", "terraform.io/builtin/")
GLOBAL_REGION = "us-east-1"

# Actions that IAM grants on every resource or not at all.
# fmt: off
_NO_RESOURCE = frozenset({
    "xray:puttracesegments", "xray:puttelemetryrecords", "xray:getsamplingrules",
    "xray:getsamplingtargets", "xray:getsamplingstatisticsummaries",
    "cloudwatch:putmetricdata", "ec2:createnetworkinterface", "ec2:describenetworkinterfaces",
    "ec2:deletenetworkinterface", "ec2:assignprivateipaddresses",
    "ec2:unassignprivateipaddresses", "sts:getcalleridentity", "logs:createlogdelivery",
    "logs:describeloggroups", "ecr:getauthorizationtoken",
})
# fmt: on


class Severity(IntEnum):
    """How bad a finding is; the worst is the largest."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the plan that the house does not want."""

    rule: str
    severity: Severity
    address: str
    message: str
    source: str = "house"


@dataclass(frozen=True, slots=True)
class Expected:
    """What the environment demands of the configuration."""

    account: str
    region: str


def house_findings(shown: Mapping[str, Any], expected: Expected) -> tuple[Finding, ...]:
    """All that the house rules say of a plan, worst first."""
    resources = planned_resources(shown)
    found = [*_provider_findings(shown, expected), *_origin_findings(shown, resources)]
    for rule in _RULES:
        found.extend(rule(resources))
    return tuple(sorted(found, key=lambda f: (-f.severity, f.rule, f.address)))


def _first(value: Any) -> Mapping[str, Any]:
    """A nested block, which Terraform keeps as a list."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return value[0]
    return {}


def _each(resources: Iterable[Planned], *types: str) -> Iterator[Planned]:
    return (resource for resource in resources if resource.type in types)


def _tables(resources: list[Planned]) -> Iterator[Finding]:
    for table in _each(resources, "aws_dynamodb_table"):
        if not _first(table.values.get("point_in_time_recovery")).get("enabled"):
            yield Finding(
                "point-in-time-recovery",
                Severity.HIGH,
                table.address,
                "the table has no point-in-time recovery",
            )
        if not _first(table.values.get("server_side_encryption")).get("enabled"):
            yield Finding(
                "encryption",
                Severity.MEDIUM,
                table.address,
                "the table is not encrypted with a KMS key",
            )


def _messages(resources: list[Planned]) -> Iterator[Finding]:
    for resource in _each(resources, "aws_sqs_queue", "aws_sns_topic"):
        own_key = resource.values.get("kms_master_key_id")
        known = not resource.unknown.get("kms_master_key_id")
        managed = resource.values.get("sqs_managed_sse_enabled") or resource.unknown.get(
            "sqs_managed_sse_enabled"
        )
        if known and not own_key and not managed:
            kind = "queue" if resource.type == "aws_sqs_queue" else "topic"
            yield Finding(
                "encryption", Severity.MEDIUM, resource.address, f"the {kind} is not encrypted"
            )


def _disks(resources: list[Planned]) -> Iterator[Finding]:
    names = {
        "aws_db_instance": "storage_encrypted",
        "aws_rds_cluster": "storage_encrypted",
        "aws_efs_file_system": "encrypted",
        "aws_ebs_volume": "encrypted",
    }
    for resource in _each(resources, *names):
        if not resource.values.get(names[resource.type]):
            yield Finding(
                "encryption", Severity.HIGH, resource.address, "the storage is not encrypted"
            )


def _covered(bucket: Planned, others: Iterable[Planned]) -> Planned | None:
    """The resource among `others` that is about this bucket."""
    name = bucket.values.get("bucket")
    for other in others:
        by_name = name is not None and other.values.get("bucket") == name
        by_reference = any(
            r == bucket.block or r.startswith(f"{bucket.block}.") for r in other.references
        )
        if by_name or by_reference:
            return other
    return None


def _buckets(resources: list[Planned]) -> Iterator[Finding]:
    blocks = list(_each(resources, "aws_s3_bucket_public_access_block"))
    flags = (
        "block_public_acls",
        "block_public_policy",
        "ignore_public_acls",
        "restrict_public_buckets",
    )
    for bucket in _each(resources, "aws_s3_bucket"):
        block = _covered(bucket, blocks)
        if block is None or not all(block.values.get(flag) for flag in flags):
            yield Finding(
                "no-public-buckets",
                Severity.HIGH,
                bucket.address,
                "public access to the bucket is not blocked in all four ways",
            )
        encryption = _each(resources, "aws_s3_bucket_server_side_encryption_configuration")
        if _covered(bucket, encryption) is None:
            yield Finding(
                "encryption", Severity.MEDIUM, bucket.address, "the bucket states no encryption"
            )
    for acl in _each(resources, "aws_s3_bucket_acl", "aws_s3_bucket"):
        if str(acl.values.get("acl") or "").startswith("public"):
            yield Finding(
                "no-public-buckets", Severity.HIGH, acl.address, "a canned ACL opens it to everyone"
            )


def _tags(resources: list[Planned]) -> Iterator[Finding]:
    for resource in resources:
        if "tags_all" not in resource.values or resource.unknown.get("tags_all") is True:
            continue
        tags = resource.values.get("tags_all") or {}
        unknown = resource.unknown.get("tags_all") or {}
        missing = [tag for tag in TAGS if tag not in tags and tag not in unknown]
        if missing:
            text = f"missing tags: {', '.join(missing)}"
            yield Finding("tags", Severity.LOW, resource.address, text)


def _statements(policy: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    raw = policy.get("Statement") or []
    for statement in raw if isinstance(raw, list) else [raw]:
        if isinstance(statement, dict) and statement.get("Effect") == "Allow":
            yield statement


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _permissions(resources: list[Planned]) -> Iterator[Finding]:
    for resource in resources:
        attached = resource.type in {
            "aws_iam_policy",
            "aws_iam_role_policy",
            "aws_iam_user_policy",
            "aws_iam_group_policy",
        }
        texts = [resource.values.get("policy")] if attached else []
        if resource.type == "aws_iam_role":
            inline = resource.values.get("inline_policy") or []
            texts = [entry.get("policy") for entry in inline if isinstance(entry, dict)]
        for text in texts:
            for statement in _statements(policy_of(text)):
                yield from _wildcards(resource.address, statement)


def _wildcards(address: str, statement: Mapping[str, Any]) -> Iterator[Finding]:
    actions = _listed(statement.get("Action"))
    wide = [action for action in actions if action == "*" or action.endswith(":*")]
    if wide or "NotAction" in statement:
        yield Finding(
            "no-wildcard-iam",
            Severity.HIGH,
            address,
            f"allows every action: {', '.join(wide) or 'NotAction'}",
        )
    bound = [action for action in actions if action.lower() not in _NO_RESOURCE]
    if "*" in _listed(statement.get("Resource")) and bound and not statement.get("Condition"):
        shown = ", ".join(bound[:4])
        yield Finding(
            "no-wildcard-iam", Severity.HIGH, address, f"allows {shown} on every resource"
        )


def _strangers(resources: list[Planned]) -> Iterator[Finding]:
    """Policies on resources, and trust policies, that let anybody in."""
    attributes = {"aws_iam_role": "assume_role_policy"}
    policies = ("aws_s3_bucket_policy", "aws_sqs_queue_policy", "aws_sns_topic_policy")
    for resource in _each(resources, *policies, *attributes, "aws_lambda_permission"):
        if resource.type == "aws_lambda_permission":
            open_to_all = resource.values.get("principal") == "*"
        else:
            text = resource.values.get(attributes.get(resource.type, "policy"))
            open_to_all = any(map(_is_open, _statements(policy_of(text))))
        if open_to_all:
            rule = "no-public-buckets" if "s3" in resource.type else "no-wildcard-iam"
            yield Finding(rule, Severity.HIGH, resource.address, "lets everybody in")


def _is_open(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    names = [principal] if isinstance(principal, str) else []
    if isinstance(principal, dict):
        names = [name for value in principal.values() for name in _listed(value)]
    return "*" in names and not statement.get("Condition")


def _provider_findings(shown: Mapping[str, Any], expected: Expected) -> Iterator[Finding]:
    providers = (shown.get("configuration") or {}).get("provider_config") or {}
    for name, provider in providers.items():
        if provider.get("name") != "aws":
            continue
        expressions = provider.get("expressions") or {}
        accounts = expressions.get("allowed_account_ids")
        if accounts is None:
            yield Finding(
                "account-guard",
                Severity.MEDIUM,
                f"provider.{name}",
                f'no allowed_account_ids: add ["{expected.account}"]',
            )
        region = constant_of(shown, expressions.get("region"))
        if region not in {None, expected.region, GLOBAL_REGION}:
            yield Finding(
                "region",
                Severity.HIGH,
                f"provider.{name}",
                f"works in {region}, but the environment lives in {expected.region}",
            )


def _origin_findings(shown: Mapping[str, Any], resources: list[Planned]) -> Iterator[Finding]:
    """What makes a mere plan run code of others."""
    providers = (shown.get("configuration") or {}).get("provider_config") or {}
    for name, provider in providers.items():
        full = str(provider.get("full_name", ""))
        if full and not full.startswith(KNOWN_PROVIDERS):
            yield Finding(
                "plan-runs-code", Severity.MEDIUM, f"provider.{name}", f"a new provider: {full}"
            )
    for address in data_sources(shown):
        if "data.external." in address or address.startswith("data.external"):
            yield Finding(
                "plan-runs-code", Severity.HIGH, address, "an external data source runs a program"
            )
    for resource in resources:
        if "local-exec" in resource.provisioners:
            yield Finding(
                "plan-runs-code", Severity.MEDIUM, resource.address, "local-exec runs a program"
            )


_RULES: tuple[Callable[[list[Planned]], Iterator[Finding]], ...] = (
    _tables,
    _messages,
    _disks,
    _buckets,
    _tags,
    _permissions,
    _strangers,
)

"""The house rules, each with a plan that breaks it and one that does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.policy import TAGS, Expected, Finding, house_findings
from tests.infra.builders import created, make_plan

DEV = Expected("536580886816", "eu-west-1")
ALL_TAGS = dict.fromkeys(TAGS, "x")


def found(plan: dict[str, Any]) -> list[tuple[str, str]]:
    return [(finding.rule, finding.address) for finding in house_findings(plan, DEV)]


def configured(*resources: dict[str, Any], **providers: Any) -> dict[str, Any]:
    return {"root_module": {"resources": list(resources)}, "provider_config": providers}


def aws(**expressions: Any) -> dict[str, Any]:
    return {
        "name": "aws",
        "full_name": "registry.terraform.io/hashicorp/aws",
        "expressions": expressions,
    }


def constant(value: Any) -> dict[str, Any]:
    return {"constant_value": value}


def test_a_table_needs_recovery_and_encryption() -> None:
    good = {
        "point_in_time_recovery": [{"enabled": True}],
        "server_side_encryption": [{"enabled": True}],
    }
    assert found(make_plan(created("aws_dynamodb_table.t", **good))) == []
    assert found(make_plan(created("aws_dynamodb_table.t"))) == [
        ("point-in-time-recovery", "aws_dynamodb_table.t"),
        ("encryption", "aws_dynamodb_table.t"),
    ]


@pytest.mark.parametrize(
    ("address", "values", "unknown", "bad"),
    [
        ("aws_sqs_queue.q", {"sqs_managed_sse_enabled": True}, {}, False),
        ("aws_sqs_queue.q", {}, {"kms_master_key_id": True}, False),
        ("aws_sqs_queue.q", {"sqs_managed_sse_enabled": False}, {}, True),
        ("aws_sns_topic.t", {"kms_master_key_id": "alias/x"}, {}, False),
        ("aws_sns_topic.t", {}, {}, True),
    ],
)
def test_queues_and_topics_are_encrypted(
    address: str, values: dict[str, Any], unknown: dict[str, Any], bad: bool
) -> None:
    resource = created(address, **values)
    resource["change"]["after_unknown"] = unknown
    assert found(make_plan(resource)) == ([("encryption", address)] if bad else [])


def test_a_bucket_is_closed_by_a_block_that_refers_to_it_even_through_for_each() -> None:
    flags = (
        "block_public_acls",
        "block_public_policy",
        "ignore_public_acls",
        "restrict_public_buckets",
    )
    bucket = created('aws_s3_bucket.this["logs"]')
    block = created('aws_s3_bucket_public_access_block.this["logs"]', **dict.fromkeys(flags, True))
    encryption = created('aws_s3_bucket_server_side_encryption_configuration.this["logs"]')
    written = [
        {
            "address": address,
            "mode": "managed",
            "for_each_expression": {"references": ["aws_s3_bucket.this"]},
        }
        for address in (
            "aws_s3_bucket_public_access_block.this",
            "aws_s3_bucket_server_side_encryption_configuration.this",
        )
    ]
    whole = make_plan(bucket, block, encryption, configuration=configured(*written))
    assert found(whole) == []
    block["change"]["after"]["block_public_acls"] = False
    assert found(whole) == [("no-public-buckets", 'aws_s3_bucket.this["logs"]')]
    assert found(make_plan(bucket)) == [
        ("no-public-buckets", 'aws_s3_bucket.this["logs"]'),
        ("encryption", 'aws_s3_bucket.this["logs"]'),
    ]


def test_a_public_acl_and_an_open_policy_are_found() -> None:
    anyone = json.dumps(
        {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}}
    )
    plan = make_plan(
        created("aws_s3_bucket_acl.a", acl="public-read"),
        created("aws_s3_bucket_policy.p", policy=anyone),
    )
    assert found(plan) == [
        ("no-public-buckets", "aws_s3_bucket_acl.a"),
        ("no-public-buckets", "aws_s3_bucket_policy.p"),
    ]


def test_tags_are_complete_or_named_as_missing() -> None:
    assert found(make_plan(created("aws_lambda_function.f", tags_all=ALL_TAGS))) == []
    few = {tag: "x" for tag in TAGS if tag != "LLD"}
    (finding,) = house_findings(make_plan(created("aws_lambda_function.f", tags_all=few)), DEV)
    assert finding.message == "missing tags: LLD"


def policy(**statement: Any) -> dict[str, Any]:
    text = json.dumps({"Statement": [{"Effect": "Allow", **statement}]})
    return make_plan(created("aws_iam_role_policy.p", policy=text))


@pytest.mark.parametrize(
    ("statement", "count"),
    [
        ({"Action": "dynamodb:GetItem", "Resource": "arn:x"}, 0),
        ({"Action": "*", "Resource": "arn:x"}, 1),
        ({"Action": ["dynamodb:*"], "Resource": "*"}, 2),
        ({"NotAction": "iam:*", "Resource": "arn:x"}, 1),
        ({"Action": "dynamodb:GetItem", "Resource": ["*"]}, 1),
        ({"Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "Resource": "*"}, 0),
        ({"Action": "s3:GetObject", "Resource": "*", "Condition": {"Bool": {}}}, 0),
    ],
)
def test_wildcards_in_permissions_are_found(statement: dict[str, Any], count: int) -> None:
    assert [rule for rule, _ in found(policy(**statement))] == ["no-wildcard-iam"] * count


def test_trap_3_4_a_provider_that_takes_any_account_is_a_finding() -> None:
    plan = make_plan(configuration=configured(aws=aws(region=constant("eu-west-1"))))
    assert found(plan) == [("account-guard", "provider.aws")]


def test_a_provider_in_a_foreign_region_is_a_finding_and_us_east_1_is_not() -> None:
    accounts = constant(["536580886816"])
    plan = make_plan(
        configuration=configured(
            aws=aws(region={"references": ["var.region"]}, allowed_account_ids=accounts),
            **{"aws.dns": aws(region=constant("us-east-1"), allowed_account_ids=accounts)},
        ),
        variables={"region": {"value": "af-south-1"}},
    )
    assert found(plan) == [("region", "provider.aws")]


def test_trap_3_11_what_makes_a_mere_plan_run_code_is_flagged() -> None:
    plan = make_plan(
        created("terraform_data.x"),
        configuration=configured(
            {"address": "data.external.run", "mode": "data"},
            {
                "address": "terraform_data.x",
                "mode": "managed",
                "provisioners": [{"type": "local-exec"}],
            },
            evil={"name": "evil", "full_name": "registry.terraform.io/somebody/evil"},
        ),
    )
    assert found(plan) == [
        ("plan-runs-code", "data.external.run"),
        ("plan-runs-code", "provider.evil"),
        ("plan-runs-code", "terraform_data.x"),
    ]


def test_what_goes_is_not_judged() -> None:
    gone = created("aws_dynamodb_table.t")
    gone["change"].update(actions=["delete"], after=None, before={})
    assert house_findings(make_plan(gone), DEV) == ()


def test_findings_come_worst_first() -> None:
    plan = make_plan(created("aws_dynamodb_table.t", tags_all={}))
    severities = [finding.severity for finding in house_findings(plan, DEV)]
    assert severities == sorted(severities, reverse=True)
    assert all(isinstance(finding, Finding) for finding in house_findings(plan, DEV))

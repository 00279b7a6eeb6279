"""An empty account gets what it lacks, once, with roles that can do little."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from common.environments import Environment, environment
from common.errors import UsageProblemError
from infra.bootstrap import Account, carry_out, plan_bootstrap
from infra.role_policies import DESTROY_TAG
from infra.roles import ISSUER, pipeline_roles

DEV = environment("dev")
REPOSITORY = ("bbws/2_bbws_auth_lambda",)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.session.Session]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("MOTO_ACCOUNT_ID", DEV.account)
    with mock_aws():
        yield boto3.session.Session(region_name=DEV.region)


def bootstrap(
    session: boto3.session.Session,
    env: Environment = DEV,
    repositories: tuple[str, ...] = REPOSITORY,
) -> list[str]:
    account = Account(session)
    steps = plan_bootstrap(account, env, repositories)
    carry_out(account, steps, lambda _step: None, lambda _seconds: None)
    return [step.text for step in steps]


def test_a_second_run_has_nothing_to_do(session: boto3.session.Session) -> None:
    assert len(bootstrap(session)) > 15
    assert bootstrap(session) == []


def test_the_state_bucket_is_versioned_encrypted_private_and_tls_only(
    session: boto3.session.Session,
) -> None:
    bootstrap(session)
    s3, name = session.client("s3"), DEV.state_bucket
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    block = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert all(block.values())
    (statement,) = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize("alone", [False, True], ids=["list", "one object"])
def test_a_policy_that_is_there_keeps_its_statements(
    session: boto3.session.Session, alone: bool
) -> None:
    s3, name = session.client("s3"), DEV.artifact_bucket
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    own = {
        "Sid": "Own",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutBucketAcl",
        "Resource": "*",
    }
    policy = {"Statement": own if alone else [own]}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
    bootstrap(session)
    statements = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
    assert [statement["Sid"] for statement in statements] == ["Own", "TlsOnly", "ReadBySit"]


def test_tables_are_protected_and_recoverable(session: boto3.session.Session) -> None:
    bootstrap(session)
    dynamodb = session.client("dynamodb")
    for name, keys in ((DEV.lock_table, ["LockID"]), (DEV.ledger_table, ["pk", "sk"])):
        table = dynamodb.describe_table(TableName=name)["Table"]
        assert [key["AttributeName"] for key in table["KeySchema"]] == keys
        assert table["DeletionProtectionEnabled"] is True
        backups = dynamodb.describe_continuous_backups(TableName=name)
        recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"


def test_a_role_that_was_changed_by_hand_is_corrected(session: boto3.session.Session) -> None:
    bootstrap(session)
    role = "github-2_bbws_auth_lambda-dev"
    session.client("iam").delete_role_policy(RoleName=role, PolicyName="pipeline")
    assert bootstrap(session) == [f"role {role}: give its permissions"]


def test_trap_5_1_a_name_alone_never_replaces_a_trust_that_has_the_ids(
    session: boto3.session.Session,
) -> None:
    with_ids = ("bbws@12/2_bbws_auth_lambda@34",)
    bootstrap(session)
    corrected = [
        f"role github-2_bbws_auth_lambda-{kind}dev: correct who may assume it"
        for kind in ("", "plan-")
    ]
    assert bootstrap(session, repositories=with_ids) == corrected
    assert bootstrap(session) == []
    assert bootstrap(session, repositories=("bbws@12/2_bbws_auth_lambda@35",)) == corrected


def statements(env: str, which: int = 0) -> list[dict[str, Any]]:
    role = pipeline_roles(environment(env), REPOSITORY)[which]
    found: list[dict[str, Any]] = role.policy["Statement"]
    return found


@pytest.mark.parametrize("env", ["dev", "sit", "prod"])
def test_a_role_trusts_one_exact_subject(env: str) -> None:
    role = pipeline_roles(environment(env), REPOSITORY)[0]
    (statement,) = role.trust["Statement"]
    assert statement["Condition"] == {
        "StringEquals": {
            f"{ISSUER}:aud": "sts.amazonaws.com",
            f"{ISSUER}:sub": f"repo:bbws/2_bbws_auth_lambda:environment:{env}",
        }
    }


def test_subjects_with_immutable_ids_are_written_as_github_sends_them() -> None:
    role = pipeline_roles(DEV, ("bbws@12/2_bbws_auth_lambda@34",))[0]
    subject = role.trust["Statement"][0]["Condition"]["StringEquals"][f"{ISSUER}:sub"]
    assert subject == "repo:bbws@12/2_bbws_auth_lambda@34:environment:dev"
    assert role.name == "github-2_bbws_auth_lambda-dev"


@pytest.mark.parametrize("repository", ["auth", "a/b/c", "bbws@*/x", "bbws/*", "bbws/x@y", ""])
def test_a_repository_that_could_match_others_is_refused(repository: str) -> None:
    with pytest.raises(UsageProblemError):
        pipeline_roles(DEV, (repository,))


def test_trap_3_11_pull_requests_plan_with_a_role_that_reads_and_only_in_dev() -> None:
    assert len(pipeline_roles(DEV, REPOSITORY)) == 2
    assert len(pipeline_roles(environment("prod"), REPOSITORY)) == 1
    reading = ("Get", "List", "Describe", "GET", "Test")
    for statement in statements("dev", 1):
        if statement["Sid"].startswith("LockState"):
            continue
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            assert action.partition(":")[2].startswith(reading), action
    values = json.dumps(statements("dev", 1))
    assert "GetSecretValue" not in values
    assert '"secretsmanager:Get*"' not in values


@pytest.mark.parametrize("env", ["sit", "prod"])
def test_data_is_never_destroyed_above_dev_without_a_tag_set_by_hand(env: str) -> None:
    (denial,) = [s for s in statements(env) if s["Sid"] == "NeverDestroyData"]
    assert denial["Effect"] == "Deny"
    assert {"dynamodb:DeleteTable", "s3:DeleteBucket"} <= set(denial["Action"])
    assert denial["Condition"] == {"StringNotEquals": {f"aws:PrincipalTag/{DESTROY_TAG}": "true"}}


@pytest.mark.parametrize("env", ["dev", "sit", "prod"])
def test_no_pipeline_can_change_its_own_power(env: str) -> None:
    (denial,) = [s for s in statements(env) if s["Sid"] == "NeverItsOwnPower"]
    assert denial["Action"] == "iam:*"
    assert f"arn:aws:iam::{environment(env).account}:role/github-*" in denial["Resource"]


@pytest.mark.parametrize("env", ["dev", "sit", "prod"])
def test_inline_policies_fit_into_what_iam_takes(env: str) -> None:
    for role in pipeline_roles(environment(env), REPOSITORY):
        assert len(json.dumps(role.policy, separators=(",", ":"))) < 10_240

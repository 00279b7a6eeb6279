"""Seals and locks in the state bucket and the lock table."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from common.environments import environment
from common.errors import RefusedError, UsageProblemError
from infra.backend import Backend, backend_for
from infra.locks import Activity, Lock, Locks, age_text, explain, local_activity
from infra.unlocking import activity_of, repair_checksum, unlock
from infra.vault import Vault

DEV = environment("dev")
KEY = "2_bbws_auth_lambda/terraform.tfstate"
BACKEND: Backend = backend_for(DEV, KEY, (1, 11))
INFO = {
    "ID": "b9f6c3a2-0000-1111-2222-333344445555",
    "Operation": "OperationTypeApply",
    "Who": "ann@elsewhere",
    "Created": "2026-09-01T12:00:00.123456789Z",
}
NOW = datetime(2026, 9, 1, 12, 30, tzinfo=UTC)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.session.Session]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        session = boto3.session.Session(region_name=DEV.region)
        session.client("s3").create_bucket(
            Bucket=DEV.state_bucket, CreateBucketConfiguration={"LocationConstraint": DEV.region}
        )
        session.client("s3").put_bucket_versioning(
            Bucket=DEV.state_bucket, VersioningConfiguration={"Status": "Enabled"}
        )
        session.client("dynamodb").create_table(
            TableName=DEV.lock_table,
            KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield session


@pytest.fixture
def vault(session: boto3.session.Session) -> Vault:
    return Vault(session, DEV.state_bucket, KEY)


def site_of(session: boto3.session.Session, vault: Vault) -> Any:
    """As much of a site as locks need."""
    return SimpleNamespace(
        locks=lambda: Locks(session, BACKEND),
        vault=lambda: vault,
        backend=BACKEND,
        environment=DEV,
        repository="2_bbws_auth_lambda",
        command="--env dev",
        folder=SimpleNamespace(path=Path("/nowhere")),
        now=lambda: NOW,
    )


def hold(session: boto3.session.Session, **changes: str) -> None:
    """Take both locks as Terraform does."""
    info = json.dumps({**INFO, **changes})
    session.client("s3").put_object(Bucket=DEV.state_bucket, Key=f"{KEY}.tflock", Body=info)
    session.client("dynamodb").put_item(
        TableName=DEV.lock_table,
        Item={"LockID": {"S": f"{DEV.state_bucket}/{KEY}"}, "Info": {"S": info}},
    )


# --- seals ---------------------------------------------------------------------------------------


def test_trap_3_1_a_seal_is_taken_once(vault: Vault) -> None:
    vault.claim("s" * 64, {"by": "ann", "host": "here", "at": "noon"})
    with pytest.raises(RefusedError, match="by ann on here at noon"):
        vault.claim("s" * 64, {"by": "bob"})
    claim = vault.claim_of("s" * 64)
    assert claim is not None
    assert claim["by"] == "ann"


def test_trap_3_2_a_new_plan_removes_what_was_handed_over_before(vault: Vault) -> None:
    vault.register({"seal": "one"})
    assert vault.send("one", b"plan").endswith("/plans/one.tfplan")
    vault.register({"seal": "two"})
    assert vault.fetch("one") is None
    assert vault.registered() == {"seal": "two"}


def test_trap_3_5_a_parcel_is_encrypted_and_leaves_no_version_behind(
    session: boto3.session.Session, vault: Vault
) -> None:
    vault.send("one", b"plan")
    s3, key = session.client("s3"), "2_bbws_auth_lambda/plans/one.tfplan"
    head = s3.head_object(Bucket=DEV.state_bucket, Key=key)
    assert head["ServerSideEncryption"] == "AES256"
    vault.drop("one")
    assert "Versions" not in s3.list_object_versions(Bucket=DEV.state_bucket, Prefix=key)
    vault.drop("one")


def test_trap_3_11_a_role_that_only_reads_makes_plans_for_review_only(
    session: boto3.session.Session, vault: Vault
) -> None:
    denial = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "*"}
    session.client("s3").put_bucket_policy(
        Bucket=DEV.state_bucket, Policy=json.dumps({"Statement": [denial]})
    )
    assert vault.register({"seal": "one"}) is False


def test_a_state_that_is_not_there_is_none(vault: Vault) -> None:
    assert vault.state() is None
    assert vault.registered() is None


# --- locks ---------------------------------------------------------------------------------------


def test_trap_3_9_a_lock_says_who_when_and_how_to_break_it(session: boto3.session.Session) -> None:
    assert Locks(session, BACKEND).held() == []
    hold(session)
    held = Locks(session, BACKEND).held()
    message, hint = explain(held, "terraform_cli.py unlock --env dev", NOW)
    assert message == (
        "the state is locked by ann@elsewhere since 2026-09-01 12:00:00 UTC (29 min ago, Apply; "
        f"ID {INFO['ID']}; lock file and lock table)"
    )
    assert hint.endswith(f"terraform_cli.py unlock --env dev --lock-id {INFO['ID']}")


def test_a_lock_that_changed_hands_is_not_broken(session: boto3.session.Session) -> None:
    hold(session)
    locks = Locks(session, BACKEND)
    before = locks.held()
    hold(session, ID="another")
    for lock in before:
        with pytest.raises(RefusedError, match="somebody else"):
            locks.break_(lock)
    assert len(locks.held()) == 2


@pytest.mark.parametrize("info", ["", "no json", "[]", '{"ID": 3, "Created": "yesterday"}'])
def test_a_lock_with_strange_contents_is_still_a_lock(
    session: boto3.session.Session, info: str
) -> None:
    session.client("s3").put_object(Bucket=DEV.state_bucket, Key=f"{KEY}.tflock", Body=info)
    (lock,) = Locks(session, BACKEND).held()
    assert lock.place == "file"


def test_unlock_is_refused_by_age_and_works_for_exactly_that_id(
    session: boto3.session.Session, vault: Vault
) -> None:
    hold(session)
    site = site_of(session, vault)
    with pytest.raises(UsageProblemError, match="no lock has the ID"):
        unlock(site, "something-else")
    with pytest.raises(RefusedError, match="younger than 1 h 0 min, and its run is unknown"):
        unlock(site, INFO["ID"])
    assert "would break" in unlock(site, INFO["ID"], min_age=timedelta(minutes=20), dry_run=True)
    assert len(site.locks().held()) == 2
    unlock(site, INFO["ID"], min_age=timedelta(minutes=20))
    assert site.locks().held() == []


@pytest.mark.parametrize(
    ("status", "activity"),
    [
        ("in_progress", Activity.ACTIVE),
        ("queued", Activity.ACTIVE),
        ("completed", Activity.ENDED),
        (None, Activity.UNKNOWN),
    ],
)
def test_a_holder_in_a_github_run_is_as_alive_as_the_run(
    session: boto3.session.Session, vault: Vault, status: str | None, activity: Activity
) -> None:
    hold(session)
    vault.register({"seal": "s"})
    vault.claim("s", {"host": "elsewhere", "run": {"repository": "bbws/x", "id": "7"}})
    site = site_of(session, vault)
    (lock, _) = site.locks().held()
    assert activity_of(site, lock, lambda _run: status) is activity


def test_a_holder_on_this_machine_without_a_process_has_ended() -> None:
    here = Lock("i", "Apply", f"ann@{socket.gethostname()}", NOW, "file", "")
    assert local_activity(here, Path("/nowhere")) is Activity.ENDED
    away = Lock("i", "Apply", "ann@elsewhere", NOW, "file", "")
    assert local_activity(away, Path("/nowhere")) is Activity.UNKNOWN


def test_a_checksum_is_repaired_only_while_nobody_works(
    session: boto3.session.Session, vault: Vault
) -> None:
    site = site_of(session, vault)
    assert "nothing to repair" in repair_checksum(site)
    session.client("s3").put_object(Bucket=DEV.state_bucket, Key=KEY, Body=b'{"serial": 1}')
    hold(session)
    with pytest.raises(RefusedError, match="locked"):
        repair_checksum(site)
    for lock in site.locks().held():
        site.locks().break_(lock)
    assert "would write" in repair_checksum(site, dry_run=True)
    assert "repaired" in repair_checksum(site)
    assert "nothing to repair" in repair_checksum(site)


@pytest.mark.parametrize(
    ("seconds", "text"), [(5, "5 s"), (61, "1 min"), (3 * 3600 + 300, "3 h 5 min")]
)
def test_ages_are_readable(seconds: int, text: str) -> None:
    assert age_text(timedelta(seconds=seconds)) == text

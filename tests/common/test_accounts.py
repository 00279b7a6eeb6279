from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from common.accounts import open_session
from common.audit import audit_path
from common.environments import environment
from common.errors import RefusedError, UnavailableError


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """An AWS whose account is dev's; yields the names of the calls that were made."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "536580886816")
    with mock_aws():
        yield recorded_calls(monkeypatch)


def recorded_calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    calls: list[str] = []
    original = boto3.session.Session.client

    def client(self: Any, *args: Any, **kwargs: Any) -> Any:
        made = original(self, *args, **kwargs)
        made.meta.events.register("before-call.*.*", lambda model, **_: calls.append(model.name))
        return made

    monkeypatch.setattr(boto3.session.Session, "client", client)
    return calls


def audited() -> list[dict[str, Any]]:
    return [json.loads(line) for line in audit_path().read_text().splitlines()]


def test_right_account_gives_a_session_and_an_audit_line(aws: list[str]) -> None:
    opened = open_session(environment("dev"))
    assert opened.session.region_name == "eu-west-1"
    assert aws == ["GetCallerIdentity"]
    assert [(e["outcome"], e["environment"]) for e in audited()] == [("passed", "dev")]


def test_trap_3_4_wrong_account_is_refused_before_any_other_call(aws: list[str]) -> None:
    with pytest.raises(RefusedError, match="account 536580886816, but sit is account 815856636111"):
        open_session(environment("sit"))
    assert aws == ["GetCallerIdentity"]
    assert [e["outcome"] for e in audited()] == ["refused"]


def test_wrong_region_is_refused_before_any_call(
    aws: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "af-south-1")
    with pytest.raises(RefusedError, match="af-south-1"):
        open_session(environment("dev"))
    assert aws == []
    assert [e["event"] for e in audited()] == ["region-validation"]


def test_no_credentials_says_what_to_do() -> None:
    with pytest.raises(UnavailableError, match="no AWS identity") as caught:
        open_session(environment("dev"))
    assert "AWS_PROFILE" in (caught.value.hint or "")


def test_unknown_profile_says_which() -> None:
    with pytest.raises(UnavailableError, match="no AWS profile 'nobody'"):
        open_session(environment("dev"), profile="nobody")


def test_environment_profile_is_used_where_nothing_else_was_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "credentials"
    config.write_text("[Tebogo-dev]\naws_access_key_id=testing\naws_secret_access_key=testing\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(config))
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "536580886816")
    with mock_aws(config={"core": {"mock_credentials": False}}):
        assert open_session(environment("dev")).session.profile_name == "Tebogo-dev"


def test_what_cannot_be_audited_does_not_go_on(
    aws: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BBWS_AUDIT_LOG", str(tmp_path / "file" / "audit.jsonl"))
    with pytest.raises(UnavailableError, match="audit log"):
        open_session(environment("dev"))

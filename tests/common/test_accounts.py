from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
import pytest
from moto import mock_aws

from common.accounts import _session, open_session, profile_of
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


@contextmanager
def answering(body: bytes) -> Iterator[str]:
    """A server that answers every request with `body`; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            serving.join()


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


ROLE = {"AWS_ROLE_ARN": "arn:aws:iam::536580886816:role/job"}


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials of dev's profile, and of one of the user's own."""
    config = tmp_path / "credentials"
    keys = "aws_access_key_id={}\naws_secret_access_key=testing\n"
    config.write_text(f"[Tebogo-dev]\n{keys.format('dev')}[mine]\n{keys.format('mine')}")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(config))


@pytest.mark.parametrize(
    ("settings", "used"),
    [
        ({}, "dev"),
        ({"AWS_ACCESS_KEY_ID": ""}, "dev"),
        ({"AWS_PROFILE": "mine"}, "mine"),
        ({"AWS_DEFAULT_PROFILE": "mine"}, "mine"),
        ({"AWS_PROFILE": "mine", "AWS_ACCESS_KEY_ID": "keys"}, "keys"),
        ({"AWS_ACCESS_KEY_ID": "keys"}, "keys"),
    ],
)
def test_credentials_are_those_of_boto3s_own_chain(
    profiles: None, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], used: str
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    session = _session(environment("dev"), None)
    assert session.get_credentials().access_key == used
    assert profile_of(session) == {"dev": "Tebogo-dev", "keys": None}.get(used, used)


def test_a_profile_that_was_asked_for_comes_before_keys(
    profiles: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "keys")
    session = _session(environment("dev"), "mine")
    assert (session.get_credentials().access_key, profile_of(session)) == ("mine", "mine")


@pytest.mark.parametrize(
    "settings",
    [
        {"AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token", **ROLE},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/"},
    ],
)
def test_trap_3_4_an_identity_of_the_job_is_not_replaced_by_a_profile_that_is_there(
    profiles: None, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert _session(environment("dev"), None).profile_name == "default"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"AWS_ENDPOINT_URL": "notaurl"}, "Invalid endpoint: notaurl"),
        ({"AWS_ENDPOINT_URL": "https://[bad"}, "Invalid IPv6 URL"),
        ({"AWS_MAX_ATTEMPTS": "many"}, "invalid literal"),
        ({"AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00"}, "offset-naive"),
        ({"AWS_CREDENTIAL_EXPIRATION": "soon"}, "Unknown string format"),
        ({"AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z"}, "expired"),
        ({"AWS_CONFIG_FILE": "broken"}, "Unable to parse config file"),
        (
            {"AWS_ACCESS_KEY_ID": "", "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere", **ROLE},
            "No such file",
        ),
    ],
)
def test_settings_that_boto3_cannot_read_are_one_line_and_audited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("broken").write_text("no [[ section")
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    for name, value in {**keys, **settings}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UnavailableError, match=said) as caught:
        open_session(environment("dev"))
    assert "\n" not in caught.value.message
    (line,) = audited()
    assert (line["outcome"], line["reason"]) == ("failed", caught.value.message)


@pytest.mark.parametrize("answer", [b"<html>sign in</html>", b"no XML", b""])
def test_an_answer_that_is_not_of_sts_is_no_identity(
    monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with answering(answer) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        with pytest.raises(UnavailableError, match="something that is no identity"):
            open_session(environment("dev"))
    assert [line["outcome"] for line in audited()] == ["failed"]


def test_a_region_that_is_no_text_is_refused_and_audited() -> None:
    with pytest.raises(RefusedError):
        open_session(environment("dev"), region="\udcff")
    assert [line["region"] for line in audited()] == ["\udcff"]


def test_what_cannot_be_audited_does_not_go_on(
    aws: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BBWS_AUDIT_LOG", str(tmp_path / "file" / "audit.jsonl"))
    with pytest.raises(UnavailableError, match="audit log"):
        open_session(environment("dev"))

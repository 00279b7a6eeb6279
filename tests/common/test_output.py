from __future__ import annotations

import io
import json
import time

import pytest

from common.boundary import Cli
from common.masking import mask, register
from common.output import emit, table, warn
from common.progress import step


def test_json_output_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    emit({"name": "Zoë"}, "json", lambda: "unused")
    assert json.loads(capsys.readouterr().out) == {"name": "Zoë"}


def test_text_output_is_what_was_rendered(capsys: pytest.CaptureFixture[str]) -> None:
    emit({}, "text", lambda: "for people")
    assert capsys.readouterr().out == "for people\n"


def test_table_is_plain_text_when_piped() -> None:
    text = table(("name", "count"), [("a [b]", 1), ("c", None)])
    assert text.splitlines()[0].split() == ["name", "count"]
    assert "a [b]" in text
    assert "\x1b" not in text


def test_step_says_how_it_ended(capsys: pytest.CaptureFixture[str]) -> None:
    with step("installing"):
        pass
    with pytest.raises(ValueError, match="no"), step("breaking"):
        raise ValueError("no")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "✓ installing (" in captured.err
    assert "✗ breaking (" in captured.err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("settings", "coloured"),
    [
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb", "NO_COLOR": ""}, False),
    ],
)
def test_a_terminal_that_wants_no_colour_gets_none(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], coloured: bool
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    warn("careful")
    with pytest.raises(SystemExit):
        Cli("tool").main(["nothing"])
    with step("working"):
        pass
    shown = screen.getvalue()
    assert all(word in shown for word in ("warning: ", "error: ", "hint: ", "working"))
    assert ("\x1b[" in shown) is coloured


@pytest.mark.parametrize(
    "secret",
    [
        "AKIA" + "A" * 16,
        "ghp_" + "x" * 36,
        "github_pat_" + "y" * 30,
        "eyJhbGciOiJI." + "eyJzdWIiOiIx" + ".c2lnbmF0dXJl",
    ],
)
def test_credentials_are_masked_by_their_shape(secret: str) -> None:
    assert secret not in mask(f"got {secret} there")


def test_registered_values_are_masked() -> None:
    register("correct horse")
    assert mask("the correct horse battery") == "the *** battery"


@pytest.mark.parametrize(
    "line", ["password=hunter22", 'api_key: "abcdef123"', "SECRET_TOKEN = zzzzzzz"]
)
def test_assigned_secrets_are_masked(line: str) -> None:
    assert mask(line).rstrip('"').endswith("***")


@pytest.mark.parametrize(
    "line",
    [
        "GITHUB_TOKEN=%s",
        "DB_PASSWORD=%s",
        "aws_session_token=%s",
        "AWS_SESSION_TOKEN = '%s'",
        "client_secret=%s",
        "PASSWORD_ADMIN=%s",
        'export PGPASSWORD="%s"',
        '{"password": "%s"}',
        '{"SecretAccessKey":"%s","x":1}',
        '{\\"SecretString\\": \\"%s\\"}',
        "{'x-api-key': b'%s'}",
        "at once: password=%s",
        "secrets:\n  DB_PASSWORD: %s",
        "Authorization: Bearer %s",
        "'Authorization': 'Basic %s'",
        "Authorization: token=%s",
        "https://%s@host/x.git",
        "https://me:%s@host/x.git",  # pragma: allowlist secret
        "postgres://:%s@host/x",
        'password = "old-one-1" -> "%s"',  # pragma: allowlist secret
        'password = "%s" -> "new-one-1"',
    ],
)
def test_a_secret_is_masked_wherever_its_name_or_place_shows_it(line: str) -> None:
    masked = mask(line % "abcdef123456789")
    assert "abcdef" not in masked
    assert "***" in masked


def test_a_quoted_secret_is_masked_to_its_end() -> None:
    line = '{"password": "%s", "user": "me"}'
    assert mask(line % 'a, b\\"; c') == line % "***"


@pytest.mark.parametrize(
    "line",
    [
        "token_count=1234567",
        "max_tokens: 1280000",
        '"nextToken": null',
        "id-token: write",
        "secret: arn:aws:secretsmanager:eu-west-1:536580886816:secret:bbws/auth",
        "secretName: bbws/auth/prod",
        "SecretARN=some-thing-else",
        "SECRET_NAME=bbws/auth/prod",
        'password_policy = "strict-one"',  # pragma: allowlist secret
        "token: ${GITHUB_TOKEN}",
        "PWD=/home/someone/work",
        "ssh://git@github.com/bbws/x.git",
        'authorization = "COGNITO_USER_POOLS"',
        "basic authentication and bearer authentication",
        '"https://example.com","mail":1,"to":"me"',
        "secrets: inherit",
    ],
)
def test_what_is_no_secret_stays_readable(line: str) -> None:
    assert mask(line) == line


def test_a_registered_value_is_masked_escaped_too() -> None:
    register("first-line\nsecond-line")
    assert mask(repr("x first-line\nsecond-line")) == "'x ***'"


@pytest.mark.parametrize(
    "unit",
    [
        "-eyJ",
        "a_",
        "token",
        "token ",
        "://",
        "://a:",
        "password=",
        'token"',
        "\\",
        "ab:@",
        "basic ",
    ],
)
def test_masking_takes_time_linear_in_the_text(unit: str) -> None:
    text = "password=" + unit * (100_000 // len(unit))
    started = time.process_time()
    mask(text)
    assert time.process_time() - started < 5  # tenths of a second; a square of it takes minutes


def test_credentials_in_an_address_are_masked() -> None:
    assert mask("https://me:pass@example.com/x") == "https://***@example.com/x"
    assert mask("https://me:p@ss@example.com/x") == "https://***@example.com/x"

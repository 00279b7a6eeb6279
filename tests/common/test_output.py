from __future__ import annotations

import json

import pytest

from common.masking import mask, register
from common.output import emit, table
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


def test_credentials_in_an_address_are_masked() -> None:
    assert mask("https://me:pass@example.com/x") == "https://***@example.com/x"

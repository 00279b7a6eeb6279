"""Terraform's answers are read whatever stands around them."""

from __future__ import annotations

import json

import pytest

from common.errors import UnavailableError
from infra.answers import Messages, parse_json, read_messages

WARNING = (
    "\nWarning: Deprecated Parameter\n\nThe parameter [dynamodb_table] is deprecated {really}.\n"
)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1}',
        f'{WARNING}{{"a": 1}}',
        f'{{"a": 1}}\n{WARNING}',
        f'{WARNING}  {{\n "a": 1\n}}\n{WARNING}',
    ],
    ids=["alone", "after a warning", "before one", "between two"],
)
def test_trap_3_10_warnings_on_standard_output_do_not_break_the_json(text: str) -> None:
    assert parse_json(text, "terraform output") == {"a": 1}


def test_no_json_is_an_error_that_shows_what_came_instead() -> None:
    with pytest.raises(UnavailableError, match="gave no JSON but: Error: no such thing"):
        parse_json("Error: no such thing", "terraform output")


def diagnostic(severity: str, summary: str, detail: str = "") -> str:
    body = {"severity": severity, "summary": summary, "detail": detail}
    return json.dumps({"type": "diagnostic", "diagnostic": body})


def test_the_known_deprecation_is_not_shown_and_other_warnings_are() -> None:
    messages = Messages()
    assert messages.take(diagnostic("warning", "Deprecated", '"dynamodb_table" is old')) is None
    assert (
        messages.take(diagnostic("warning", "Careful", "with that"))
        == "warning: Careful\nwith that"
    )
    assert [entry.summary for entry in messages.warnings] == ["Careful"]


def test_what_was_created_is_remembered_with_its_id() -> None:
    hook = {"resource": {"addr": "a.b"}, "action": "create", "id_key": "id", "id_value": "i-1"}
    messages = read_messages(
        [json.dumps({"type": "apply_complete", "hook": hook}), "", "panic: oh"]
    )
    assert messages.created == {"a.b": "i-1"}
    assert messages.finished == ["a.b"]
    assert messages.other == ["panic: oh"]


def test_secrets_in_a_diagnostic_are_masked() -> None:
    messages = read_messages([diagnostic("error", "Bad", "password=hunter2hunter2")])
    assert "hunter2" not in str(messages.errors[0])

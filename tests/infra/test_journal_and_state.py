"""What a killed apply left behind, and the state shown without its secrets."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from common.errors import UsageProblemError
from infra import journal
from infra.folder import Folder
from infra.journal import addresses
from infra.state_actions import StateOptions, Verb, check, masked_state

STATE = {
    "outputs": {"key": {"value": "abc", "sensitive": True}, "url": {"value": "u"}},
    "resources": [
        {"mode": "data", "type": "aws_region", "name": "now", "instances": [{}]},
        {
            "mode": "managed",
            "module": "module.db",
            "type": "aws_db_instance",
            "name": "main",
            "instances": [
                {
                    "index_key": "a",
                    "attributes": {"name": "n", "password": "p", "users": [{"token": "t"}]},
                    "sensitive_attributes": [
                        [{"type": "get_attr", "value": "password"}],
                        [
                            {"type": "get_attr", "value": "users"},
                            {"type": "index", "value": {"value": 0, "type": "number"}},
                            {"type": "get_attr", "value": "token"},
                        ],
                        [{"type": "get_attr", "value": "gone"}],
                    ],
                    "private": "cGFzc3dvcmQ=",
                },
                {"index_key": 1},
            ],
        },
    ],
}


def test_addresses_are_written_as_terraform_writes_them() -> None:
    assert addresses(STATE) == {
        'module.db.aws_db_instance.main["a"]',
        "module.db.aws_db_instance.main[1]",
    }
    assert addresses(None) == set()


def test_a_pulled_state_shows_no_secret() -> None:
    shown = json.dumps(masked_state(json.loads(json.dumps(STATE))))
    assert '"abc"' not in shown
    assert '"password": "(sensitive)"' in shown
    assert '"token": "(sensitive)"' in shown
    assert "cGFzc3dvcmQ=" not in shown
    assert '"url": {"value": "u"}' in shown


def killed_apply(tmp_path: Path, *lines: dict[str, Any], journal_text: str | None = None) -> Any:
    folder = Folder(tmp_path, "dev")
    folder.prepare()
    text = json.dumps({"at": "noon", "by": "ann", "terraform": 999_999_999})
    folder.journal_file.write_text(text if journal_text is None else journal_text)
    folder.apply_log.write_text("\n".join(map(json.dumps, lines)))
    return SimpleNamespace(folder=folder, vault=lambda: SimpleNamespace(state=lambda: STATE))


def complete(address: str, identifier: str) -> dict[str, Any]:
    hook = {"resource": {"addr": address}, "action": "create", "id_value": identifier}
    return {"type": "apply_complete", "hook": hook}


def test_what_was_created_and_is_in_no_state_is_named_with_the_command_to_import_it(
    tmp_path: Path,
) -> None:
    known = complete("module.db.aws_db_instance.main[1]", "db-1")
    site = killed_apply(tmp_path, known, complete("aws_sns_topic.new", "arn:x"))
    left = journal.leftover(site)
    assert left is not None
    assert left.lines("--env dev") == [
        "an apply started at noon by ann never ended properly; 2 changes are in its log",
        "aws_sns_topic.new was created but is not in the state; before you apply: "
        "terraform_cli.py state --env dev --action import "
        "--address 'aws_sns_topic.new' --id 'arn:x'",
    ]


def test_a_journal_cut_short_is_still_told(tmp_path: Path) -> None:
    left = journal.leftover(killed_apply(tmp_path, journal_text='{"at": "no'))
    assert left is not None
    assert "an unknown time" in left.lines("")[0]


def test_nothing_is_left_after_an_apply_that_ended(tmp_path: Path) -> None:
    site = killed_apply(tmp_path)
    journal.clear(site.folder)
    assert journal.leftover(site) is None


@pytest.mark.parametrize(
    "options",
    [
        StateOptions(Verb.SHOW),
        StateOptions(Verb.MOVE, ("a.b",)),
        StateOptions(Verb.REMOVE),
        StateOptions(Verb.IMPORT, ("a.b",)),
        StateOptions(Verb.LIST, to="a.b"),
        StateOptions(Verb.IMPORT, ("a.b",), id="-var=x"),
        StateOptions(Verb.REMOVE, ("-lock=false",)),
    ],
    ids=["show", "mv", "rm", "import", "list with --to", "id as a flag", "address as a flag"],
)
def test_words_that_do_not_go_together_are_refused(options: StateOptions) -> None:
    with pytest.raises(UsageProblemError):
        check(options)

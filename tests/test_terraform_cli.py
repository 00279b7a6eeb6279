"""The command line of terraform_cli.py: what it refuses before anything happens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import terraform_cli
from infra.command_line import confirmation


def call(*words: str) -> Result:
    return CliRunner().invoke(terraform_cli.cli, list(words))


@pytest.fixture
def configuration(tmp_path: Path) -> str:
    path = tmp_path / "2_bbws_auth_lambda" / "terraform"
    path.mkdir(parents=True)
    (path / "main.tf").write_text('terraform {\n  backend "s3" {}\n}\n')
    return str(path)


@pytest.mark.parametrize(
    "env", [("--env", "prod"), ("--env", "prod-dr"), ("--env", "prod", "--dr")]
)
def test_destroy_is_blocked_in_prod_whatever_else_is_said(env: tuple[str, ...]) -> None:
    answer = call("destroy", *env, "--yes", "--path", "/nowhere")
    assert answer.exit_code == 3
    assert "destroy is blocked in prod" in answer.stderr


def test_the_refusal_is_in_the_audit_log(own_home: Path) -> None:
    call("destroy", "--env", "prod")
    log = own_home / ".local" / "state" / "bbws-devops" / "audit.jsonl"
    entry = json.loads(log.read_text().splitlines()[-1])
    assert (entry["event"], entry["outcome"]) == ("terraform-destroy", "refused")


def test_a_foreign_region_is_refused_before_any_call(configuration: str) -> None:
    answer = call("plan", "--env", "dev", "--region", "af-south-1", "--path", configuration)
    assert answer.exit_code == 3
    assert "never used in region 'af-south-1'" in answer.stderr


@pytest.mark.parametrize("command", ["init", "plan", "apply", "drift", "state", "output", "unlock"])
def test_a_folder_without_terraform_is_a_usage_problem(command: str, tmp_path: Path) -> None:
    answer = call(command, "--env", "dev", "--path", str(tmp_path), "-o", "json")
    assert answer.exit_code == 2
    assert json.loads(answer.stdout)["error"]["code"] == "usage"


@pytest.mark.parametrize("value", ["", "10", "m", "-5m", "1w", "9999999s"])
def test_a_duration_that_is_none_is_explained(value: str) -> None:
    answer = call("apply", "--env", "dev", "--max-age", value)
    assert answer.exit_code == 2
    assert "is no duration; write 90s, 30m, 12h or 2d" in answer.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("state", "--action", "mv", "--address", "a.b"),
        ("workspace", "--action", "select"),
        ("workspace", "--name", "x"),
        ("unlock", "--lock-id", "x", "--repair-checksum"),
    ],
    ids=["mv without --to", "select without --name", "list with --name", "two things"],
)
def test_options_that_do_not_go_together_are_usage_problems(
    words: tuple[str, ...], configuration: str
) -> None:
    answer = call(words[0], "--env", "dev", "--path", configuration, *words[1:])
    assert answer.exit_code == 2, answer.stderr


@pytest.mark.parametrize(("typed", "yes", "stdin", "agreed"), [
    (True, True, "destroy sit/x\n", True),
    (True, True, "y\n", False),
    (True, False, "", False),
    (False, True, "", True),
    (False, False, "y\n", True),
    (False, False, "n\n", False),
    (False, False, "", False),
])  # fmt: skip
def test_confirmation_is_typed_where_it_must_be_and_absent_people_refuse(
    typed: bool, yes: bool, stdin: str, agreed: bool
) -> None:
    import click

    heard: list[Any] = []

    @click.command()
    def ask() -> None:
        heard.append(confirmation(yes=yes)("destroy sit/x", typed))

    CliRunner().invoke(ask, input=stdin)
    assert heard == [agreed]

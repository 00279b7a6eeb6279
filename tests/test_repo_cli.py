"""What callers of repo_cli rely on: exit codes, one JSON document, and a result on stdout alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from common.github_retry import Limits
from repo_cli import cli
from tests.repository.house import NAME, PATH, House, gated, house, made, prepared

__all__ = ["gated", "house", "made", "prepared"]

LIMITS = Limits(attempts=1, connect=1)
COMMANDS = {
    "create": (),
    "configure": ("--environments",),
    "secrets": ("--env", "dev"),
    "branches": ("--protect", "main"),
    "webhooks": (),
    "clone": (),
    "status": (),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_token_nothing_works_and_that_is_said(command: str) -> None:
    words = [command, "--name", NAME, *COMMANDS[command]]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 4
    assert result.stdout == ""
    assert "there is no GitHub token" in result.stderr
    assert "set GITHUB_TOKEN" in result.stderr


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "clone"])
def test_json_is_one_document_with_the_verdict_first(gated: House, command: str) -> None:
    result = gated.on(command, *COMMANDS[command], "--output", "json")
    assert result.exit_code == 0, result.stderr
    assert next(iter(json.loads(result.stdout))) == "ok"


def test_an_api_that_is_not_there_is_exit_4(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "a-token-of-the-tests")
    monkeypatch.setenv("GITHUB_API_URL", "https://127.0.0.1:1")
    words = ["webhooks", "--name", NAME, "--url", "https://x.org", "-o", "json"]
    from common import github

    monkeypatch.setattr(github, "Limits", lambda: LIMITS)
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 4
    assert "connection lost or refused" in json.loads(result.stdout)["error"]["message"]


def test_an_api_in_the_clear_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "a-token-of-the-tests")
    monkeypatch.setenv("GITHUB_API_URL", "http://github.example.org")
    result = CliRunner().invoke(cli, ["status", "--name", NAME])
    assert result.exit_code == 2
    assert "is not https" in result.stderr


def test_progress_goes_to_stderr_and_the_result_to_stdout(made: House) -> None:
    result = made.on("configure", "--environments", "-o", "json")
    assert json.loads(result.stdout)["ok"] is True
    assert "create environment prod" in result.stderr


def test_configure_wants_to_know_what(house: House) -> None:
    result = house.on("configure")
    assert result.exit_code == 2
    assert "--environments" in result.stderr


def test_secrets_takes_one_purpose_at_a_time(house: House) -> None:
    result = house.on("secrets", "--env", "dev", "--list", "--preflight")
    assert result.exit_code == 2
    assert "do not go together" in result.stderr


def test_an_environment_nobody_knows_lists_the_known_ones(house: House) -> None:
    result = house.on("secrets", "--env", "qa")
    assert result.exit_code == 2
    assert "dev, sit, prod-business-owner, prod-tech-lead, prod" in result.stderr


def test_clone_keeps_no_token(made: House, tmp_path: Path) -> None:
    result = made.on("clone", "--path", "here")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == "here\n"
    config = (tmp_path / "here" / ".git" / "config").read_text()
    assert f"url = {made.server.url}/bbws/{NAME}.git" in config
    again = made.on("clone", "--path", "here")
    assert again.exit_code == 3


def test_the_documented_order_of_skill_1_works_as_written(house: House) -> None:
    house.store.settings["minute_seconds"] = 0
    for words in (
        ("create", "--name", NAME, "--org", "bbws"),
        ("configure", "--name", NAME, "--environments"),
        ("secrets", "--name", NAME, "--env", "dev"),
        ("secrets", "--name", NAME, "--env", "sit"),
        ("secrets", "--name", NAME, "--env", "prod"),
        ("branches", "--name", NAME, "--protect", "main"),
    ):
        result = house.run(*words)
        assert result.exit_code == 0, result.stderr
    assert house.connect().get(f"{PATH}/environments/prod")["can_admins_bypass"] is False


def test_a_design_that_is_not_there_is_explained(house: House) -> None:
    result = house.run("setup-from-lld", "--lld", "nowhere.md", "--org", "bbws")
    assert result.exit_code in {2, 4}
    assert "nowhere.md" in result.stderr
    assert house.server.requests == []

"""`pipeline_cli.py` on the command line: exact output and exit code together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipeline_cli import cli
from pipelines.generation.build import Pipeline
from tests.support.files import read_tree


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "2_bbws_auth_lambda"
    folder.mkdir()
    return folder


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def test_a_pipeline_is_created_and_a_second_run_changes_nothing(repository: Path) -> None:
    first = run("create-ci", "--repo", repository)
    before = read_tree(repository)
    second = run("create-ci", "--repo", repository)
    assert (first.exit_code, first.stdout) == (0, "create     .github/workflows/ci.yml\n")
    assert (second.exit_code, second.stdout) == (0, "identical  .github/workflows/ci.yml\n")
    assert read_tree(repository) == before


@pytest.mark.parametrize(
    ("words", "files"),
    [
        (["create-deploy", "--env", "dev"], ["ci.yml", "deploy-dev.yml"]),
        (["create-promote", "--env", "sit"], ["promote-sit.yml"]),
        (["create-promote", "--env", "prod"], ["promote-prod.yml"]),
        (["create-rollback"], ["rollback.yml"]),
        (["create-release"], ["release.yml"]),
        (["create-all"], sorted(one.value for one in Pipeline)),
    ],
    ids=lambda value: " ".join(value),
)
def test_each_command_writes_its_workflow_and_what_it_calls(
    repository: Path, words: list[str], files: list[str]
) -> None:
    assert run(*words, "--repo", repository).exit_code == 0
    written = sorted(path.name for path in (repository / ".github/workflows").iterdir())
    assert written == files


@pytest.mark.parametrize("env", ["sit", "prod"])
def test_sit_and_prod_are_promoted_to_never_deployed_to(repository: Path, env: str) -> None:
    result = run("create-deploy", "--repo", repository, "--env", env, "-o", "json")
    assert result.exit_code == 3
    error = json.loads(result.stdout)["error"]
    assert error["code"] == "refused"
    assert "promotion only" in error["message"]
    assert read_tree(repository) == {}


@pytest.mark.parametrize("flag", ["--dry-run", "--check"])
def test_a_dry_run_writes_nothing(repository: Path, flag: str) -> None:
    result = run("create-all", "--repo", repository, flag, "-o", "json")
    data = json.loads(result.stdout)
    assert {file["verb"] for file in data["files"]} == {"create"}
    assert result.exit_code == (1 if flag == "--check" else 0)
    assert read_tree(repository) == {}


def test_an_update_keeps_what_people_changed(repository: Path) -> None:
    run("create-all", "--repo", repository)
    path = repository / ".github/workflows/ci.yml"
    path.write_text(path.read_text().replace("timeout-minutes: 30", "timeout-minutes: 45"))
    result = run("update", "--repo", repository)
    assert result.exit_code == 0
    assert "keep       .github/workflows/ci.yml" in result.stdout
    assert "timeout-minutes: 45" in path.read_text()


def test_a_file_of_another_origin_is_never_overwritten(repository: Path) -> None:
    path = repository / ".github/workflows/ci.yml"
    path.parent.mkdir(parents=True)
    path.write_text("name: theirs\n")
    result = run("create-ci", "--repo", repository)
    assert result.exit_code == 1
    assert path.read_text() == "name: theirs\n"
    assert "name: CI" in path.with_name("ci.yml.new").read_text()


def test_creating_one_pipeline_leaves_the_others_alone(repository: Path) -> None:
    run("create-all", "--repo", repository)
    before = read_tree(repository)
    assert run("create-rollback", "--repo", repository).exit_code == 0
    assert read_tree(repository).keys() == before.keys()


def test_update_without_pipelines_says_how_to_begin(repository: Path) -> None:
    result = run("update", "--repo", repository)
    assert result.exit_code == 4
    assert "create-all" in result.stderr


def test_list_tells_missing_edited_and_up_to_date(repository: Path) -> None:
    run("create-ci", "--repo", repository)
    run("create-rollback", "--repo", repository)
    (repository / ".github/workflows/rollback.yml").write_text("name: x\n")
    result = run("list", "--repo", repository, "-o", "json")
    states = {one["pipeline"]: one["state"] for one in json.loads(result.stdout)["pipelines"]}
    assert (states["ci.yml"], states["rollback.yml"]) == ("up to date", "edited")
    assert states["release.yml"] == "missing"


def test_pins_lists_the_actions_in_use(repository: Path) -> None:
    run("create-ci", "--repo", repository)
    result = run("pins", "--repo", repository, "-o", "json")
    found = {one["action"]: one["state"] for one in json.loads(result.stdout)["actions"]}
    assert found["actions/checkout"] == "pinned"
    assert set(found.values()) == {"pinned"}


def test_pins_update_needs_a_token(repository: Path) -> None:
    result = run("pins", "--update")
    assert result.exit_code == 4
    assert "GITHUB_TOKEN" in result.stderr


def test_an_unknown_service_can_be_named(tmp_path: Path) -> None:
    assert run("create-ci", "--repo", tmp_path).exit_code == 4
    assert run("create-ci", "--repo", tmp_path, "--service", "auth").exit_code == 0
    assert run("create-ci", "--repo", tmp_path, "--service", "a b").exit_code == 2

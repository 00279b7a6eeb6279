"""`code_gen.py drift`: exit codes, forms of output, and the account that is asked first."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from moto import mock_aws

import code_gen
from codegen.scaffold import scaffold
from lld.parse import parse_file
from tests.conftest import ROOT

EXAMPLES = sorted((ROOT / "templates" / "examples").glob("*.md"))
SHARED = sorted((ROOT.parent / "shared" / "llds").glob("*.md"))
BOOKMARK = EXAMPLES[0]


def run(*words):
    return CliRunner().invoke(code_gen.cli, ["drift", *map(str, words)])


@pytest.fixture
def repository(tmp_path):
    scaffold(parse_file(BOOKMARK), tmp_path / "service")
    return tmp_path / "service"


@pytest.fixture
def dev(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "536580886816")
    with mock_aws():
        yield


@pytest.mark.parametrize("path", [*SHARED, *EXAMPLES], ids=lambda path: path.stem)
def test_what_was_just_generated_has_not_drifted(path, tmp_path):
    scaffold(parse_file(path), tmp_path / "service")
    result = run("--lld", path, "--repo", tmp_path / "service")
    assert result.exit_code == 0, result.output


def test_the_repository_is_by_default_the_current_directory(repository, monkeypatch):
    monkeypatch.chdir(repository)
    assert run("--lld", BOOKMARK).exit_code == 0


def test_drift_is_exit_1_and_writes_nothing(repository):
    (repository / "src/handlers/get_bookmark.py").unlink()
    before = {path: path.stat().st_mtime_ns for path in repository.rglob("*")}
    result = run("--lld", BOOKMARK, "--repo", repository)
    assert result.exit_code == 1
    assert "get_bookmark" in result.stdout
    assert {path: path.stat().st_mtime_ns for path in repository.rglob("*")} == before


def test_json_is_one_document(repository):
    document = json.loads(run("--lld", BOOKMARK, "--repo", repository, "-o", "json").stdout)
    assert document["drift"] is False
    assert document["environment"] is None
    assert document["summary"]["ok"] == len(document["rows"])


def test_markdown_is_a_matrix(repository):
    result = run("--lld", BOOKMARK, "--repo", repository, "-o", "markdown")
    assert result.stdout.startswith("# Where ")
    assert "| function | `get_bookmark` |" in result.stdout


def test_a_folder_that_is_not_there_is_exit_4(tmp_path):
    result = run("--lld", BOOKMARK, "--repo", tmp_path / "nothing")
    assert result.exit_code == 4
    assert "--repo" in result.stderr


def test_an_environment_where_nothing_is_deployed_is_drift(repository, dev):
    result = run("--lld", BOOKMARK, "--repo", repository, "--env", "dev", "-o", "json")
    assert result.exit_code == 1, result.stderr
    document = json.loads(result.stdout)
    assert document["environment"] == "dev"
    missing = {tuple(row["missing"]) for row in document["rows"]}
    assert missing == {("deployed",), ()}


def test_another_account_is_refused_before_it_is_read(repository, dev):
    result = run("--lld", BOOKMARK, "--repo", repository, "--env", "sit")
    assert result.exit_code == 3
    assert "815856636111" in result.stderr


def test_another_region_is_refused(repository, dev):
    words = ("--env", "dev", "--region", "af-south-1")
    assert run("--lld", BOOKMARK, "--repo", repository, *words).exit_code == 3


def test_options_of_an_environment_need_one(repository):
    assert run("--lld", BOOKMARK, "--repo", repository, "--profile", "x").exit_code == 2

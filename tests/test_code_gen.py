"""The commands of the generator: what they print, how they end, what they leave alone."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import code_gen
from tests.conftest import ROOT

BOOKMARK = ROOT / "templates" / "examples" / "9.1.1_LLD_Bookmark_Lambda.md"


def run(*words):
    return CliRunner().invoke(code_gen.cli, [str(word) for word in words])


@pytest.fixture
def output(tmp_path):
    return tmp_path / "service"


def test_scaffold_prints_one_verb_a_path(output):
    result = run("scaffold", "--lld", BOOKMARK, "--output", output)
    assert result.exit_code == 0, result.output
    assert "create     src/handlers/create_bookmark.py" in result.stdout
    assert (output / "README.md").is_file()


def test_a_second_scaffold_is_identical(output):
    run("scaffold", "--lld", BOOKMARK, "--output", output)
    result = run("scaffold", "--lld", BOOKMARK, "--output", output, "-o", "json")
    assert set(json.loads(result.stdout)["summary"]) == {"identical"}


def test_json_names_the_line_of_the_design(output):
    result = run("lambda", "--lld", BOOKMARK, "--output", output, "--format", "json")
    files = {one["path"]: one for one in json.loads(result.stdout)["files"]}
    assert files["src/handlers/create_bookmark.py"]["line"] > 1
    assert files["src/handlers/create_bookmark.py"]["verb"] == "create"


def test_a_document_that_states_nothing_is_refused(output, tmp_path):
    document = tmp_path / "9.9.9_LLD_Nothing.md"
    document.write_text("# LLD\n\nTo be written.\n")
    result = run("scaffold", "--lld", document, "--output", output)
    assert result.exit_code == 4
    assert "states nothing to build" in result.stderr
    assert not output.exists()


def test_the_folder_is_named_after_the_repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("docker", "--lld", BOOKMARK).exit_code == 0
    assert (tmp_path / "2_bbws_bookmark_lambda" / "Dockerfile").is_file()


@pytest.mark.parametrize("command", ["scaffold", "lambda", "tests", "docker", "terraform"])
@pytest.mark.parametrize("flag", ["--dry-run", "--check"])
def test_looking_writes_nothing(output, command, flag):
    result = run(command, "--lld", BOOKMARK, "--output", output, flag)
    assert result.exit_code == (1 if flag == "--check" else 0), result.output
    assert "create " in result.stdout
    assert not output.exists()


def test_check_is_content_with_what_is_up_to_date(output):
    run("scaffold", "--lld", BOOKMARK, "--output", output)
    assert run("scaffold", "--lld", BOOKMARK, "--output", output, "--check").exit_code == 0


def test_check_does_not_mind_an_edit(output):
    run("scaffold", "--lld", BOOKMARK, "--output", output)
    (output / "README.md").write_text("mine\n")
    assert run("scaffold", "--lld", BOOKMARK, "--output", output, "--check").exit_code == 0


def test_a_conflict_ends_with_1_and_names_the_new_file(output, tmp_path):
    run("scaffold", "--lld", BOOKMARK, "--output", output)
    path = output / "src/handlers/get_bookmark.py"
    path.write_text(path.read_text().replace("Return one bookmark", "My own words"))
    changed = tmp_path / BOOKMARK.name
    changed.write_text(BOOKMARK.read_text().replace("Return one bookmark", "Find a bookmark"))
    result = run("scaffold", "--lld", changed, "--output", output)
    assert result.exit_code == 1
    assert "src/handlers/get_bookmark.py.new" in result.stderr
    assert "My own words" in path.read_text()


def test_a_folder_with_something_else_is_refused(output):
    output.mkdir()
    (output / "mine.txt").write_text("mine")
    result = run("scaffold", "--lld", BOOKMARK, "--output", output)
    assert (result.exit_code, result.stdout) == (3, "")
    assert "--output" in result.stderr


def test_a_missing_design_is_a_wrong_call(output, tmp_path):
    result = run("scaffold", "--lld", tmp_path / "none.md", "--output", output)
    assert result.exit_code == 2
    assert "none.md" in result.stderr
    assert not output.exists()


def test_a_failure_is_json_where_json_is_asked_for(output, tmp_path):
    result = run("scaffold", "--lld", tmp_path / "none.md", "--output", output, "-o", "json")
    assert json.loads(result.stdout)["error"]["code"] == "usage"

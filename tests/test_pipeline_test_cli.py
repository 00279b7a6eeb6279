"""`pipeline_test.py` on the command line: what is printed where, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipeline_test import cli
from pipelines.generation.build import Pipeline
from tests.pipelines.builders import generated, write_workflow
from tests.pipelines.test_validate import FAULTY


@pytest.fixture
def workflow(tmp_path: Path) -> Path:
    return write_workflow(tmp_path, generated(Pipeline.CI), "ci.yml")


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def test_a_good_workflow_passes(workflow: Path) -> None:
    result = run("validate", "--workflow", workflow, "--built-in")
    assert (result.exit_code, result.stdout) == (0, "no findings in 1 file\n")


@pytest.mark.parametrize("output", ["text", "json", "sarif", "github"])
def test_an_error_exits_1_in_every_form(tmp_path: Path, output: str) -> None:
    path = write_workflow(tmp_path, FAULTY)
    result = run("validate", "--workflow", path, "--built-in", "-o", output)
    assert result.exit_code == 1
    assert "script-injection" in result.stdout


def test_warnings_count_only_when_strict(tmp_path: Path) -> None:
    text = FAULTY.replace("    timeout-minutes: 5\n", "").replace("${{ github.head_ref }}", "x")
    path = write_workflow(tmp_path, text)
    assert run("validate", "--workflow", path, "--built-in").exit_code == 0
    assert run("validate", "--workflow", path, "--built-in", "--strict").exit_code == 1


def test_trap_6_10_missing_tools_fail_where_they_are_required(
    workflow: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    assert run("validate", "--workflow", workflow).exit_code == 0
    assert run("validate", "--workflow", workflow, "--require-tools").exit_code == 4


def test_validate_without_a_file_is_unavailable(tmp_path: Path) -> None:
    result = run("validate", "--workflow", tmp_path / "no.yml", "-o", "json")
    assert result.exit_code == 4
    assert json.loads(result.stdout)["error"]["code"] == "unavailable"


def test_a_dry_run_prints_one_document_and_executes_nothing(workflow: Path) -> None:
    result = run("dry-run", "--workflow", workflow, "-o", "json")
    data = json.loads(result.stdout)
    assert result.exit_code == 0
    assert data["executed"] is False
    assert [job["id"] for job in data["jobs"]] == ["lint", "test", "security", "terraform", "gate"]
    assert data["not_exercised"]


@pytest.mark.parametrize(
    ("name", "start"), [("g.svg", "<svg "), ("g.mmd", "flowchart"), ("g.md", "```")]
)
def test_a_graph_is_written_where_it_is_asked_for(
    workflow: Path, tmp_path: Path, name: str, start: str
) -> None:
    result = run("dry-run", "--workflow", workflow, "--graph", tmp_path / name)
    assert result.exit_code == 0
    assert (tmp_path / name).read_text().startswith(start)
    assert f"wrote {tmp_path / name}" in result.stderr


def test_an_input_is_name_and_value(workflow: Path) -> None:
    assert run("dry-run", "--workflow", workflow, "--input", "version").exit_code == 2


def test_trap_6_8_act_is_never_started_without_containers(
    workflow: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = tmp_path / "started"
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, script in (("act", f"touch {trace}"), ("docker", "exit 1")):
        (tools / name).write_text(f"#!/bin/sh\n{script}\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.setattr("sys.executable", str(tools / "python"))
    result = run("dry-run", "--workflow", workflow, "--engine", "act")
    assert result.exit_code == 4
    assert "would execute the steps" in result.stderr
    assert not trace.exists()

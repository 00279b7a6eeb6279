from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from common.errors import UnavailableError
from common.home import HOME
from local.checks import run_gates, unscanned
from local.project import Kind, Project, find_project
from local_runner import cli

PYTHON = Path(sys.executable)


def test_clean_service_passes_every_gate(service: Project) -> None:
    assert {o.name: o.passed for o in run_gates(service, PYTHON)} == {
        "ruff check": True,
        "ruff format": True,
        "mypy": True,
        "bandit": True,
    }


@pytest.mark.parametrize(
    ("gate", "code"),
    [
        ("ruff check", "import os\n"),
        ("ruff format", "x = [1,\n  2]\n"),
        ("mypy", 'x: int = "one"\n'),
        ("bandit", "import subprocess\n\nsubprocess.call('ls', shell=True)\n"),
    ],
)
def test_each_gate_finds_its_own_kind_of_fault(service: Project, gate: str, code: str) -> None:
    (service.root / "src" / "faulty.py").write_text(code)
    (outcome,) = run_gates(service, PYTHON, names=(gate,))
    assert not outcome.passed
    assert "faulty.py" in outcome.output


def test_fix_mends_what_can_be_mended(service: Project) -> None:
    faulty = service.root / "src" / "faulty.py"
    faulty.write_text("import os\nx = [1,\n  2]\n")
    assert all(outcome.passed for outcome in run_gates(service, PYTHON, fix=True))
    assert faulty.read_text() == "x = [1, 2]\n"


def test_what_no_gate_looks_at_is_never_called_scanned() -> None:
    left = ("dependencies", "infrastructure", "container images")
    assert unscanned(Kind.TOOLKIT) == left
    assert unscanned(Kind.SERVICE) == ("secrets", *left)


@pytest.mark.parametrize(
    ("code", "expected"), [("x = 1\n", 0), ("import pickle\n\npickle.loads(b'')\n", 1)]
)
def test_security_says_what_it_scanned_and_what_not(
    service: Project, code: str, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (service.root / "src" / "more.py").write_text(code)
    monkeypatch.chdir(service.root)
    monkeypatch.setattr("local.setup.prepared_python", lambda _: PYTHON)
    result = CliRunner().invoke(cli, ["security", "-o", "json"])
    found = json.loads(result.stdout)
    assert (result.exit_code, [gate["name"] for gate in found["gates"]]) == (expected, ["bandit"])
    assert found["ok"] is (expected == 0)
    assert found["not_scanned"][:2] == ["secrets", "dependencies"]


def test_gate_that_cannot_run_is_never_clean(service: Project, tmp_path: Path) -> None:
    toolless = tmp_path / "python"
    toolless.write_text("#!/bin/sh\necho 'No module named ruff' >&2\nexit 1\n")
    toolless.chmod(0o755)
    with pytest.raises(UnavailableError, match="ruff check could not run: No module named ruff"):
        run_gates(service, toolless)


def test_project_is_the_service_around_the_folder(service: Project) -> None:
    assert find_project(service.root / "src" / "handlers") == service


def test_project_elsewhere_is_the_toolkit(tmp_path: Path) -> None:
    assert find_project(tmp_path) == Project(HOME, Kind.TOOLKIT)

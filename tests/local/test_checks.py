from __future__ import annotations

import sys
from pathlib import Path

import pytest

from common.errors import UnavailableError
from common.home import HOME
from local.checks import run_gates
from local.project import Kind, Project, find_project

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

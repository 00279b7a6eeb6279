"""The toolkit itself passes the gates that `local_runner.py lint` runs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from common.home import HOME
from local.checks import GATES, run_gates
from local.project import Kind, Project

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("name", [gate.name for gate in GATES[Kind.TOOLKIT]])
def test_gate_passes(name: str) -> None:
    (outcome,) = run_gates(Project(HOME, Kind.TOOLKIT), Path(sys.executable), names=(name,))
    assert outcome.passed, outcome.output

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.runner.jobs import LocalRunner
from sandbox.runner.machine import Machine
from tests.repository.house import House, gated, house, made, prepared

__all__ = ["gated", "house", "made", "prepared"]


@pytest.fixture
def machine(gated: House, tmp_path: Path) -> Iterator[House]:
    """The house's GitHub with a machine that executes jobs, outside any sandbox of AWS."""
    found = Machine(tmp_path / "machine", dict)
    found.prepare()
    runner = LocalRunner(found)
    gated.server.app.extensions["github_executor"] = runner
    yield gated
    runner.close()

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local.project import Project
from local.watching import run_on_change
from tests.conftest import ROOT
from tests.local.conftest import stand_in_environment


def test_runs_now_and_after_each_burst() -> None:
    runs: list[str] = []
    said: list[str] = []
    bursts = [{Path("a.py"), Path("b.py")}, {Path("c.py")}]
    run_on_change(lambda: runs.append("run"), bursts, said.append)
    assert len(runs) == 3
    assert "changed: a.py, b.py" in said


@pytest.mark.e2e
def test_watch_runs_again_after_an_edit_and_ends_at_ctrl_c(service: Project) -> None:
    stand_in_environment(service)
    log = service.root.parent / "watch.log"
    with log.open("w") as sink:
        child = subprocess.Popen(
            [sys.executable, ROOT / "utils/devops/local_runner.py", "test", "--watch"],
            cwd=service.root, stdout=sink, stderr=sink, start_new_session=True,
        )  # fmt: skip
    try:
        wait_for(log, "waiting for changes")
        (service.root / "src" / "add.py").write_text("def add(a, b):\n    return 0\n")
        wait_for(log, "1 failed")
    finally:
        os.killpg(child.pid, signal.SIGINT)
    assert child.wait(timeout=20) == 130
    assert "changed: add.py" in log.read_text()


def wait_for(log: Path, text: str) -> None:
    deadline = time.monotonic() + 60
    while text not in log.read_text():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)

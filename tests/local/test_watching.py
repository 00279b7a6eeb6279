from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from common.errors import UnavailableError
from local.project import Project
from local.watching import _together, changes, run_on_change
from tests.conftest import ROOT
from tests.local.conftest import stand_in_environment

PATIENCE_S = 300
"""Ends a run that hangs; a machine under load has all the time it needs."""


def test_runs_now_and_after_each_burst() -> None:
    runs: list[str] = []
    said: list[str] = []
    bursts = [{Path("a.py"), Path("b.py")}, {Path("c.py")}]
    run_on_change(lambda: runs.append("run"), bursts, said.append)
    assert len(runs) == 3
    assert "changed: a.py, b.py" in said


def test_run_that_cannot_be_made_is_not_the_end() -> None:
    said: list[str] = []

    def run() -> None:
        raise UnavailableError("no test was found", hint="check the path")

    run_on_change(run, [{Path("a.py")}], said.append)
    assert said.count("error: no test was found") == 2
    assert said.count("hint: check the path") == 2


def test_edit_made_during_a_run_is_answered_by_another(tmp_path: Path) -> None:
    edited = tmp_path / "a.py"
    runs: list[str] = []

    def run() -> None:
        runs.append(edited.read_text() if edited.exists() else "")
        if len(runs) == 1:
            edited.write_text("edited")
        else:
            raise KeyboardInterrupt

    with changes(tmp_path) as bursts, pytest.raises(KeyboardInterrupt):
        run_on_change(run, bursts, lambda _: None)
    assert runs == ["", "edited"]


def test_what_changed_while_nobody_waited_is_one_burst() -> None:
    bursts: queue.SimpleQueue[set[Path] | Exception | None] = queue.SimpleQueue()
    for name in ("a.py", "b.py"):
        bursts.put({Path(name)})
    assert _together(bursts) == {Path("a.py"), Path("b.py")}
    bursts.put(None)
    assert _together(bursts) is None


def test_what_a_run_leaves_behind_is_no_change(tmp_path: Path) -> None:
    with changes(tmp_path) as bursts:
        (tmp_path / ".coverage").write_text("measured")
        (tmp_path / ".pytest_cache").mkdir()
        (tmp_path / ".pytest_cache" / "lastfailed").write_text("{}")
        (tmp_path / "a.py").write_text("")
        assert next(iter(bursts)) == {tmp_path / "a.py"}


def test_folder_that_cannot_be_watched_is_unavailable(tmp_path: Path) -> None:
    raises = pytest.raises(UnavailableError, match="changes cannot be watched")
    with changes(tmp_path / "missing") as bursts, raises:
        next(iter(bursts))


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
        # Between two runs, so that the signal meets no test run that is about to end.
        wait_for(log, "waiting for changes", times=2)
    finally:
        os.killpg(child.pid, signal.SIGINT)
    assert child.wait(timeout=PATIENCE_S) == 130
    assert "changed: add.py" in log.read_text()


def wait_for(log: Path, text: str, *, times: int = 1) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while log.read_text().count(text) < times:
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)

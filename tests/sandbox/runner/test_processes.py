"""What a step starts ends with it, and with the sandbox, however that ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sandbox.runner.processes import TIMED_OUT, Processes
from tests.conftest import ROOT
from tests.sandbox.support import eventually

PATIENCE_S = 60
PATH = {"PATH": "/usr/bin:/bin"}


def gone(pid: int) -> bool:
    """Whether a process is no more, or only waits to be collected."""
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_output_and_exit_code_are_the_programs(tmp_path: Path) -> None:
    said: list[str] = []
    words = ["sh", "-c", "echo one; echo two >&2; read -r x || echo nothing; exit 3"]
    code = Processes().run(words, folder=tmp_path, environment=PATH, seconds=60, say=said.append)
    assert (code, said) == (3, ["one", "two", "nothing"])


def test_what_a_step_leaves_running_ends_with_it(tmp_path: Path) -> None:
    said: list[str] = []
    words = ["sh", "-c", "sleep 600 >/dev/null 2>&1 & echo $!"]
    Processes().run(words, folder=tmp_path, environment=PATH, seconds=60, say=said.append)
    eventually(lambda: gone(int(said[0])), PATIENCE_S)


def test_a_time_limit_ends_the_whole_group(tmp_path: Path) -> None:
    said: list[str] = []
    words = ["sh", "-c", "sleep 600 & echo $!; wait"]
    code = Processes().run(words, folder=tmp_path, environment=PATH, seconds=0.5, say=said.append)
    assert code == TIMED_OUT
    eventually(lambda: gone(int(said[0])), PATIENCE_S)


def test_a_killed_sandbox_takes_the_steps_along(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path\n"
        "from sandbox.runner.processes import Processes\n"
        "words = ['sh', '-c', 'sleep 600 & echo $! $$; wait']\n"
        f"Processes().run(words, folder=Path({str(tmp_path)!r}), environment={PATH},\n"
        "                seconds=600, say=lambda line: print(line, flush=True))\n"
    )
    sandbox = subprocess.Popen(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(ROOT / "utils" / "devops"), **PATH},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert sandbox.stdout is not None
    with sandbox.stdout:
        started = [int(pid) for pid in sandbox.stdout.readline().split()]
        sandbox.kill()
        sandbox.wait()
    assert len(started) == 2
    eventually(lambda: all(map(gone, started)), PATIENCE_S)

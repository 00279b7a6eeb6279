"""Terraform is followed through a file, interrupted once, and killed only knowingly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.supervised import FIRST, SECOND, THIRD, Interrupts, supervise
from infra.terraform import Terraform


def make_terraform(folder: Path, script: str) -> Terraform:
    binary = folder / "terraform"
    binary.write_text(f"#!/bin/sh\n{script}\n")
    binary.chmod(0o755)
    return Terraform(folder, {"PATH": "/usr/bin:/bin"}, str(binary))


def message(**fields: object) -> str:
    return json.dumps(fields)


def test_what_it_says_is_shown_kept_and_private(tmp_path: Path) -> None:
    line = message(type="apply_start", **{"@message": "a.b: Creating..."})
    terraform = make_terraform(tmp_path, f"echo '{line}'; printf 'last words'; exit 3")
    shown: list[str] = []
    log = tmp_path / "apply.log"
    ended = supervise(terraform, ["apply"], log, show=shown.append)
    assert (ended.code, ended.interrupted) == (3, False)
    assert shown == ["a.b: Creating...", "last words"]
    assert log.stat().st_mode & 0o077 == 0


def test_the_process_id_is_told_before_anything_is_read(tmp_path: Path) -> None:
    told: list[int] = []
    supervise(make_terraform(tmp_path, "exit 0"), [], tmp_path / "log", started=told.append)
    assert len(told) == 1


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that takes an interrupt and goes on."""
    trapped = "trap 'echo got >&2' INT; echo ready; while :; do sleep 0.1; done"
    child = subprocess.Popen(
        ["/bin/sh", "-c", trapped],
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert child.stdout is not None
    with child.stdout:
        child.stdout.readline()
        yield child
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def test_ctrl_c_passes_once_then_explains_then_kills(sleeper: subprocess.Popen[bytes]) -> None:
    said: list[str] = []
    interrupts = Interrupts(sleeper, said.append)
    interrupts.receive(signal.SIGINT)
    interrupts.receive(signal.SIGINT)
    assert sleeper.poll() is None
    assert said == [FIRST, SECOND]
    interrupts.receive(signal.SIGINT)
    assert sleeper.wait(timeout=60) == -signal.SIGKILL
    assert said[2] == THIRD


def test_a_runner_that_repeats_its_term_signal_never_kills(
    sleeper: subprocess.Popen[bytes],
) -> None:
    said: list[str] = []
    interrupts = Interrupts(sleeper, said.append)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGTERM, signal.SIGHUP):
        interrupts.receive(number)
    assert said == [FIRST]
    assert sleeper.poll() is None


def test_handlers_are_put_back(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    supervise(make_terraform(tmp_path, "exit 0"), [], tmp_path / "log")
    assert signal.getsignal(signal.SIGINT) is before

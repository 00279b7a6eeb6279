"""The one way to run another program: words, never a shell; a time limit; nothing left behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from common.errors import UnavailableError
from common.masking import mask

_SHOWN = 2000


@dataclass(frozen=True, slots=True)
class Completed:
    """What a program answered; `stdout` and `stderr` are empty when it wrote them itself."""

    argv: tuple[str, ...]
    code: int
    stdout: str = ""
    stderr: str = ""

    @property
    def ok(self) -> bool:
        return self.code == 0


class ProcessFailedError(UnavailableError):
    """A program ended with a code other than 0; its (masked) output is kept."""

    def __init__(self, completed: Completed, *, hint: str | None = None) -> None:
        said = mask((completed.stderr or completed.stdout).strip()[-_SHOWN:])
        last = said.splitlines()[-1] if said else "it said nothing"
        super().__init__(
            f"{shown(completed.argv)} ended with exit code {completed.code}: {last}", hint=hint
        )
        self.completed = completed


class TimedOutError(UnavailableError):
    """A program did not end in time and was ended, with all it had started."""


def find(tool: str, *, hint: str | None = None) -> str:
    """The full path of a tool on PATH.

    Raises:
        UnavailableError: It is not installed.
    """
    path = shutil.which(tool)
    if path is None:
        raise UnavailableError(f"{tool!r} is not installed, or not on PATH", hint=hint)
    return path


def shown(argv: Sequence[str]) -> str:
    """A command line for messages: masked, and cut where it grows long."""
    text = mask(" ".join(str(word) for word in argv))
    return text if len(text) <= 120 else text[:117] + "…"


def run(
    argv: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    timeout: float = 600,
    check: bool = True,
    stream: IO[str] | None = None,
    install: str | None = None,
) -> Completed:
    """Run a program to its end.

    Args:
        argv: The program and its words; the program is found on PATH.
        env: The whole environment of the child; by default this process's own.
        stdin: Text for its standard input, which is otherwise empty.
        timeout: Seconds after which it and all it started are ended.
        check: Raise when it does not exit 0.
        stream: Let it write there as it goes, and share our terminal's signals, instead of
            collecting its output.
        install: What to do when the program is missing.

    Raises:
        UnavailableError: The program is missing or cannot be started.
        TimedOutError: It ran longer than `timeout`.
        ProcessFailedError: It failed and `check` is on.
    """
    words = [find(str(argv[0]), hint=install), *(str(word) for word in argv[1:])]
    sink = subprocess.PIPE if stream is None else stream
    try:
        child = subprocess.Popen(
            words,
            cwd=cwd,
            env=dict(env) if env is not None else None,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=sink,
            stderr=sink,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=stream is None,
        )
    except OSError as error:
        raise UnavailableError(f"{shown(words)} cannot be started: {error.strerror}") from error
    completed = _wait(child, tuple(words), stdin, timeout, own_group=stream is None)
    if check and not completed.ok:
        raise ProcessFailedError(completed)
    return completed


def follow(
    argv: Sequence[str | Path],
    on_line: Callable[[str], None],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = 3600,
    install: str | None = None,
) -> Completed:
    """Run a program to its end and hand on each line it prints, of both outputs, as it comes.

    An interrupt is passed on to the program, which has a few seconds to end in its own way.

    Raises:
        UnavailableError: The program is missing or cannot be started.
        TimedOutError: It ran longer than `timeout` seconds.
    """
    words = [find(str(argv[0]), hint=install), *(str(word) for word in argv[1:])]
    try:
        child = subprocess.Popen(
            words, cwd=cwd, env=dict(env) if env is not None else None, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8",
            errors="replace", start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise UnavailableError(f"{shown(words)} cannot be started: {error.strerror}") from error
    late = threading.Event()

    def stop() -> None:
        late.set()
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)

    timer = threading.Timer(timeout, stop)
    timer.start()
    try:
        for line in child.stdout or ():
            on_line(line.rstrip("\n"))
        code = child.wait()
    except BaseException:
        _interrupt(child)
        raise
    finally:
        timer.cancel()
        _end(child, own_group=True)
    if late.is_set():
        raise TimedOutError(f"{shown(words)} did not end within {timeout:g} s and was ended")
    return Completed(tuple(words), code)


def _interrupt(child: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        child.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        child.wait(timeout=10)


def _wait(
    child: subprocess.Popen[str],
    argv: tuple[str, ...],
    stdin: str | None,
    timeout: float,
    *,
    own_group: bool,
) -> Completed:
    try:
        stdout, stderr = child.communicate(stdin, timeout=timeout)
    except subprocess.TimeoutExpired as error:
        _end(child, own_group=own_group)
        raise TimedOutError(
            f"{shown(argv)} did not end within {timeout:g} s and was ended"
        ) from error
    except BaseException:
        _end(child, own_group=own_group)
        raise
    return Completed(argv, child.returncode, stdout or "", stderr or "")


def _end(child: subprocess.Popen[str], *, own_group: bool) -> None:
    """Ask the child and all it started to end, then insist."""
    send = os.killpg if own_group else os.kill
    for sign, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        with suppress(ProcessLookupError):
            send(child.pid, sign)
        with suppress(subprocess.TimeoutExpired):
            child.wait(timeout=patience)
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe:
            pipe.close()

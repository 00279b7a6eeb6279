"""Terraform commands that hold the lock: followed through a log file and interrupted with care.

The child writes to a file, not to us, and lives in a session of its own: it survives us, and a
broken pipe cannot kill it in the middle of a change. Ctrl-C reaches it once, so that it can save
the state and release its lock; a second one is explained; a third kills.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from common.errors import UnavailableError
from common.output import note
from infra.answers import Messages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from types import FrameType

    from infra.terraform import Terraform

_POLL = 0.05

FIRST = (
    "interrupt passed to Terraform: it ends the calls it is in, saves the state and releases "
    "its lock. Please wait."
)
SECOND = (
    "Terraform is still saving the state and releasing its lock. Another Ctrl-C kills it at once: "
    "the lock stays, and what it has just created may be missing from the state."
)
THIRD = "killing Terraform; `terraform_cli.py plan` explains what is left"


@dataclass(slots=True)
class Interrupts:
    """Counts the interrupts of one child and says what each one does."""

    child: subprocess.Popen[bytes]
    say: Callable[[str], None] = note
    count: int = 0

    def receive(self, number: int, _frame: FrameType | None = None) -> None:
        """Pass the first on, explain the second, kill at the third; only Ctrl-C escalates."""
        if self.count and number != signal.SIGINT:
            return
        self.count += 1
        with suppress(ProcessLookupError):
            if self.count == 1:
                self.child.send_signal(signal.SIGINT)
            elif self.count >= 3:
                os.killpg(self.child.pid, signal.SIGKILL)
        self.say({1: FIRST, 2: SECOND}.get(self.count, THIRD))


@dataclass(slots=True)
class Ended:
    """How a supervised command ended."""

    code: int
    messages: Messages = field(default_factory=Messages)
    interrupted: bool = False


@contextmanager
def _handled(interrupts: Interrupts) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, interrupts.receive) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def supervise(
    terraform: Terraform,
    words: Sequence[str],
    log: Path,
    *,
    show: Callable[[str], None] = note,
    started: Callable[[int], None] = lambda _pid: None,
) -> Ended:
    """Run a command that writes JSON messages; show what a person wants to follow.

    Args:
        log: Where its output goes; it is created anew, for this user only.
        started: Told the child's process id as soon as there is one.

    Raises:
        UnavailableError: It cannot be started.
    """
    with os.fdopen(os.open(log, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "rb") as output:
        try:
            child = subprocess.Popen(
                [terraform.binary, *words],
                cwd=terraform.path,
                env=dict(terraform.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        except OSError as error:
            raise UnavailableError(f"terraform cannot be started: {error.strerror}") from error
    interrupts, messages = Interrupts(child), Messages()
    with _handled(interrupts), log.open("rb") as reader:
        try:
            started(child.pid)
            follower = _Follower(reader, messages, show)
            while _running(child):
                follower.read()
            follower.read(last=True)
        finally:
            # Whatever happens to us, the change it is making has to end well.
            child.wait()
    return Ended(child.returncode, messages, interrupted=interrupts.count > 0)


def _running(child: subprocess.Popen[bytes]) -> bool:
    try:
        child.wait(timeout=_POLL)
    except subprocess.TimeoutExpired:
        return True
    return False


class _Follower:
    """Reads whole lines of a file that grows."""

    def __init__(self, reader: IO[bytes], messages: Messages, show: Callable[[str], None]) -> None:
        self._reader = reader
        self._messages = messages
        self._show = show
        self._rest = b""

    def read(self, *, last: bool = False) -> None:
        self._rest += self._reader.read()
        *lines, self._rest = self._rest.split(b"\n")
        if last and self._rest:
            lines, self._rest = [*lines, self._rest], b""
        for line in lines:
            text = self._messages.take(line.decode("utf-8", "replace"))
            if text:
                self._show(text)

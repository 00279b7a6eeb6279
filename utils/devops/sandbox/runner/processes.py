"""One program of a step: followed line by line, masked, and ended with all it started."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

TIMED_OUT = 124
_GUARDED = (
    'exec 3<&0 </dev/null; (read -r _ <&3; kill -KILL 0) >/dev/null 2>&1 & exec 3<&-; exec "$@"'
)
"""The program, and beside it one that ends them all when the sandbox's end of the pipe closes."""


class Processes:
    """The programs of one job; `stop` ends the one that runs and lets no other start."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: subprocess.Popen[str] | None = None
        self.stopped = False

    def run(
        self,
        words: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        seconds: float,
        say: Callable[[str], None],
    ) -> int:
        """Run a program to its end, at most `seconds`; its exit code."""
        with self._lock:
            if self.stopped:
                return -signal.SIGTERM
            ours, theirs = _pipe()
            child = subprocess.Popen(
                ["/bin/sh", "-c", _GUARDED, "step", *words],
                cwd=folder,
                env=dict(environment),
                stdin=theirs,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
            os.close(theirs)
            self._running = child
        timed_out = threading.Event()

        def end() -> None:
            timed_out.set()
            _kill(child)

        timer = threading.Timer(seconds, end)
        timer.start()
        try:
            assert child.stdout is not None
            with child.stdout:
                for line in child.stdout:
                    say(line.rstrip("\n"))
            code = child.wait()
        finally:
            timer.cancel()
            # What a step leaves running ends with it: nothing outlives a job.
            _kill(child)
            os.close(ours)
            self._running = None
        if timed_out.is_set():
            say(f"##[error]The step was ended after {seconds:g} seconds.")
            return TIMED_OUT
        return code

    def stop(self) -> None:
        """End what runs."""
        with self._lock:
            self.stopped = True
            if self._running is not None:
                _kill(self._running)


def _pipe() -> tuple[int, int]:
    """Our end of a pipe to write to, which nobody inherits, and theirs to read from."""
    theirs, ours = os.pipe()
    return ours, theirs


def _kill(child: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)

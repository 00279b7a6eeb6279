"""Starts, finds and stops sandboxes, from other processes."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from common.errors import UnavailableError
from sandbox.components import OPERATOR, tokens
from sandbox.exports import Exports, exports_of
from sandbox.places import Place, Running, all_places, place, read_record

if TYPE_CHECKING:
    from collections.abc import Callable

_SOURCE = Path(__file__).resolve().parents[1]
_START_S = 90.0
_STOP_S = 60.0
_STEP_S = 0.02


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A sandbox that runs, with what talking to it needs."""

    running: Running
    where: Place

    @property
    def exports(self) -> Exports:
        return exports_of(self.running, self.where, tokens(self.where.github).get(OPERATOR))

    def ask(self, path: str, *, post: bool = False) -> Any:
        """A request to its control interface.

        Raises:
            UnavailableError: It does not answer.
        """
        address = urlsplit(self.running.endpoint)
        connection = HTTPConnection(address.hostname or "", address.port, timeout=10)
        try:
            connection.request(
                "POST" if post else "GET",
                f"/_sandbox/{path}",
                headers={"X-Sandbox-Token": self.running.token},
            )
            return json.load(connection.getresponse())
        except (OSError, HTTPException, ValueError) as error:
            raise UnavailableError(
                f"sandbox {self.running.name!r} does not answer: {error}",
                hint=f"its log is {self.where.log}",
            ) from error
        finally:
            connection.close()

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """The calls to AWS after the one with this number."""
        found: list[dict[str, Any]] = self.ask(f"requests?since={since}")
        return found


def find(name: str) -> Sandbox | None:
    """The sandbox of this name, if it runs."""
    where = place(name)
    if not _locked(where):
        return None
    running = read_record(where.record)
    return Sandbox(running, where) if running else None


def require(name: str) -> Sandbox:
    """The sandbox of this name.

    Raises:
        UnavailableError: It does not run.
    """
    found = find(name)
    if found is None:
        raise UnavailableError(
            f"sandbox {name!r} is not running", hint=f"local_runner.py sandbox start --name {name}"
        )
    return found


def start(name: str, *, fresh: bool = False) -> tuple[Sandbox, bool]:
    """Start a sandbox and wait until it answers; whether it was started, or ran already.

    Args:
        fresh: Forget the state that an earlier stop kept.

    Raises:
        UnavailableError: It did not come up.
    """
    found = find(name)
    if found:
        return found, False
    where = place(name)
    where.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    where.record.unlink(missing_ok=True)
    kept = where.kept.is_dir() and not fresh
    if not kept:
        shutil.rmtree(where.kept, ignore_errors=True)
        shutil.rmtree(where.github, ignore_errors=True)
    if kept:
        return _spawn(where), True
    from sandbox.seeding import make_ready, seed

    sandbox = _spawn(where, meanwhile=make_ready)
    try:
        seed(sandbox)
    except BaseException:
        # Half prepared it would pass for one that runs already.
        stop(name)
        raise
    return sandbox, True


@dataclass(frozen=True, slots=True)
class Stopped:
    """How a stop went: whether there was one to stop, and what of its state could not be kept."""

    was_running: bool
    lost: tuple[str, ...] = ()


def stop(name: str, *, keep_state: bool = False) -> Stopped:
    """Stop a sandbox and all it started.

    Raises:
        UnavailableError: It would not end.
    """
    where = place(name)
    sandbox = find(name)
    if sandbox is None:
        where.record.unlink(missing_ok=True)
        return Stopped(was_running=False)
    with suppress(UnavailableError):
        sandbox.ask(f"stop?keep={str(keep_state).lower()}", post=True)
    if not _until(lambda: not _locked(where), _STOP_S):
        with suppress(ProcessLookupError):
            os.killpg(sandbox.running.pid, signal.SIGKILL)
        if not _until(lambda: not _locked(where), 5):
            raise UnavailableError(f"sandbox {name!r} does not end", hint=f"see {where.log}")
    where.record.unlink(missing_ok=True)
    return Stopped(True, _lost(where) if keep_state else ())


def _lost(where: Place) -> tuple[str, ...]:
    try:
        found: list[str] = json.loads((where.kept / "lost.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ("everything",)
    return tuple(found)


def names() -> list[str]:
    """The sandboxes that run."""
    folder = all_places()
    if not folder.is_dir():
        return []
    return [path.name for path in sorted(folder.iterdir()) if path.is_dir() and find(path.name)]


def _spawn(where: Place, meanwhile: Callable[[], None] = lambda: None) -> Sandbox:
    descriptor = os.open(where.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as log:
        launched = subprocess.run(
            [sys.executable, "-m", "sandbox.launch", where.name],
            env=_environment(),
            cwd=where.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            timeout=_START_S,
            check=False,
        )
    try:
        meanwhile()
        _until(lambda: where.record.exists() or not _locked(where), _START_S)
    except BaseException:
        _kill(launched.stdout)
        raise
    running = read_record(where.record)
    if running is not None:
        return Sandbox(running, where)
    _kill(launched.stdout)
    said = where.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    raise UnavailableError(
        f"the sandbox did not start: {said[-1] if said else 'no answer'}",
        hint=f"its log is {where.log}",
    )


def _kill(said: bytes) -> None:
    """End what was launched, if it said its process number."""
    if said.strip():
        with suppress(ProcessLookupError):
            os.killpg(int(said), signal.SIGKILL)


def _environment() -> dict[str, str]:
    """The user's environment without AWS; nothing there may reach moto."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "MOTO_", "BBWS_SANDBOX_RUN"))
    }
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return {**kept, **nowhere, "AWS_EC2_METADATA_DISABLED": "true", "PYTHONPATH": str(_SOURCE)}


def _locked(where: Place) -> bool:
    """Whether a sandbox process holds the lock; the system releases it when the process ends."""
    try:
        with where.lock.open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _until(reached: Any, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if reached():
            return True
        time.sleep(_STEP_S)
    return bool(reached())

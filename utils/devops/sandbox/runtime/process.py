"""One worker: a process that holds a loaded function and runs one invocation at a time."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import struct
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.runtime.deployed import Deployed
    from sandbox.runtime.interpreters import Interpreter
    from sandbox.runtime.packages import Unpacked

CHILD = Path(__file__).with_name("child.py")
INIT_TIMEOUT_S = 10.0
_HEADROOM_MB = 64
"""What an interpreter maps beyond what Lambda would count as used memory."""


class WorkerTimedOutError(Exception):
    """The worker did not answer in time."""


class WorkerGoneError(Exception):
    """The worker ended without an answer; `str()` says how."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the child answered."""

    payload: bytes
    failed: bool
    ms: float
    memory_mb: int


class Worker:
    """A child process for one version of a function. Not shared between threads."""

    def __init__(
        self,
        deployed: Deployed,
        code: Unpacked,
        python: Interpreter,
        environment: Mapping[str, str],
        folder: Path,
    ) -> None:
        self.deployed = deployed
        self.stream = environment["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.born = self.used = time.monotonic()
        self._folder = folder
        self._temporary = folder / "tmp"
        self._temporary.mkdir(parents=True)
        self._log = folder / "log"
        self._log_read = 0
        self._spawn(deployed, code, python, {**environment, "TMPDIR": str(self._temporary)})

    def _spawn(
        self, deployed: Deployed, code: Unpacked, python: Interpreter, env: Mapping[str, str]
    ) -> None:
        requests_out, self._requests = os.pipe()
        self._answers, answers_in = os.pipe()
        life_out, self._life = os.pipe()
        theirs = (requests_out, answers_in, life_out)
        words = [str(python.path), "-I", "-S", "-u", str(CHILD), *map(str, theirs)]
        try:
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    words,
                    cwd=code.root,
                    env=dict(env),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=theirs,
                    start_new_session=True,
                )
        finally:
            for pipe in theirs:
                os.close(pipe)
        setup = {
            "path": [str(path) for path in code.path] + [env["LAMBDA_RUNTIME_SITE"]],
            "memory_limit_mb": deployed.memory_mb + _HEADROOM_MB,
            "json_logs": deployed.json_logs,
        }
        self._send(json.dumps(setup).encode())

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def wait_ready(self) -> dict[str, Any] | None:
        """Wait until the handler is loaded; the error when it could not be.

        Raises:
            WorkerTimedOutError: Loading took longer than Lambda allows.
            WorkerGoneError: The process ended while loading.
        """
        head: dict[str, Any] = json.loads(self._receive(time.monotonic() + INIT_TIMEOUT_S))
        failure: dict[str, Any] | None = head["failure"]
        return failure

    def call(self, head: Mapping[str, Any], payload: bytes, timeout: float) -> Reply:
        """Run one invocation.

        Raises:
            WorkerTimedOutError: No answer within `timeout` seconds.
            WorkerGoneError: The process ended without one.
        """
        deadline = time.monotonic() + timeout
        self._send(json.dumps(head).encode())
        self._send(payload)
        answer = json.loads(self._receive(deadline))
        body = self._receive(deadline)
        self.used = time.monotonic()
        return Reply(body, answer["failed"], answer["ms"], answer["memory_mb"])

    def new_output(self) -> str:
        """What the function wrote since the last time it was asked."""
        try:
            with self._log.open("rb") as log:
                log.seek(self._log_read)
                content = log.read()
        except OSError:
            return ""
        self._log_read += len(content)
        return content.decode("utf-8", errors="replace")

    def end(self) -> None:
        """Kill it and all it started, and remove what it left."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._requests, self._answers, self._life):
            with suppress(OSError):
                os.close(pipe)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _send(self, content: bytes) -> None:
        view = memoryview(struct.pack(">I", len(content)) + content)
        try:
            while view:
                view = view[os.write(self._requests, view) :]
        except OSError as error:
            raise WorkerGoneError(self._how_it_ended()) from error

    def _receive(self, deadline: float) -> bytes:
        size = struct.unpack(">I", self._exactly(4, deadline))[0]
        return self._exactly(size, deadline)

    def _exactly(self, size: int, deadline: float) -> bytes:
        parts = bytearray()
        poll = select.poll()
        poll.register(self._answers, select.POLLIN)
        while len(parts) < size:
            left = deadline - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                raise WorkerTimedOutError
            part = os.read(self._answers, min(size - len(parts), 1 << 20))
            if not part:
                raise WorkerGoneError(self._how_it_ended())
            parts += part
        return bytes(parts)

    def _how_it_ended(self) -> str:
        try:
            code = self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            return "Runtime exited without providing a reason"
        if code in (-signal.SIGKILL, 128 + signal.SIGKILL):
            return "Runtime exited with error: signal: killed"
        if code < 0:
            return f"Runtime exited with error: signal: {signal.Signals(-code).name}"
        if code == 0:
            return "Runtime exited without providing a reason"
        return f"Runtime exited with error: exit status {code}"

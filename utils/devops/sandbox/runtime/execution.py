"""One invocation, from payload to answer.

Stages: claim concurrency, take a worker (a new one loads the handler first), run, collect what the
function wrote, measure. A worker that timed out or ended is never used again.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from sandbox.runtime import lines
from sandbox.runtime.deployed import Answer, Call, Deployed, ThrottledError
from sandbox.runtime.environment import Credentials, Surroundings, worker_environment
from sandbox.runtime.interpreters import interpreter
from sandbox.runtime.packages import Packages, UnpackError
from sandbox.runtime.pool import Pool
from sandbox.runtime.process import Reply, Worker, WorkerGoneError, WorkerTimedOutError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_TAIL = 4096


class Telemetry(Protocol):
    """Where logs and metrics of invocations go."""

    def write(self, deployed: Deployed, stream: str, messages: Sequence[str]) -> None:
        """Append log lines."""

    def measure(self, call: Call, answer: Answer | None) -> None:
        """Count one invocation; without an answer it was throttled."""


class Identity(Protocol):
    """Who functions are."""

    def credentials(self, deployed: Deployed) -> Credentials:
        """Temporary credentials of the function's role."""


class Execution:
    """Runs invocations; safe to use from many threads."""

    def __init__(
        self, folder: Path, surroundings: Surroundings, telemetry: Telemetry, identity: Identity
    ) -> None:
        self._folder = folder
        self._surroundings = surroundings
        self._telemetry = telemetry
        self._identity = identity
        self._packages = Packages(folder / "code")
        self.pool = Pool(self._start)
        self._ahead = ThreadPoolExecutor(1, thread_name_prefix="unpack")

    def invoke(self, call: Call) -> Answer:
        """Run the call to its end, however it ends.

        Raises:
            ThrottledError: The function's reserved concurrency is used up.
        """
        try:
            with self.pool.claimed(call.deployed):
                answer = self._run(call, str(uuid.uuid4()))
        except ThrottledError:
            self._telemetry.measure(call, None)
            raise
        self._telemetry.measure(call, answer)
        return answer

    def prepare(self, deployed: Deployed) -> None:
        """Unpack what was deployed before anybody calls it, as Lambda does."""
        self._ahead.submit(self._unpack_quietly, deployed)

    def close(self) -> None:
        """End all workers."""
        self._ahead.shutdown(wait=False, cancel_futures=True)
        self.pool.close()

    def _unpack_quietly(self, deployed: Deployed) -> None:
        # A package that cannot be unpacked fails the invocations, which say so.
        with suppress(UnpackError):
            self._packages.unpack(deployed, interpreter(deployed.runtime))

    def _run(self, call: Call, request_id: str) -> Answer:
        try:
            worker, fresh = self.pool.take(call.deployed)
        except UnpackError as error:
            return _failure(call, request_id, "Runtime.InvalidEntrypoint", str(error))
        init_ms: float | None = None
        if fresh:
            failed = self._load(call, worker, request_id)
            init_ms = (time.monotonic() - worker.born) * 1000
            if failed:
                return failed
        return self._call(call, worker, request_id, init_ms)

    def _start(self, deployed: Deployed) -> Worker:
        python = interpreter(deployed.runtime)
        code = self._packages.unpack(deployed, python)
        name = uuid.uuid4().hex
        stream = f"{datetime.now(UTC):%Y/%m/%d}/[{deployed.version}]{name}"
        credentials = self._identity.credentials(deployed)
        environment = worker_environment(
            deployed, code.root, stream, credentials, self._surroundings
        )
        worker = Worker(deployed, code, python, environment, self._folder / "workers" / name)
        notes = list(code.notes)
        if python.substitute:
            notes.append(f"{deployed.runtime} is not installed, this is Python {python.version[1]}")
        if notes:
            self._telemetry.write(deployed, stream, [f"SANDBOX {note}" for note in notes])
        return worker

    def _load(self, call: Call, worker: Worker, request_id: str) -> Answer | None:
        """Wait for a new worker; the answer, when it cannot serve."""
        try:
            failure = worker.wait_ready()
        except WorkerTimedOutError:
            failure = {"errorType": "Sandbox.Timedout", "errorMessage": "initialization timed out"}
        except WorkerGoneError as error:
            failure = {"errorType": "Runtime.ExitError", "errorMessage": str(error)}
        if failure is None:
            return None
        self._write(call, worker, request_id, Answer(request_id, b"", "Unhandled"), 0)
        self.pool.discard(worker)
        content = json.dumps({**failure, "requestId": request_id}).encode()
        return Answer(request_id, content, "Unhandled", version=call.deployed.version)

    def _call(self, call: Call, worker: Worker, request_id: str, init_ms: float | None) -> Answer:
        deployed = call.deployed
        began = time.perf_counter()
        reply: Reply | None = None
        kind, message = "", ""
        try:
            reply = worker.call(_head(call, request_id), call.payload, deployed.timeout_s)
        except WorkerTimedOutError:
            kind = "Sandbox.Timedout"
            message = f"Task timed out after {deployed.timeout_s:.2f} seconds"
        except WorkerGoneError as error:
            kind, message = "Runtime.ExitError", str(error)
        spent = (time.perf_counter() - began) * 1000
        if reply is None:
            answer = _failure(call, request_id, kind, f"RequestId: {request_id} Error: {message}")
            answer = replace(answer, duration_ms=spent, init_ms=init_ms)
            tail = self._write(call, worker, request_id, answer, 0, message)
            self.pool.discard(worker)
            return _with_tail(answer, tail)
        answer = Answer(
            request_id,
            reply.payload,
            "Unhandled" if reply.failed else None,
            reply.ms,
            init_ms,
            version=deployed.version,
        )
        tail = self._write(call, worker, request_id, answer, reply.memory_mb)
        self.pool.give_back(worker)
        return _with_tail(answer, tail)

    def _write(
        self,
        call: Call,
        worker: Worker,
        request_id: str,
        answer: Answer,
        memory_mb: int,
        ending: str = "",
    ) -> str:
        """Send what the function and the platform said to the log; the last of it comes back."""
        said = worker.new_output().splitlines()
        if ending:
            stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            said.append(f"{stamp} {request_id} {ending}")
        messages = [
            lines.started(call.deployed, request_id),
            *(line for line in said if line),
            *lines.reported(
                call.deployed,
                request_id,
                duration_ms=answer.duration_ms,
                init_ms=answer.init_ms,
                memory_mb=memory_mb,
                failed=answer.error is not None,
            ),
        ]
        self._telemetry.write(call.deployed, worker.stream, messages)
        return "\n".join(messages)[-_TAIL:]


def _head(call: Call, request_id: str) -> dict[str, Any]:
    return {
        "request_id": request_id,
        "arn": call.arn,
        "deadline": time.time() + call.deployed.timeout_s,
        "trace": call.trace or f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]};Sampled=0",
        "client_context": call.client_context or None,
    }


def _failure(call: Call, request_id: str, kind: str, message: str) -> Answer:
    content = json.dumps({"errorType": kind, "errorMessage": message}).encode()
    return Answer(request_id, content, "Unhandled", version=call.deployed.version)


def _with_tail(answer: Answer, tail: str) -> Answer:
    return replace(answer, log_tail=base64.b64encode(tail.encode()).decode())

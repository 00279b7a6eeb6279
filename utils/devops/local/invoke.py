"""`local_runner.py lambda`: a function of a service, run from its source with an event of a file.

Each invocation has a process of its own, with the service's environment, so the source is always
the one on disk. Nothing is built and no container is needed.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.errors import UsageProblemError
from local.project import Kind, Project
from local.setup import prepared_python

if TYPE_CHECKING:
    from sandbox.runtime.process import Worker
    from sandbox.source.backends import Backend
    from sandbox.source.handlers import Source

TIMEOUT_S = 30
MEMORY_MB = 1024


@dataclass(frozen=True, slots=True)
class Options:
    """What to invoke, with what, and against which AWS."""

    event: Path
    function: str | None = None
    localstack: bool = False
    sandbox: str = "default"


@dataclass(frozen=True, slots=True)
class Invocation:
    """What came of it; `response` is the error where `ok` is false."""

    function: str
    ok: bool
    response: Any
    duration_ms: float
    logs: str
    aws: str


def invoke(project: Project, options: Options, warn: Callable[[str], None]) -> Invocation:
    """Invoke one function of a service repository once.

    Raises:
        UsageProblemError: This is no service repository, or no function is meant.
        UnavailableError: The event or the source cannot be read.
    """
    from sandbox.source.backends import aws_for
    from sandbox.source.events import call_of, completed, read_event
    from sandbox.source.handlers import choose, functions_of

    if project.kind is not Kind.SERVICE:
        raise UsageProblemError(
            "there is no service in this folder", hint="cd into a service repository"
        )
    event = read_event(options.event)
    function = choose(functions_of(project.root), options.function, call_of(event))
    python = prepared_python(project)
    with aws_for(
        project.root, function, localstack=options.localstack, sandbox=options.sandbox
    ) as aws:
        if options.localstack and aws.name != "LocalStack":
            warn(f"LocalStack is not running; {aws.name} takes its place")
        for name in aws.missing:
            warn(f"the source asks for {name}, which is not set")
        return _run(project, function, aws, python, completed(event, function))


def _run(project: Project, function: Source, aws: Backend, python: Path, event: Any) -> Invocation:
    with tempfile.TemporaryDirectory(prefix="bbws-lambda-") as temporary:
        worker = _worker(project, function, aws, python, Path(temporary))
        began = time.perf_counter()
        try:
            ok, response = _answer(worker, event)
        finally:
            spent = round((time.perf_counter() - began) * 1000, 1)
            logs = worker.new_output()
            worker.end()
    return Invocation(function.name, ok, response, spent, logs, aws.name)


def _worker(project: Project, function: Source, aws: Backend, python: Path, folder: Path) -> Worker:
    from sandbox.runtime.deployed import Deployed, Package
    from sandbox.runtime.environment import Surroundings, worker_environment
    from sandbox.runtime.interpreters import ask, runtime_site
    from sandbox.runtime.packages import Unpacked
    from sandbox.runtime.process import Worker

    chosen = ask(str(python))
    version = f"python{chosen.version[0]}.{chosen.version[1]}"
    deployed = Deployed(
        account="000000000000",
        region="eu-west-1",
        name=function.name,
        version="$LATEST",
        revision="source",
        handler=function.entry,
        runtime=version,
        memory_mb=MEMORY_MB,
        timeout_s=TIMEOUT_S,
        role="",
        package=Package("", b""),
        environment=aws.variables,
        log_group=f"/aws/lambda/{function.name}",
    )
    libraries = project.venv / "lib" / version / "site-packages"
    code = Unpacked(project.root, (project.root, libraries))
    surroundings = Surroundings(aws.endpoint, runtime_site(folder / "runtime"))
    environment = worker_environment(deployed, code.root, "local", aws.credentials, surroundings)
    return Worker(deployed, code, chosen, environment, folder / "worker")


def _answer(worker: Worker, event: Any) -> tuple[bool, Any]:
    """Whether the function succeeded, and its response or error."""
    from sandbox.runtime.process import WorkerGoneError, WorkerTimedOutError

    try:
        failure = worker.wait_ready()
        if failure is not None:
            return False, failure
        head = _head(worker.deployed.arn)
        reply = worker.call(head, json.dumps(event).encode(), TIMEOUT_S)
    except WorkerTimedOutError:
        return False, {"errorType": "Timeout", "errorMessage": f"no answer within {TIMEOUT_S} s"}
    except WorkerGoneError as error:
        return False, {"errorType": "ExitError", "errorMessage": str(error)}
    return not reply.failed, json.loads(reply.payload)


def _head(arn: str) -> dict[str, Any]:
    return {
        "request_id": str(uuid.uuid4()),
        "arn": arn,
        "deadline": time.time() + TIMEOUT_S,
        "trace": "Root=1-00000000-000000000000000000000000;Sampled=0",
    }


def described(invocation: Invocation) -> str:
    """The response for people: as JSON, with the body of an API's answer unfolded."""
    response = invocation.response
    if isinstance(response, dict) and isinstance(response.get("body"), str):
        with suppress(ValueError):
            response = {**response, "body": json.loads(response["body"])}
    return json.dumps(response, ensure_ascii=False, indent=2)


def show_logs(invocation: Invocation) -> None:
    """What the function wrote, on standard error."""
    if invocation.logs:
        sys.stderr.write(invocation.logs.rstrip("\n") + "\n")

"""`local_runner.py docker`: the service's image, built, invoked once, and scanned.

Stages, in order: find an engine, build, run and invoke through the runtime interface emulator that
the base image brings, scan. Without an engine nothing is pretended.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from common.errors import ExitCode, FailedError, UnavailableError, UsageProblemError
from common.process import Completed, ProcessFailedError, run
from local.project import Kind, Project

Show = Callable[[str], AbstractContextManager[None]]

_INSTALL = "install Docker, and start it: https://docs.docker.com/engine/install/"
_BUILD_S = 1800
_READY_S = 30.0
_PORT = 8080
_PATH = "/2015-03-31/functions/function/invocations"


@dataclass(frozen=True, slots=True)
class Options:
    """What to do with the image; without `build` an existing one is used."""

    build: bool
    event: Path | None = None
    function: str | None = None
    scan: bool = True


@dataclass(frozen=True, slots=True)
class Scan:
    """What the scanner said; `findings` counts what is critical or high. None: it could not run."""

    scanner: str
    findings: int | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    image: str
    built: bool
    response: Any
    ok: bool
    scan: Scan | None


def run_container(project: Project, options: Options, show: Show) -> Outcome:
    """Build the image where asked, invoke its function, scan it.

    Raises:
        UsageProblemError: This is no service repository.
        UnavailableError: There is no engine, no Dockerfile or no image.
        FailedError: The image cannot be built.
    """
    if project.kind is not Kind.SERVICE:
        raise UsageProblemError(
            "there is no service in this folder", hint="cd into a service repository"
        )
    require_engine()
    image = f"{project.root.name.lower()}:local"
    if options.build:
        with show(f"building {image}"):
            _build(project.root, image)
    elif not _docker("image", "inspect", image, check=False).ok:
        raise UnavailableError(f"there is no image {image!r}", hint="add --build")
    with show("invoking the function in it"):
        response = _invoked(image, options)
    scan = None
    if options.scan:
        with show("scanning it"):
            scan = _scanned(image)
    failed = isinstance(response, dict) and "errorType" in response
    return Outcome(image, options.build, response, not failed, scan)


def require_engine() -> None:
    """Make sure that a container engine answers.

    Raises:
        UnavailableError: There is none, or it is not running.
    """
    try:
        answer = _docker("version", "--format", "{{.Server.Version}}", check=False, timeout=20)
    except UnavailableError as error:
        raise UnavailableError(error.message, hint=_INSTALL) from error
    if not answer.ok:
        reason = (answer.stderr.strip() or answer.stdout.strip()).splitlines()[-1:]
        raise UnavailableError(
            f"the container engine does not answer: {reason[0] if reason else answer.code}",
            hint=_INSTALL,
        )


def _docker(*words: str, check: bool = True, timeout: float = 120) -> Completed:
    return run(["docker", *words], check=check, timeout=timeout, install=_INSTALL)


def _build(root: Path, image: str) -> None:
    if not (root / "Dockerfile").is_file():
        raise UnavailableError(f"{root.name} has no Dockerfile")
    try:
        _docker("build", "--tag", image, str(root), timeout=_BUILD_S)
    except ProcessFailedError as error:
        raise FailedError(f"{image} cannot be built: {error.message}") from error


def _invoked(image: str, options: Options) -> Any:
    content = options.event.read_bytes() if options.event else b"{}"
    command = [f"src.handlers.{options.function}.handler"] if options.function else []
    with _running(image, command) as port:
        return _post(port, content)


@contextmanager
def _running(image: str, command: list[str]) -> Iterator[int]:
    """A container that listens on a port of this machine, and is removed afterwards."""
    name = f"bbws-local-{uuid.uuid4().hex[:12]}"
    published = f"127.0.0.1::{_PORT}"
    _docker("run", "--rm", "--detach", "--name", name, "--publish", published, image, *command)
    try:
        address = _docker("port", name, str(_PORT)).stdout.splitlines()[0]
        yield int(address.rpartition(":")[2])
    finally:
        with suppress(UnavailableError):
            _docker("rm", "--force", name, check=False)


def _post(port: int, content: bytes) -> Any:
    deadline = time.monotonic() + _READY_S
    while True:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("POST", _PATH, body=content)
            return json.loads(connection.getresponse().read() or b"null")
        except (OSError, HTTPException) as error:
            if time.monotonic() > deadline:
                raise UnavailableError(f"the container does not answer: {error}") from error
            time.sleep(0.2)
        finally:
            connection.close()


def _scanned(image: str) -> Scan:
    """Trivy's verdict; what could not be scanned is never called clean."""
    words = ["trivy", "image", "--quiet", "--format", "json", "--severity", "CRITICAL,HIGH", image]
    try:
        answer = run(words, timeout=600)
        results = json.loads(answer.stdout).get("Results") or []
    except UnavailableError as error:
        return Scan("trivy", None, error.message)
    except ValueError:
        return Scan("trivy", None, "trivy's answer is no JSON")
    return Scan("trivy", sum(len(item.get("Vulnerabilities") or []) for item in results))


def exit_code(outcome: Outcome) -> ExitCode:
    """Bad news is 1; a scan that was wanted and could not run is 4, never clean."""
    if not outcome.ok or (outcome.scan and outcome.scan.findings):
        return ExitCode.FAILED
    unscanned = outcome.scan is not None and outcome.scan.findings is None
    return ExitCode.UNAVAILABLE if unscanned else ExitCode.DONE


def described(outcome: Outcome) -> str:
    """The outcome for people."""
    lines = [f"image {outcome.image}{', built now' if outcome.built else ''}"]
    lines.append(json.dumps(outcome.response, ensure_ascii=False, indent=2))
    if outcome.scan:
        found = outcome.scan.findings
        verdict = f"could not scan: {outcome.scan.reason}" if found is None else f"{found} findings"
        lines.append(f"{outcome.scan.scanner}, critical and high: {verdict}")
    return "\n".join(lines)

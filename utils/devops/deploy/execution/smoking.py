"""Requests of our own: to a version before it has traffic, and to what callers get.

A function is asked by the event that `deploy.yml` names for it. Without one, a function behind the
API gets `GET /health`, a consumer of a queue or stream gets no records. Any other function (of a
schedule, a topic, a bus) is left alone: a made-up event would run its real work.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from common.aws_call import AwsError
from common.errors import UsageProblemError
from deploy.canary.evidence import VersionSample, latency_of
from deploy.canary.traffic import ALIAS, at_once
from deploy.ports import SmokeReport

if TYPE_CHECKING:
    from common.aws_lambda import Invocation
    from deploy.canary.strategy import Probes, Smoke
    from deploy.model import Deployment, FunctionTarget

_BAD_STATUS = 500
_HEALTH: dict[str, Any] = {
    "resource": "/health",
    "path": "/health",
    "httpMethod": "GET",
    "headers": {"Accept": "application/json", "User-Agent": "bbws-devops-probe"},
    "multiValueHeaders": {"Accept": ["application/json"]},
    "queryStringParameters": None,
    "multiValueQueryStringParameters": None,
    "pathParameters": None,
    "stageVariables": None,
    "requestContext": {
        "accountId": "000000000000",
        "apiId": "probe",
        "httpMethod": "GET",
        "path": "/health",
        "resourcePath": "/health",
        "stage": "probe",
        "requestId": "bbws-devops-probe",
        "identity": {"sourceIp": "127.0.0.1"},
    },
    "body": None,
    "isBase64Encoded": False,
}


class Invoking(Protocol):
    """Synchronous invocations, and who calls a function. `invoke` is not idempotent."""

    def invoke(self, name: str, qualifier: str, payload: bytes) -> Invocation: ...

    def policy(self, name: str, qualifier: str) -> str: ...

    def event_sources(self, name: str) -> list[str]: ...


class Fetching(Protocol):
    """GET of an address: the status code, or 0 without an answer."""

    def status(self, url: str) -> int: ...


@dataclass(frozen=True, slots=True)
class Prober:
    """Smoke tests and probes of one service."""

    functions: Invoking
    smoke: Smoke
    probes: Probes
    folder: Path | None
    environment: str
    api_url: str = ""
    fetching: Fetching | None = None

    def versions(self, deployment: Deployment) -> SmokeReport:
        """One request to each new version by its number, before it has any traffic."""
        asked = [(t.name, t.candidate) for t in deployment.functions if t.candidate]
        return _report(at_once(lambda pair: self._ask(*pair), asked))

    def live(self, deployment: Deployment) -> SmokeReport:
        """One request to each alias, and to each path of the API that `deploy.yml` names."""
        names = [(target.name, ALIAS) for target in deployment.functions]
        return _report(
            [
                *at_once(lambda pair: self._ask(*pair), names),
                *(self._fetch(path) for path in self.smoke.paths),
            ]
        )

    def probe(self, target: FunctionTarget, count: int) -> tuple[VersionSample, VersionSample]:
        """The same requests to both versions; a function that cannot be asked has no samples."""
        event = self.event_for(target.name)
        return tuple(  # type: ignore[return-value]
            self._sample(target.name, version, count, event)
            for version in (target.candidate or "", target.stable or "")
        )

    def can_probe(self, name: str) -> bool:
        """Whether there is an event to ask this function with."""
        return self.event_for(name) is not None

    def event_for(self, name: str) -> bytes | None:
        """The event for a function, or None where none is safe."""
        for key, file in self.smoke.events:
            if key in (name, name.removesuffix(f"-{self.environment}")):
                return self._read(file)
        if "apigateway.amazonaws.com" in self.functions.policy(name, ALIAS):
            return json.dumps(_HEALTH).encode()
        if self.functions.event_sources(f"{name}:{ALIAS}"):
            return b'{"Records": []}'
        return None

    def _read(self, file: str) -> bytes:
        path = (self.folder or Path()) / file
        try:
            content = path.read_bytes()
            json.loads(content)
        except (OSError, ValueError) as error:
            raise UsageProblemError(f"deploy.yml: event {file!r} is no JSON file") from error
        return content

    def _ask(self, name: str, qualifier: str) -> str | None:
        event = self.event_for(name)
        if event is None:
            return None
        try:
            return _failure(name, qualifier, self.functions.invoke(name, qualifier, event))
        except AwsError as error:
            return f"{name}:{qualifier}: {error.message}"

    def _sample(self, name: str, version: str, count: int, event: bytes | None) -> VersionSample:
        if event is None or not version:
            return VersionSample(version)
        with ThreadPoolExecutor(max_workers=self.probes.parallel) as pool:
            answers = list(pool.map(lambda _: self._try(name, version, event), range(count)))
        known = [answer for answer in answers if answer is not None]
        errors = sum(_failure(name, version, answer) is not None for answer in known)
        timed = latency_of([answer.milliseconds for answer in known])
        latencies = (timed,) if known else ()
        return VersionSample(version, len(known), errors, len(answers) - len(known), latencies)

    def _try(self, name: str, version: str, event: bytes) -> Invocation | None:
        try:
            return self.functions.invoke(name, version, event)
        except AwsError:
            # Not reached: says nothing about the version, and counts for neither side.
            return None

    def _fetch(self, path: str) -> str | None:
        if self.fetching is None or not self.api_url:
            return f"GET {path}: the address of the API is not known"
        status = self.fetching.status(self.api_url.rstrip("/") + path)
        return None if 200 <= status < 400 else f"GET {path}: {status or 'no answer'}"


def _failure(name: str, qualifier: str, answer: Invocation) -> str | None:
    about = f"{name}:{qualifier}"
    if answer.error:
        return f"{about}: {answer.error} error: {answer.payload[:200].decode(errors='replace')}"
    try:
        body = json.loads(answer.payload or b"null")
    except ValueError:
        return None
    status = body.get("statusCode") if isinstance(body, dict) else None
    if isinstance(status, int) and status >= _BAD_STATUS:
        return f"{about}: answered {status}"
    return None


def _report(failures: Sequence[str | None]) -> SmokeReport:
    return SmokeReport(len(failures), tuple(failure for failure in failures if failure))

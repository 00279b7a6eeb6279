"""What the engine needs from the outside world, as narrow as it needs it.

Every method that changes something is idempotent: the engine repeats it after a crash.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from deploy.canary.evidence import Evidence, VersionSample, Window

if TYPE_CHECKING:
    from deploy.canary.judgement import Judgement
    from deploy.model import ApiTarget, Backup, Deployment, FunctionTarget


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at before the first change."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Saved:
    """What was saved before the first change."""

    backups: tuple[Backup, ...]
    api: ApiTarget | None


@dataclass(frozen=True, slots=True)
class Released:
    """What is there now, with no traffic on it yet."""

    functions: tuple[FunctionTarget, ...]
    api: ApiTarget | None
    infrastructure: str = ""


@dataclass(frozen=True, slots=True)
class SmokeReport:
    """Requests that had to succeed: those that did not are in `failures`."""

    tried: int
    failures: tuple[str, ...] = ()


class Checking(Protocol):
    """Looks before anything is changed; reads only."""

    def preflight(self, deployment: Deployment) -> Sequence[Check]: ...

    def snapshot(self, deployment: Deployment) -> Deployment: ...


class Saving(Protocol):
    """Saves what a rollback or a person may need (idempotent by the deployment's id)."""

    def request(self, deployment: Deployment) -> dict[str, Any]: ...

    def save(self, deployment: Deployment, go_on: Callable[[], None]) -> Saved: ...


class Releasing(Protocol):
    """Brings infrastructure and code there, without traffic (idempotent)."""

    def release(self, deployment: Deployment) -> Released: ...


class Routing(Protocol):
    """Moves traffic of all functions at once (idempotent, verified)."""

    def move(self, functions: Sequence[FunctionTarget], percent: int) -> None: ...

    def restore(self, functions: Sequence[FunctionTarget]) -> None: ...


class Staging(Protocol):
    """Lets the API's stage show another deployment (idempotent, verified)."""

    def show(self, api: ApiTarget, deployment: str) -> None: ...


class Metering(Protocol):
    """Reads samples; what cannot be read is a problem in the evidence, not an exception."""

    def read(
        self, deployment: Deployment, percent: int, window: Window, probes: Probed
    ) -> Evidence: ...


class Probing(Protocol):
    """Sends synthetic requests to both versions of one function."""

    def probe(self, target: FunctionTarget, count: int) -> tuple[VersionSample, VersionSample]: ...


class Smoking(Protocol):
    """Requests that must succeed."""

    def versions(self, deployment: Deployment) -> SmokeReport: ...

    def live(self, deployment: Deployment) -> SmokeReport: ...


class Telling(Protocol):
    """Tells people and other tools; failing to must never stop a deployment."""

    def tell(
        self,
        event: str,
        deployment: Deployment,
        detail: str = "",
        backup: dict[str, Any] | None = None,
    ) -> None: ...

    def show(self, text: str) -> None: ...

    def judged(self, percent: int, judgement: Judgement, window: Window) -> None: ...


class Recording(Protocol):
    """Writes up what went wrong, and returns the incident's id."""

    def incident(self, deployment: Deployment, judgement: Judgement | None) -> str: ...

    def proven(self, deployment: Deployment) -> None: ...


@dataclass(frozen=True, slots=True)
class Probed:
    """Samples of the probes so far, by function: new version, stable version."""

    samples: dict[str, tuple[VersionSample, VersionSample]] = field(default_factory=dict)

    def of(self, target: FunctionTarget) -> tuple[VersionSample, VersionSample]:
        empty = VersionSample(target.candidate or ""), VersionSample(target.stable or "")
        return self.samples.get(target.name, empty)

    def plus(self, name: str, new: VersionSample, stable: VersionSample) -> Probed:
        known = self.samples.get(name)
        pair = (known[0].plus(new), known[1].plus(stable)) if known else (new, stable)
        return Probed({**self.samples, name: pair})


@dataclass(frozen=True, slots=True)
class World:
    """All of it together."""

    checks: Checking
    saving: Saving
    releasing: Releasing
    routing: Routing
    staging: Staging
    metering: Metering
    probing: Probing
    smoking: Smoking
    telling: Telling
    recording: Recording
    extra: Any = None

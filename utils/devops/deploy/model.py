"""What a deployment is made of. Everything here is frozen: a change is a new value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum, IntEnum
from typing import Any

from deploy.states import FINAL, Position, State


class Kind(Enum):
    """Why a deployment happens."""

    DEPLOY = "deploy"
    PROMOTION = "promotion"
    HOTFIX = "hotfix"
    ROLLBACK = "rollback"


class Verdict(IntEnum):
    """What samples say about the new version; the worst one wins. Only `PASS` promotes."""

    PASS = 0
    RUNNING = 1
    INCONCLUSIVE = 2
    ERROR = 3
    FAIL = 4


START = Position(State.REQUESTED, 0, done=True)


@dataclass(frozen=True, slots=True)
class FunctionTarget:
    """One function of the service: the version that is live, and the one that is to be.

    `config` is the configuration that was published with the candidate (memory, timeout, role,
    layers, names and a digest of the environment): going back to a version brings it back too.
    """

    name: str
    stable: str | None = None
    candidate: str | None = None
    code_sha256: str = ""
    config: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ApiTarget:
    """A REST API stage: the API deployment it showed before, and the one made for this release."""

    api_id: str
    stage: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """A person let the run pass one gate."""

    gate: str
    by: str


@dataclass(frozen=True, slots=True)
class Backup:
    """Something that was saved before the first change, and where."""

    kind: str
    name: str
    reference: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What was decided about one weight, and on what."""

    percent: int
    verdict: Verdict
    window: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """Decisions a person made for one deployment; all of them are recorded with it."""

    fix_forward: bool = False
    allow_no_traffic: bool = False
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class Abort:
    """Somebody wants a deployment to stop; the first request is the one that is kept."""

    by: str
    reason: str
    at: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment of one service in one environment, as the ledger keeps it.

    `revision` counts its transitions and is the condition of the next one. `cause` says why it is
    rolling back, blocked or refused. `ringing` are the alarms that rang before it began. `digest`
    is that of the package, or of the image where `image` names a repository of the registry.
    """

    id: str
    service: str
    environment: str
    version: str
    commit: str
    digest: str
    kind: Kind
    actor: str
    started: str
    position: Position = START
    updated: str = ""
    revision: int = 0
    functions: tuple[FunctionTarget, ...] = ()
    api: ApiTarget | None = None
    backups: tuple[Backup, ...] = ()
    approvals: tuple[Approval, ...] = ()
    judged: tuple[Judged, ...] = ()
    options: Options = field(default_factory=Options)
    previous: str | None = None
    first: bool = False
    reason: str = ""
    cause: str = ""
    run: str = ""
    canary_since: str = ""
    weight_since: str = ""
    ringing: tuple[str, ...] = ()
    infrastructure: str = ""
    component: str = ""
    incident: str = ""
    image: str = ""

    @property
    def is_final(self) -> bool:
        return self.position.state in FINAL

    @property
    def succeeded(self) -> bool:
        return self.position.state is State.SUCCEEDED

    @property
    def brings_code(self) -> bool:
        """Whether its code is to be live; a rollback of the API or of Terraform alone is not."""
        return self.kind is not Kind.ROLLBACK or self.component in ("lambda", "full", "")

    @property
    def moves_traffic(self) -> bool:
        """Whether a function is to get another version than it had."""
        return any(target.candidate != target.stable for target in self.functions)

    def at(self, position: Position, **changes: Any) -> Deployment:
        """This deployment, moved and changed."""
        return replace(self, position=position, **changes)

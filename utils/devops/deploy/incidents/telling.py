"""Tells people (SNS), other tools and agents (EventBridge) and GitHub what a deployment does.

Events have the source `bbws.devops`; their shape is templates/deploy/event.schema.json. Whoever
wants to save something of its own before a change listens for `BackupRequested` and answers
(`deploy.execution.answers`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from common.errors import DevopsError
from common.masking import mask
from common.output import note, warn
from deploy.clock import Clock, stamp
from deploy.display.view import judgement_table
from deploy.model import Deployment, Kind, Verdict

if TYPE_CHECKING:
    from deploy.canary.evidence import Window
    from deploy.canary.judgement import Judgement

SOURCE = "bbws.devops"
_FOR_PEOPLE = {
    "DeploymentSucceeded": "{service} {version} is live in {environment}",
    "DeploymentRolledBack": "{service} {version} was rolled back in {environment}",
    "DeploymentBlocked": "{service} {version} is BLOCKED in {environment}: a person has to look",
}
_STATUS = {
    "DeploymentSucceeded": "success",
    "DeploymentRolledBack": "failure",
    "DeploymentBlocked": "error",
}


class Publisher(Protocol):
    """A topic for people."""

    def publish(self, subject: str, message: str) -> None: ...


class EventBus(Protocol):
    """A bus for programs."""

    def put(self, source: str, kind: str, detail: dict[str, Any]) -> None: ...


class StatusBoard(Protocol):
    """GitHub's deployments: the state of one release in one environment."""

    def report(self, deployment: Deployment, state: str, text: str) -> None: ...


@dataclass(slots=True)
class Herald:
    """Tells everybody; whoever cannot be reached is named in a warning, and nothing stops."""

    topic: Publisher
    bus: EventBus
    board: StatusBoard | None
    clock: Clock
    releases: str = ""
    """Where the notes of releases are, up to the tag."""
    _shown: str = field(default="", init=False)

    def tell(
        self,
        event: str,
        deployment: Deployment,
        detail: str = "",
        backup: dict[str, Any] | None = None,
    ) -> None:
        """Send one event to everybody it concerns; `backup` says where to answer a request."""
        body = event_body(deployment, mask(detail), stamp(self.clock.now()))
        if backup is not None:
            body["backup"] = backup
        self._try("EventBridge", lambda: self.bus.put(SOURCE, event, body))
        if event in _FOR_PEOPLE:
            subject = _subject(event, deployment)
            notes = f"{self.releases}{deployment.version}" if self._has_notes(deployment) else ""
            text = message(subject, deployment, mask(detail), notes)
            self._try("SNS", lambda: self.topic.publish(subject, text))
        if event in _STATUS and self.board is not None:
            board = self.board
            self._try("GitHub", lambda: board.report(deployment, _STATUS[event], mask(detail)))

    def show(self, text: str) -> None:
        """One line a step."""
        note(f"… {text}")

    def judged(self, percent: int, judgement: Judgement, window: Window) -> None:
        """One line a change; the whole comparison when it is decided."""
        verdict = judgement.verdict
        reason = judgement.reasons[0] if judgement.reasons else ""
        line = f"  {percent} %: {verdict.name.lower()} {reason}".rstrip()
        if line == self._shown:
            return
        self._shown = line
        note(f"{line} ({window})")
        if verdict in (Verdict.PASS, Verdict.FAIL):
            note(judgement_table(judgement))

    def _has_notes(self, deployment: Deployment) -> bool:
        return bool(self.releases) and deployment.version.startswith("v")

    def _try(self, whom: str, action: Callable[[], None]) -> None:
        try:
            action()
        except DevopsError as error:
            warn(f"{whom} could not be told: {error.message}")


def _subject(event: str, deployment: Deployment) -> str:
    pattern = _FOR_PEOPLE[event]
    if deployment.kind is Kind.ROLLBACK and event == "DeploymentSucceeded":
        pattern = "{service} is back at {version} in {environment}"
        if deployment.options.emergency:
            pattern = f"EMERGENCY, not approved: {pattern}"
    names = (deployment.service, deployment.version, deployment.environment)
    return pattern.format(service=names[0], version=names[1], environment=names[2])


def event_body(deployment: Deployment, detail: str, at: str) -> dict[str, Any]:
    """The detail of an event, as the schema has it."""
    return {
        "schema": 1,
        "at": at,
        "service": deployment.service,
        "environment": deployment.environment,
        "version": deployment.version,
        "commit": deployment.commit,
        "digest": deployment.digest,
        "deployment": deployment.id,
        "kind": deployment.kind.value,
        "state": str(deployment.position),
        "actor": deployment.actor,
        "detail": detail,
    }


def message(subject: str, deployment: Deployment, detail: str, notes: str = "") -> str:
    """What people read."""
    lines = [
        subject,
        "",
        f"deployment  {deployment.id}",
        f"commit      {deployment.commit}",
        f"by          {deployment.actor}",
    ]
    if deployment.reason:
        lines.append(f"because     {mask(deployment.reason)}")
    if notes:
        lines.append(f"notes       {notes}")
    if detail:
        lines += ["", detail]
    if deployment.incident:
        lines += ["", f"incident    {deployment.incident}"]
    return "\n".join(lines)

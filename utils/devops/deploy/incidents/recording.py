"""Writes up what went wrong, and what was proven; both outlive the run that saw it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from common.errors import DevopsError
from common.masking import mask
from common.output import warn
from deploy.clock import Clock, stamp
from deploy.codec import encode
from deploy.model import Kind
from deploy.packaging.artifacts import Artifacts, evidence_of

if TYPE_CHECKING:
    from deploy.canary.judgement import Judgement
    from deploy.ledger.ledger import Ledger
    from deploy.model import Deployment


class LogReader(Protocol):
    """Error lines of a function's log."""

    def errors(self, function: str, since: datetime, *, limit: int = 20) -> list[str]: ...


class IssueTracker(Protocol):
    """Where people find incidents."""

    def open_issue(self, title: str, body: str) -> str: ...


_DIAGNOSES = (
    ("smoke test of the new versions", "the new code fails before any traffic: it cannot start, "
     "or its configuration lacks something"),
    ("smoke test of what callers get", "the code passed by itself, callers still get errors: look "
     "at the API, its permissions and what the functions call"),
    ("errors:", "the new version fails requests that the stable one answers"),
    ("duration", "the new version is slower than the stable one"),
    ("throttles", "the new version is throttled: concurrency is used up, or calls take longer"),
    ("dead letters", "messages fail for good with the new version"),
    ("iterator age", "the consumer falls behind with the new version"),
    ("5xx", "the API answers with errors that no function reports: look for handled exceptions"),
    ("judged error", "the metrics could not be read; nothing was learnt about the release itself"),
    ("judged inconclusive", "too little happened to say that the release is healthy"),
    ("points to", "an alias was moved by somebody else meanwhile"),
    ("terraform", "the infrastructure could not be applied; the code was not published"),
    ("aborted by", "a person stopped it"),
    ("interrupted", "the run was cancelled"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recorder:
    """Keeps incidents and evidence of one service in its environment's artifact bucket."""

    artifacts: Artifacts
    ledger: Ledger
    logs: LogReader
    clock: Clock
    issues: IssueTracker | None
    changes: Callable[[Deployment], Sequence[str]]

    def proven(self, deployment: Deployment) -> None:
        """Keep what this environment proved about the release (idempotent).

        What was rolled back from has proved the opposite: the next environment must not take it.
        """
        if deployment.kind is Kind.ROLLBACK:
            self._disproven(deployment)
            return
        self.artifacts.prove(evidence_of(deployment, self.ledger.head().hash))

    def _disproven(self, back: Deployment) -> None:
        left = self.ledger.find(back.previous) if back.previous and back.brings_code else None
        if left is not None and left.commit != back.commit:
            why = f"{left.version} was rolled back to {back.version}"
            self.artifacts.withdraw(left.commit, f"{why}: {back.reason}" if back.reason else why)

    def incident(self, deployment: Deployment, judgement: Judgement | None) -> str:
        """Write an incident up and return its id; what cannot be kept is only warned about."""
        identity = f"INC-{deployment.id}"
        document = self._document(identity, deployment, judgement)
        text = incident_text(document)
        try:
            self.artifacts.write_incident(identity, document, text)
        except DevopsError as error:
            warn(f"the incident record could not be kept: {error.message}")
        if self.issues is not None:
            title = f"{deployment.service} {deployment.version}: {deployment.cause}"[:120]
            try:
                self.issues.open_issue(f"Incident {identity}: {title}", text)
            except DevopsError as error:
                warn(f"the incident has no GitHub issue: {error.message}")
        return identity

    def _document(
        self, identity: str, deployment: Deployment, judgement: Judgement | None
    ) -> dict[str, Any]:
        return {
            "id": identity,
            "at": stamp(self.clock.now()),
            "deployment": encode(deployment),
            "cause": deployment.cause,
            "diagnosis": diagnosis(deployment.cause),
            "findings": encode(judgement.findings) if judgement else [],
            "logs": self._excerpts(deployment),
            "changes": list(self._changes(deployment)),
            "commands": commands(deployment, identity),
        }

    def _excerpts(self, deployment: Deployment) -> dict[str, list[str]]:
        since = datetime.fromisoformat(deployment.started)
        found = {}
        for target in deployment.functions:
            try:
                lines = self.logs.errors(target.name, since)
            except DevopsError as error:
                lines = [f"(the log could not be read: {error.message})"]
            if lines:
                found[target.name] = [mask(line)[:1000] for line in lines]
        return found

    def _changes(self, deployment: Deployment) -> Sequence[str]:
        try:
            return self.changes(deployment)
        except DevopsError:
            return ()


def diagnosis(cause: str) -> str:
    """The likeliest reading of a cause, in one sentence."""
    lowered = cause.lower()
    return next(
        (text for sign, text in _DIAGNOSES if sign in lowered), "see the error and the logs"
    )


def commands(deployment: Deployment, incident: str) -> list[str]:
    """What to type next, ready to be copied."""
    where = f"--env {deployment.environment} --service {deployment.service}"
    tool = "python utils/devops/deploy_cli.py"
    return [
        f"{tool} status {where}",
        f"python utils/devops/monitor_cli.py health-check --env {deployment.environment}",
        f"{tool} rollback {where} --list",
        f'{tool} unblock {where} --incident {incident} --reason "…"',
    ]


def incident_text(document: dict[str, Any]) -> str:
    """An incident as Markdown."""
    deployment = document["deployment"]
    lines = [
        f"# Incident {document['id']}",
        "",
        f"- service: {deployment['service']}, {deployment['environment']}",
        f"- release: {deployment['version']} (commit `{deployment['commit']}`)",
        f"- when: {document['at']}, started {deployment['started']} by {deployment['actor']}",
        f"- cause: {document['cause']}",
        f"- diagnosis: {document['diagnosis']}",
        "",
        "## Functions",
        "",
        "| function | stable | new |",
        "|---|---|---|",
        *(f"| {f['name']} | {f['stable']} | {f['candidate']} |" for f in deployment["functions"]),
    ]
    if document["findings"]:
        lines += [
            "",
            "## What was compared",
            "",
            "| what | metric | new | stable | verdict | why |",
        ]
        lines += ["|---|---|---|---|---|---|"]
        lines += [
            f"| {f['subject']} | {f['metric']} | {f['new']} | {f['stable']} | {f['verdict']} "
            f"| {f['reason']} |"
            for f in document["findings"]
        ]
    for name, excerpt in document["logs"].items():
        lines += ["", f"## Log of {name}", "", "```", *excerpt, "```"]
    if document["changes"]:
        lines += ["", "## Changes in this release", "", *(f"- {c}" for c in document["changes"])]
    lines += ["", "## Next", "", "```bash", *document["commands"], "```", ""]
    return "\n".join(lines)

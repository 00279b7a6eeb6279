"""What `repo_cli.py secrets` shows of an environment instead of setting it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from common.output import table
from repository import credentials
from repository.policy import policy

if TYPE_CHECKING:
    from pathlib import Path

    from repository.credentials import Aws
    from repository.target import Target


@dataclass(frozen=True, slots=True)
class Shown:
    """One report: the document for programs, the text for people, notes beside it."""

    document: dict[str, Any]
    to_text: Callable[[], str]
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong with what was found."""
        return bool(self.document["ok"])


def ages(target: Target, env: str, max_age: int | None) -> Shown:
    """What is set in an environment; a secret older than `max_age` days is wrong."""
    found = credentials.list_credentials(target, env)
    old = [e.name for e in found if e.kind == "secret" and max_age is not None and e.days > max_age]
    rows = [(e.kind, e.name, f"{e.days} d", e.updated_at, e.value or "") for e in found]
    return Shown(
        {"ok": not old, "entries": [asdict(entry) for entry in found], "too_old": old},
        lambda: table(("kind", "name", "age", "set", "value"), rows),
        (f"older than {max_age} days: {', '.join(old)}",) if old else (),
    )


def trust(target: Target, env: str, aws: Aws, *, apply: bool) -> Shown:
    """Who the role of an environment has to trust; with `apply` it is made to."""
    remote, _ = target.open()
    wanted = credentials.wanted_trust(remote, env, aws)
    notes, applied = [f"subject: {wanted.subject} ({wanted.source})"], None
    if apply:
        session = credentials.open_account(policy().environment(env), aws)
        differs = credentials.apply_trust(wanted, session, dry_run=target.dry_run)
        applied = differs and not target.dry_run
        word = "would be set" if target.dry_run else "set"
        notes.insert(0, f"{wanted.role}: {word if differs else 'is as it has to be'}")
    return Shown(
        {"ok": True, **asdict(wanted), "applied": applied},
        lambda: json.dumps(wanted.document, indent=2),
        tuple(notes),
    )


def subjects(target: Target, env: str, workflows: Path | None, aws: Aws) -> Shown:
    """What each job presents to AWS and whether AWS lets it in; no such job proves nothing."""
    verdicts = credentials.preflight(target, env, workflows, aws)
    rows = [
        (v.workflow.rsplit("/", 1)[-1], v.job, v.subject, "ok" if v.ok else "; ".join(v.reasons))
        for v in verdicts
    ]
    nothing = f"no workflow has a job that assumes a role in {env}: nothing was proved"
    return Shown(
        {
            "ok": bool(verdicts) and all(verdict.ok for verdict in verdicts),
            "jobs": [asdict(verdict) for verdict in verdicts],
        },
        lambda: table(("workflow", "job", "presents", "AWS"), rows),
        () if verdicts else (nothing,),
    )

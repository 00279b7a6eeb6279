"""May this saved plan be applied? Pure functions from facts to reasons for a refusal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from infra.source import Base

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from common.environments import Environment
    from infra.planfile import StateMark
    from infra.record import PlanRecord
    from infra.source import Source

_REFERENCE = re.compile(r"\S.{2,199}")
_GUARDED = ("sit", "prod", "prod-dr")


@dataclass(frozen=True, slots=True)
class Now:
    """What the record is compared with, read at the moment of the apply."""

    environment: Environment
    repository: str
    workspace: str
    source: Source
    base: Base
    state: StateMark
    artifacts: tuple[tuple[str, str], ...]
    plan: str | None
    terraform: str
    registered: Mapping[str, Any] | None
    time: datetime


@dataclass(frozen=True, slots=True)
class Permission:
    """What whoever applies brings along."""

    approval: str | None = None
    allow_destroy: frozenset[str] = frozenset()
    max_age: timedelta | None = None


def is_guarded(environment: Environment) -> bool:
    """Whether only reviewed, committed work goes here."""
    return environment.name in _GUARDED


def is_production(environment: Environment) -> bool:
    """Whether losses are for ever here."""
    return environment.name in {"prod", "prod-dr"}


def broken(record: PlanRecord, now: Now) -> list[str]:
    """In what the world is not any more what was planned and reviewed."""
    pairs = [
        ("environment", record.environment, now.environment.name),
        ("account", record.account, now.environment.account),
        ("region", record.region, now.environment.region),
        ("repository", record.repository, now.repository),
        ("workspace", record.workspace, now.workspace),
        ("commit", record.commit, now.source.commit),
        ("uncommitted changes", record.dirty, now.source.dirty),
        ("configuration files", record.configuration, now.source.configuration),
        ("variables file", record.variables, now.source.variables),
        ("provider lock file", record.provider_lock, now.source.provider_lock),
        ("artifacts", record.artifacts, now.artifacts),
        ("state lineage", record.lineage, now.state.lineage),
        ("state serial", record.serial, now.state.serial),
        ("plan file", record.plan, now.plan),
        ("Terraform", record.terraform, now.terraform),
    ]
    found = [
        f"{name}: planned {_shown(planned)}, now {_shown(current)}"
        for name, planned, current in pairs
        if planned != current
    ]
    return [*found, *_broken_registration(record, now), *_broken_base(record, now)]


def _shown(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{40,}", value):
        return value[:12]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(f"{name}@{digest[:12]}" for name, digest in value) or "none"
    return "none" if value in {None, ""} else str(value)


def _broken_registration(record: PlanRecord, now: Now) -> list[str]:
    if now.registered is None:
        return ["seal: it is not registered in the state bucket"]
    if now.registered.get("seal") != record.seal:
        newest = (now.registered.get("record") or {}).get("created", "?")
        return [f"seal: a newer plan was made at {newest}"]
    return []


def _broken_base(record: PlanRecord, now: Now) -> list[str]:
    """The default branch moved on after the review, away from what was reviewed."""
    was, is_ = Base(record.base), now.base
    moved = was in {Base.CURRENT, Base.AHEAD} and is_ in {Base.BEHIND, Base.DIVERGED}
    if moved or (was is not Base.UNKNOWN and is_ is Base.UNKNOWN):
        return [f"default branch: planned {was.value}, now {is_.value}"]
    return []


def too_old(record: PlanRecord, permission: Permission, now: datetime) -> str | None:
    """Why the plan may not be applied any more because of its age."""
    if record.expired(now):
        return f"it expired at {record.expires}"
    age = now - datetime.fromisoformat(record.created)
    if permission.max_age is not None and age > permission.max_age:
        return f"it is {age.total_seconds() / 60:.0f} min old, older than --max-age"
    return None


def forbidden(
    record: PlanRecord, environment: Environment, permission: Permission, base: Base
) -> list[str]:
    """What the rules of the environment have against the plan, however fresh it is."""
    reasons = []
    if is_guarded(environment):
        if record.commit is None or record.dirty:
            reasons.append("it was made from files that are not committed")
        if base in {Base.DIVERGED, Base.UNKNOWN}:
            state = "has diverged from" if base is Base.DIVERGED else "cannot be compared with"
            reasons.append(f"its commit {state} the remote's default branch")
    if is_production(environment):
        reasons.extend(_production(record, permission))
    return reasons


def _production(record: PlanRecord, permission: Permission) -> Iterable[str]:
    if record.destroys_all:
        yield "it destroys everything, which is never done here"
    if not permission.approval or not _REFERENCE.fullmatch(permission.approval):
        yield "it has no approval reference (--approval)"
    for loss in record.losses:
        if loss.address not in permission.allow_destroy:
            yield f"it would {loss.action} {loss.address} (--allow-destroy {loss.address})"

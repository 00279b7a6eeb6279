"""`webhooks`: listing, setting and removing them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from repository.changes import Outcome
from repository.vault import from_environment
from repository.webhooks import check_url, plan_webhook, removal

if TYPE_CHECKING:
    from repository.target import Target


@dataclass(frozen=True, slots=True)
class Wanted:
    """The hook that is asked for; `secret_from` names the variable that holds its secret."""

    url: str
    events: tuple[str, ...]
    secret_from: str | None = None
    rotate: bool = False
    remove: bool = False


@dataclass(frozen=True, slots=True)
class Hook:
    """One hook as it is."""

    url: str
    events: tuple[str, ...]
    active: bool
    signed: bool


def list_hooks(target: Target) -> list[Hook]:
    """The hooks of a repository."""
    remote, _ = target.open()
    return [
        Hook(
            hook["config"].get("url", ""),
            tuple(hook["events"]),
            bool(hook["active"]),
            "secret" in hook["config"],
        )
        for hook in remote.hooks()
    ]


def set_hook(target: Target, wanted: Wanted) -> Outcome:
    """Set or remove the hook for one address."""
    url = check_url(wanted.url)
    secret = from_environment(f"SECRET={wanted.secret_from}") if wanted.secret_from else None
    remote, executor = target.open()
    remote.require_facts()
    now = remote.hooks()
    if wanted.remove:
        changes = removal(target.slug, url, now)
    else:
        changes = plan_webhook(target.slug, url, wanted.events, secret, now, rotate=wanted.rotate)
    executor.run(changes)
    unsigned = () if secret or wanted.remove else ("events are not signed: --from-env VARIABLE",)
    return Outcome(str(target.slug), remote.url(), tuple(changes), unsigned, target.dry_run)

"""Break a lock whose holder is dead: by its exact ID, after a minimum age, never by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from common.audit import record as audit
from common.errors import DevopsError, RefusedError, UsageProblemError
from infra.locks import Activity, Lock, age_text, explain, local_activity

if TYPE_CHECKING:
    from infra.site import Site

KNOWN_DEAD = timedelta(minutes=10)
NOT_KNOWN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Held:
    """The locks on a state and what is known of their holder."""

    locks: tuple[Lock, ...]
    activity: Activity
    text: str
    hint: str | None = None


def look(site: Site) -> Held:
    """Who holds the lock, since when, and whether they are still at work."""
    locks = site.locks().held()
    if not locks:
        return Held((), Activity.ENDED, "the state is not locked")
    activity = activity_of(site, locks[0])
    command = f"terraform_cli.py unlock {site.command}"
    text, hint = explain(locks, command, site.now())
    return Held(tuple(locks), activity, f"{text}; its run is {activity.value}", hint)


def activity_of(
    site: Site, lock: Lock, run_status: Callable[[Any], str | None] | None = None
) -> Activity:
    """Whether the holder is at work: a process on this machine, or a run of GitHub's."""
    here = local_activity(lock, site.folder.path)
    if here is Activity.ACTIVE:
        return here
    registered = site.vault().registered()
    claim = site.vault().claim_of(str(registered["seal"])) if registered else None
    if not claim or claim.get("host") != lock.host or not claim.get("run"):
        return here
    status = (run_status or _run_status)(claim["run"])
    if status is None:
        return Activity.UNKNOWN
    return Activity.ENDED if status == "completed" else Activity.ACTIVE


def _run_status(run: Any) -> str | None:
    """What GitHub says of a run; None when it does not say."""
    from common.github import GitHub

    try:
        found = GitHub.from_environment().find(
            f"/repos/{run['repository']}/actions/runs/{run['id']}"
        )
        return str(found["status"]) if found is not None else None
    except (DevopsError, KeyError, TypeError):
        return None


def unlock(
    site: Site, lock_id: str, *, min_age: timedelta | None = None, dry_run: bool = False
) -> str:
    """Break the lock with this ID.

    Raises:
        UsageProblemError: No lock has this ID.
        RefusedError: Its holder is still at work, or the lock is too young.
    """
    held = look(site)
    matching = [lock for lock in held.locks if lock.id == lock_id]
    if not matching:
        raise UsageProblemError(f"no lock has the ID {lock_id!r}", hint=held.text)
    _check(site, matching[0], held.activity, min_age)
    places = " and ".join(f"lock {lock.place}" for lock in matching)
    if dry_run:
        return f"would break the lock {lock_id} ({places})"
    audit(
        "terraform-unlock",
        "started",
        environment=site.environment.name,
        repository=site.repository,
        lock=lock_id,
        who=matching[0].who,
    )
    locks = site.locks()
    for lock in matching:
        locks.break_(lock)
    return f"broken: the lock {lock_id} of {matching[0].who} ({places})"


def _check(site: Site, lock: Lock, activity: Activity, min_age: timedelta | None) -> None:
    if activity is Activity.ACTIVE:
        raise RefusedError(
            f"the lock {lock.id} is held by {lock.who}, whose run is still at work",
            hint="wait for it, or interrupt it once with Ctrl-C where it runs",
        )
    default = KNOWN_DEAD if activity is Activity.ENDED else NOT_KNOWN
    wanted, age = (default if min_age is None else min_age), lock.age(site.now())
    if age < wanted:
        raise RefusedError(
            f"the lock {lock.id} is {age_text(age)} old, younger than {age_text(wanted)}, "
            f"and its run is {activity.value}",
            hint="wait; or, when that run is dead for certain, lower --min-age",
        )


def repair_checksum(site: Site, *, dry_run: bool = False) -> str:
    """Make the lock table's checksum that of the state, after a run died between writing the two.

    Raises:
        RefusedError: Somebody holds the lock.
        UsageProblemError: This state has no lock table.
    """
    locks = site.locks()
    if site.backend.lock_table is None:
        raise UsageProblemError("this state is not locked through a table: there is no checksum")
    if locks.held():
        raise RefusedError("the state is locked", hint="break the lock first, if its run is dead")
    site.vault().state()
    content = site.vault().raw_state() or b""
    digest, stored = hashlib.md5(content, usedforsecurity=False).hexdigest(), locks.digest_item()
    if stored == digest or (stored is None and not content):
        return "the checksum is right: nothing to repair"
    if dry_run:
        return f"would write the checksum {digest} in place of {stored}"
    audit(
        "terraform-repair-checksum",
        "started",
        environment=site.environment.name,
        repository=site.repository,
        stored=stored,
        written=digest,
    )
    locks.write_digest(digest)
    return f"repaired: the checksum is {digest}, it was {stored}"

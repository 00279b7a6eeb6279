"""The ledger: one table that says what every deployment is, was, and may become.

Items of a service, all under the partition `SERVICE#<service>`:

    LOCK              who deploys now, until when (a lease), and a token that only grows (fencing)
    HEAD              number and hash of the last entry, what is live, what blocks
    DEPLOYMENT#<id>   the deployment as it is now
    ENTRY#<number>    what happened, chained by hash; never changed
    ABORT#<id>        somebody wants this deployment to stop

A transition is one transaction over all of them: it takes place whole, for the holder of the lock,
from the state that was read, and forward only while nobody asked to abort; or not at all.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from common.aws_call import AwsError
from common.aws_dynamodb import Check, ConditionFailedError, Delete, Item, Put
from common.errors import RefusedError, UnavailableError
from deploy.clock import Clock, stamp
from deploy.codec import canonical, decode, encode
from deploy.ledger.chain import Entry, Head, entry_hash
from deploy.ledger.leases import LEASE_SECONDS, Leases, Lock
from deploy.ledger.store import ATTEMPTS, PARTITION, SORT, Store, key_of, write_alone
from deploy.model import Abort, Deployment
from deploy.states import Position, State, can_move

if TYPE_CHECKING:
    from collections.abc import Iterator

_BACKWARD = frozenset({State.ROLLING_BACK, State.ROLLED_BACK, State.BLOCKED, State.REFUSED})


class AbortedError(Exception):
    """Somebody asked this deployment to stop; it must go no further."""

    def __init__(self, abort: Abort) -> None:
        super().__init__(abort.reason)
        self.abort = abort


class Ledger:
    """The ledger of one service in one environment."""

    def __init__(
        self, store: Store, service: str, clock: Clock, *, lease: int = LEASE_SECONDS
    ) -> None:
        self.service = service
        self._store = store
        self._clock = clock
        self._leases = Leases(store, service, clock, lease)

    # --- reading --------------------------------------------------------------------------------

    def head(self) -> Head:
        """The end of the chain."""
        item = self._store.get(self._key("HEAD"))
        if item is None:
            return Head()
        return Head(int(item["number"]), str(item["link"]), str(item["live"]), str(item["block"]))

    def find(self, deployment: str) -> Deployment | None:
        """One deployment by its id."""
        item = self._store.get(self._key(f"DEPLOYMENT#{deployment}"))
        return decode(Deployment, json.loads(str(item["body"]))) if item else None

    def deployments(self) -> list[Deployment]:
        """All deployments, oldest first."""
        rows = self._rows("DEPLOYMENT#")
        return [decode(Deployment, json.loads(str(row["body"]))) for row in rows]

    def running(self) -> Deployment | None:
        """The deployment that is not over yet, if there is one."""
        return next((d for d in reversed(self.deployments()) if not d.is_final), None)

    def live(self) -> Deployment | None:
        """The deployment whose versions serve all traffic, as far as the ledger knows."""
        head = self.head()
        return self.find(head.live) if head.live else None

    def entries(self) -> list[Entry]:
        """The chain, oldest first."""
        return [
            Entry(
                number=int(row["number"]),
                previous=str(row["previous"]),
                at=str(row["at"]),
                event=str(row["event"]),
                body=json.loads(str(row["body"])),
                hash=str(row["link"]),
            )
            for row in self._rows("ENTRY#")
        ]

    def lock(self) -> Lock | None:
        """Who holds the lock now; None when it is free or its lease has run out."""
        return self._leases.current()

    def abort_of(self, deployment: str) -> Abort | None:
        """The request to stop this deployment, if somebody made one."""
        item = self._store.get(self._key(f"ABORT#{deployment}"))
        return decode(Abort, json.loads(str(item["body"]))) if item else None

    # --- the lock -------------------------------------------------------------------------------

    def acquire(self, deployment: str, owner: str) -> Lock:
        """Take the lock for a deployment; one whose lease ran out is taken over.

        Raises:
            LockHeldError: Somebody has it; the message says who, since what and until when.
        """
        return self._leases.acquire(deployment, owner)

    def renew(self, lock: Lock) -> Lock:
        """Extend the lease.

        Raises:
            LockLostError: It is not ours any more.
        """
        return self._leases.renew(lock)

    def release(self, lock: Lock) -> None:
        """Give the lock back; harmless when it is not ours any more."""
        self._leases.release(lock)

    # --- writing --------------------------------------------------------------------------------

    def begin(self, deployment: Deployment, lock: Lock) -> Deployment:
        """Write a new deployment down.

        Raises:
            LockLostError: The lock is not ours any more.
        """
        return self._transition(None, deployment, lock, f"requested {deployment.kind.value}")

    def advance(
        self, old: Deployment, position: Position, lock: Lock, **changes: Any
    ) -> Deployment:
        """Move a deployment to its next position, in one transaction.

        Raises:
            AbortedError: It would go forward, and somebody asked it to stop.
            LockLostError: The lock is not ours any more.
            ValueError: The state machine has no such move.
        """
        if not can_move(old.position, position):
            raise ValueError(f"no way from {old.position} to {position}")
        new = old.at(position, **changes)
        event = f"{position} {'done' if position.done else 'begun'}"
        return self._transition(old, new, lock, event)

    def note(self, old: Deployment, lock: Lock, event: str, **changes: Any) -> Deployment:
        """Record a fact about a deployment that stays where it is."""
        return self._transition(old, replace(old, **changes), lock, event)

    def request_abort(self, deployment: str, abort: Abort) -> Abort:
        """Ask a deployment to stop; the first request is kept, and returned."""
        item: Item = {**self._key(f"ABORT#{deployment}"), "body": canonical(encode(abort))}
        with suppress(ConditionFailedError):
            write_alone(self._store, self._clock, Put(item, "attribute_not_exists(pk)"))
        return self.abort_of(deployment) or abort

    def block(self, incident: str, reason: str) -> None:
        """Let no deployment begin until `unblock`."""
        self._note_head("blocked", {"incident": incident, "reason": reason}, block=incident)

    def unblock(self, incident: str, reason: str, by: str) -> None:
        """Let deployments begin again.

        Raises:
            RefusedError: That incident does not block this service.
        """
        self.require_block(incident)
        body = {"incident": incident, "reason": reason, "by": by}
        self._note_head("unblocked", body, block="")

    def require_block(self, incident: str) -> None:
        """Check that this incident is the one that blocks.

        Raises:
            RefusedError: It does not.
        """
        block = self.head().block
        if block != incident:
            what = f"incident {block!r} does" if block else "nothing does"
            raise RefusedError(f"{self.service!r} is not blocked by {incident!r}: {what}")

    # --- below ----------------------------------------------------------------------------------

    def _transition(
        self, old: Deployment | None, new: Deployment, lock: Lock, event: str
    ) -> Deployment:
        revision = old.revision if old else 0
        new = replace(new, revision=revision + 1, updated=stamp(self._clock.now()))
        backward = new.position.state in _BACKWARD
        for _ in range(ATTEMPTS):
            head = self.head()
            actions = [
                *self._chain(head, event, new),
                self._deployment_item(new, revision),
                self._leases.extension(lock),
            ]
            if old and not backward:
                key = self._key(f"ABORT#{new.id}")
                actions.append(Check(key, "attribute_not_exists(pk)"))
            try:
                self._store.write(*actions)
            except AwsError as error:
                if self._is_written(new):
                    return new
                self._explain(error, new, lock, backward=backward or old is None)
                continue
            return new
        raise UnavailableError(f"the ledger of {self.service!r} could not be written")

    def _explain(self, error: AwsError, new: Deployment, lock: Lock, *, backward: bool) -> None:
        """Raise why a transition cannot take place; return where trying again makes sense."""
        if not isinstance(error, ConditionFailedError):
            if not error.uncertain:
                raise error
            self._clock.sleep(0.5)
            return
        if not self._leases.is_ours(lock):
            raise self._leases.lost(lock) from error
        abort = None if backward else self.abort_of(new.id)
        if abort:
            raise AbortedError(abort) from error
        stored = self.find(new.id)
        if stored and stored.revision >= new.revision:
            raise self._leases.lost(lock) from error
        self._clock.sleep(0.1)

    def _is_written(self, new: Deployment) -> bool:
        return self.find(new.id) == new

    def _chain(self, head: Head, event: str, new: Deployment) -> list[Put | Check | Delete]:
        live = new.id if new.succeeded and new.brings_code else head.live
        return self._link(head, event, encode(new), replace(head, live=live))

    def _link(self, head: Head, event: str, body: Any, after: Head) -> list[Put | Check | Delete]:
        number, at = head.number + 1, stamp(self._clock.now())
        link = entry_hash(number, head.hash, at, event, body)
        entry: Item = {
            **self._key(f"ENTRY#{number:08d}"),
            "number": number,
            "previous": head.hash,
            "at": at,
            "event": event,
            "body": canonical(body),
            "link": link,
        }
        item: Item = {
            **self._key("HEAD"),
            "number": number,
            "link": link,
            "live": after.live,
            "block": after.block,
        }
        same: tuple[str, dict[str, str | int]] = ("attribute_not_exists(pk)", {})
        if head.number:
            # Not `hash`, which is a reserved word of DynamoDB's.
            same = ("link = :seen", {":seen": head.hash})
        return [Put(entry, "attribute_not_exists(pk)"), Put(item, *same)]

    def _note_head(self, event: str, body: dict[str, str], *, block: str) -> None:
        for _ in range(ATTEMPTS):
            head = self.head()
            try:
                self._store.write(*self._link(head, event, body, replace(head, block=block)))
            except AwsError as error:
                if self.head().block == block:
                    return
                if not (error.uncertain or isinstance(error, ConditionFailedError)):
                    raise
                self._clock.sleep(0.1)
                continue
            return
        raise UnavailableError(f"the ledger of {self.service!r} could not be written")

    def _rows(self, prefix: str) -> Iterator[Item]:
        return self._store.query((PARTITION, f"SERVICE#{self.service}"), (SORT, prefix))

    def _key(self, sort: str) -> Item:
        return key_of(self.service, sort)

    def _deployment_item(self, new: Deployment, seen: int) -> Put:
        item: Item = {
            **self._key(f"DEPLOYMENT#{new.id}"),
            "revision": new.revision,
            "state": str(new.position),
            "body": canonical(encode(new)),
        }
        if seen:
            return Put(item, "revision = :seen", {":seen": seen})
        return Put(item, "attribute_not_exists(pk)")

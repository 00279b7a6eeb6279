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
import uuid
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from common.aws_call import AwsError
from common.aws_dynamodb import Check, ConditionFailedError, Delete, Item, Put
from common.errors import RefusedError, UnavailableError
from deploy.clock import Clock, stamp
from deploy.codec import canonical, decode, digest, encode
from deploy.model import Abort, Deployment
from deploy.states import Position, State, can_move

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTITION, SORT = "pk", "sk"
LEASE_SECONDS = 60
_SKEW_SECONDS = 5
_ATTEMPTS = 6
_BACKWARD = frozenset({State.ROLLING_BACK, State.ROLLED_BACK, State.BLOCKED, State.REFUSED})


class Store(Protocol):
    """The table. Reads are consistent, writes are transactions."""

    def get(self, key: Item) -> Item | None: ...

    def query(self, partition: tuple[str, str], prefix: tuple[str, str]) -> Iterator[Item]: ...

    def write(self, *actions: Put | Check | Delete) -> None: ...


class LockHeldError(RefusedError):
    """Another deployment of this service is going on in this environment."""

    code = "locked"


class LockLostError(UnavailableError):
    """The lease ran out and somebody else goes on with the work: touch nothing more."""

    code = "lock-lost"


class AbortedError(Exception):
    """Somebody asked this deployment to stop; it must go no further."""

    def __init__(self, abort: Abort) -> None:
        super().__init__(abort.reason)
        self.abort = abort


@dataclass(frozen=True, slots=True)
class Lock:
    """Proof of holding the lock; `nonce` tells one holder from the next, `token` only grows."""

    holder: str
    owner: str
    nonce: str
    token: int
    until: int


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain, and what stands on it."""

    number: int = 0
    hash: str = ""
    live: str = ""
    block: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of the chain: an event, the deployment after it, and the hash of the one before."""

    number: int
    previous: str
    at: str
    event: str
    body: Any
    hash: str

    def computed(self) -> str:
        """The hash this content must have."""
        return entry_hash(self.number, self.previous, self.at, self.event, self.body)


def entry_hash(number: int, previous: str, at: str, event: str, body: Any) -> str:
    """The hash of one link."""
    return digest({"number": number, "previous": previous, "at": at, "event": event, "body": body})


class Ledger:
    """The ledger of one service in one environment."""

    def __init__(
        self, store: Store, service: str, clock: Clock, *, lease: int = LEASE_SECONDS
    ) -> None:
        self.service = service
        self._store = store
        self._clock = clock
        self._lease = lease

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
        item = self._store.get(self._key("LOCK"))
        if item is None or not item["holder"] or not self._is_running(item):
            return None
        return _lock(item)

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
        nonce = uuid.uuid4().hex
        for _ in range(_ATTEMPTS):
            item = self._store.get(self._key("LOCK"))
            if item and item["nonce"] == nonce:
                return _lock(item)
            if item and item["holder"] and self._is_running(item):
                raise self._held(item)
            token = int(item["token"]) if item else 0
            mine = Lock(deployment, owner, nonce, token + 1, self._until())
            condition = "attribute_not_exists(pk)"
            values: dict[str, str | int] = {}
            if item:
                condition, values = "nonce = :nonce", {":nonce": str(item["nonce"])}
            try:
                self._write(Put(self._lock_item(mine), condition, values))
            except ConditionFailedError:
                continue
            return mine
        raise LockHeldError(
            f"others are deploying {self.service!r} at this moment", hint="try again in a minute"
        )

    def renew(self, lock: Lock) -> Lock:
        """Extend the lease.

        Raises:
            LockLostError: It is not ours any more.
        """
        renewed = replace(lock, until=self._until())
        try:
            self._write(self._put_lock(renewed))
        except ConditionFailedError as error:
            raise self._lost(lock) from error
        return renewed

    def release(self, lock: Lock) -> None:
        """Give the lock back; harmless when it is not ours any more."""
        freed = replace(lock, holder="", owner="", nonce=f"free-{lock.nonce}", until=0)
        try:
            self._write(self._put_lock(freed, nonce=lock.nonce))
        except ConditionFailedError:
            return

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
            self._write(Put(item, "attribute_not_exists(pk)"))
        return self.abort_of(deployment) or abort

    def block(self, incident: str, reason: str) -> None:
        """Let no deployment begin until `unblock`."""
        self._note_head("blocked", {"incident": incident, "reason": reason}, block=incident)

    def unblock(self, incident: str, reason: str, by: str) -> None:
        """Let deployments begin again.

        Raises:
            RefusedError: That incident does not block this service.
        """
        head = self.head()
        if head.block != incident:
            what = f"incident {head.block!r} does" if head.block else "nothing does"
            raise RefusedError(f"{self.service!r} is not blocked by {incident!r}: {what}")
        body = {"incident": incident, "reason": reason, "by": by}
        self._note_head("unblocked", body, block="")

    # --- below ----------------------------------------------------------------------------------

    def _transition(
        self, old: Deployment | None, new: Deployment, lock: Lock, event: str
    ) -> Deployment:
        revision = old.revision if old else 0
        new = replace(new, revision=revision + 1, updated=stamp(self._clock.now()))
        backward = new.position.state in _BACKWARD
        for _ in range(_ATTEMPTS):
            head = self.head()
            actions = [
                *self._chain(head, event, new),
                self._deployment_item(new, revision),
                self._put_lock(replace(lock, until=self._until())),
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
        item = self._store.get(self._key("LOCK"))
        if item is None or item["nonce"] != lock.nonce:
            raise self._lost(lock) from error
        abort = None if backward else self.abort_of(new.id)
        if abort:
            raise AbortedError(abort) from error
        stored = self.find(new.id)
        if stored and stored.revision >= new.revision:
            raise self._lost(lock) from error
        self._clock.sleep(0.1)

    def _is_written(self, new: Deployment) -> bool:
        return self.find(new.id) == new

    def _chain(self, head: Head, event: str, new: Deployment) -> list[Put | Check | Delete]:
        live = new.id if new.position.state is State.SUCCEEDED else head.live
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
        for _ in range(_ATTEMPTS):
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

    def _write(self, action: Put) -> None:
        """One write; an answer that was lost is looked up instead of asked for again."""
        for _ in range(_ATTEMPTS):
            try:
                self._store.write(action)
            except ConditionFailedError as error:
                key = {PARTITION: action.item[PARTITION], SORT: action.item[SORT]}
                if self._store.get(key) == action.item:
                    return
                if error.reason != "conflict":
                    raise
                self._clock.sleep(0.1)
                continue
            except AwsError as error:
                if not error.uncertain:
                    raise
                self._clock.sleep(0.5)
                continue
            return
        raise UnavailableError(f"the ledger of {self.service!r} could not be written")

    def _rows(self, prefix: str) -> Iterator[Item]:
        return self._store.query((PARTITION, f"SERVICE#{self.service}"), (SORT, prefix))

    def _key(self, sort: str) -> Item:
        return {PARTITION: f"SERVICE#{self.service}", SORT: sort}

    def _until(self) -> int:
        return int((self._clock.now() + timedelta(seconds=self._lease)).timestamp())

    def _is_running(self, item: Item) -> bool:
        return int(item["until"]) + _SKEW_SECONDS > self._clock.now().timestamp()

    def _lock_item(self, lock: Lock) -> Item:
        return {
            **self._key("LOCK"),
            "holder": lock.holder,
            "owner": lock.owner,
            "nonce": lock.nonce,
            "token": lock.token,
            "until": lock.until,
        }

    def _put_lock(self, lock: Lock, *, nonce: str | None = None) -> Put:
        return Put(self._lock_item(lock), "nonce = :nonce", {":nonce": nonce or lock.nonce})

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

    def _held(self, item: Item) -> LockHeldError:
        left = int(item["until"]) - int(self._clock.now().timestamp())
        return LockHeldError(
            f"{item['owner']} is deploying {self.service!r} (deployment {item['holder']})",
            hint=f"its lease runs for another {max(left, 0) + _SKEW_SECONDS} s; "
            f"`deploy_cli.py status` shows it, `abort` stops it",
        )

    def _lost(self, lock: Lock) -> LockLostError:
        return LockLostError(
            f"the lock of {self.service!r} went to somebody else while {lock.holder} was at work",
            hint="`deploy_cli.py status` shows who goes on with it",
        )


def _lock(item: Item) -> Lock:
    return Lock(
        str(item["holder"]),
        str(item["owner"]),
        str(item["nonce"]),
        int(item["token"]),
        int(item["until"]),
    )


def broken_links(entries: list[Entry], head: Head) -> list[str]:
    """What is wrong with a chain: gaps, changed entries, a cut end. Empty when it holds."""
    problems, previous = [], ""
    for expected, entry in enumerate(entries, start=1):
        if entry.number != expected:
            problems.append(f"entry {expected} is missing")
            break
        if entry.previous != previous:
            problems.append(f"entry {entry.number} does not follow entry {expected - 1}")
        if entry.hash != entry.computed():
            problems.append(f"entry {entry.number} was changed after it was written")
        previous = entry.hash
    if (head.number, head.hash) != ((entries[-1].number, entries[-1].hash) if entries else (0, "")):
        problems.append("the end of the chain is not where the head says")
    return problems

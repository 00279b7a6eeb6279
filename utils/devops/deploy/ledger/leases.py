"""Who deploys a service now: a lock with a lease, and a token that only grows."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from common.aws_dynamodb import ConditionFailedError, Item, Put
from common.errors import RefusedError, UnavailableError
from deploy.ledger.store import ATTEMPTS, key_of, write_alone

if TYPE_CHECKING:
    from deploy.clock import Clock
    from deploy.ledger.store import Store

LEASE_SECONDS = 60
_SKEW_SECONDS = 5


class LockHeldError(RefusedError):
    """Another deployment of this service is going on in this environment."""

    code = "locked"


class LockLostError(UnavailableError):
    """The lease ran out and somebody else goes on with the work: touch nothing more."""

    code = "lock-lost"


@dataclass(frozen=True, slots=True)
class Lock:
    """Proof of holding the lock; `nonce` tells one holder from the next, `token` only grows."""

    holder: str
    owner: str
    nonce: str
    token: int
    until: int


class Leases:
    """The lock of one service; it must be renewed, or others may take it over."""

    def __init__(self, store: Store, service: str, clock: Clock, seconds: int) -> None:
        self._store = store
        self._service = service
        self._clock = clock
        self._seconds = seconds

    def current(self) -> Lock | None:
        """Who holds the lock now; None when it is free or its lease has run out."""
        item = self._item()
        if item is None or not item["holder"] or not self._is_running(item):
            return None
        return _lock(item)

    def acquire(self, deployment: str, owner: str) -> Lock:
        """Take the lock for a deployment; one whose lease ran out is taken over.

        Raises:
            LockHeldError: Somebody has it; the message says who, since what and until when.
        """
        nonce = uuid.uuid4().hex
        for _ in range(ATTEMPTS):
            item = self._item()
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
                write_alone(self._store, self._clock, Put(self._item_of(mine), condition, values))
            except ConditionFailedError:
                continue
            return mine
        raise LockHeldError(
            f"others are deploying {self._service!r} at this moment", hint="try again in a minute"
        )

    def renew(self, lock: Lock) -> Lock:
        """Extend the lease.

        Raises:
            LockLostError: It is not ours any more.
        """
        renewed = replace(lock, until=self._until())
        try:
            write_alone(self._store, self._clock, self._put(renewed, lock.nonce))
        except ConditionFailedError as error:
            raise self.lost(lock) from error
        return renewed

    def release(self, lock: Lock) -> None:
        """Give the lock back; harmless when it is not ours any more."""
        freed = replace(lock, holder="", owner="", nonce=f"free-{lock.nonce}", until=0)
        try:
            write_alone(self._store, self._clock, self._put(freed, lock.nonce))
        except ConditionFailedError:
            return

    def extension(self, lock: Lock) -> Put:
        """The part of a transaction that holds only for the lock's owner, and renews the lease."""
        return self._put(replace(lock, until=self._until()), lock.nonce)

    def is_ours(self, lock: Lock) -> bool:
        """Whether nobody took the lock over."""
        item = self._item()
        return item is not None and item["nonce"] == lock.nonce

    def lost(self, lock: Lock) -> LockLostError:
        """What to raise when somebody did."""
        return LockLostError(
            f"the lock of {self._service!r} went to somebody else while {lock.holder} was at work",
            hint="`deploy_cli.py status` shows who goes on with it",
        )

    def _item(self) -> Item | None:
        return self._store.get(key_of(self._service, "LOCK"))

    def _item_of(self, lock: Lock) -> Item:
        return {
            **key_of(self._service, "LOCK"),
            "holder": lock.holder,
            "owner": lock.owner,
            "nonce": lock.nonce,
            "token": lock.token,
            "until": lock.until,
        }

    def _put(self, lock: Lock, nonce: str) -> Put:
        return Put(self._item_of(lock), "nonce = :nonce", {":nonce": nonce})

    def _until(self) -> int:
        return int((self._clock.now() + timedelta(seconds=self._seconds)).timestamp())

    def _is_running(self, item: Item) -> bool:
        return int(item["until"]) + _SKEW_SECONDS > self._clock.now().timestamp()

    def _held(self, item: Item) -> LockHeldError:
        left = int(item["until"]) - int(self._clock.now().timestamp())
        return LockHeldError(
            f"{item['owner']} is deploying {self._service!r} (deployment {item['holder']})",
            hint=f"its lease runs for another {max(left, 0) + _SKEW_SECONDS} s; "
            f"`deploy_cli.py status` shows it, `abort` stops it",
        )


def _lock(item: Item) -> Lock:
    return Lock(
        str(item["holder"]),
        str(item["owner"]),
        str(item["nonce"]),
        int(item["token"]),
        int(item["until"]),
    )

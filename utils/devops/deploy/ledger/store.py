"""The table below the ledger: its keys, and a write whose answer may get lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from common.aws_call import AwsError
from common.aws_dynamodb import Check, ConditionFailedError, Delete, Item, Put
from common.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.clock import Clock

PARTITION, SORT = "pk", "sk"
ATTEMPTS = 6


class Store(Protocol):
    """The table. Reads are consistent, writes are transactions."""

    def get(self, key: Item) -> Item | None: ...

    def query(self, partition: tuple[str, str], prefix: tuple[str, str]) -> Iterator[Item]: ...

    def write(self, *actions: Put | Check | Delete) -> None: ...


def key_of(service: str, sort: str) -> Item:
    """The key of one of a service's items."""
    return {PARTITION: f"SERVICE#{service}", SORT: sort}


def write_alone(store: Store, clock: Clock, action: Put) -> None:
    """One write; an answer that was lost is looked up instead of asked for again.

    Raises:
        ConditionFailedError: Its condition does not hold.
        UnavailableError: The table gave no answer.
    """
    for _ in range(ATTEMPTS):
        try:
            store.write(action)
        except ConditionFailedError as error:
            key = {PARTITION: action.item[PARTITION], SORT: action.item[SORT]}
            if store.get(key) == action.item:
                return
            if error.reason != "conflict":
                raise
            clock.sleep(0.1)
            continue
        except AwsError as error:
            if not error.uncertain:
                raise
            clock.sleep(0.5)
            continue
        return
    raise UnavailableError(f"{action.item[PARTITION]} could not be written to the ledger")

"""Small strict stand-ins: a clock that only moves when asked, a table and a bucket in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from common.aws_call import AwsError
from common.aws_dynamodb import Check, ConditionFailedError, Delete, Item, Put
from deploy.clock import Clock

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


class FakeTime:
    """Time that passes only by sleeping; `then` runs at each tick, to let the world move on."""

    def __init__(self, start: datetime = NOON) -> None:
        self.moment = start
        self.slept: list[float] = []
        self.then: Callable[[datetime], None] = lambda _: None

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += timedelta(seconds=seconds)
        self.then(self.moment)

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.moment, self.sleep)


class MemoryTable:
    """A table with transactions and the conditions the ledger uses; refuses any other."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Item] = {}
        self.writes = 0
        self.before: Callable[[int], None] = lambda _: None
        self.after: Callable[[int], None] = lambda _: None
        self._guard = threading.RLock()

    def get(self, key: Item) -> Item | None:
        with self._guard:
            found = self.items.get(_key(key))
            return dict(found) if found else None

    def query(self, partition, prefix):
        with self._guard:
            rows = sorted(self.items.items())
        return iter(
            [dict(v) for (p, s), v in rows if p == partition[1] and s.startswith(prefix[1])]
        )

    def write(self, *actions: Put | Check | Delete) -> None:
        with self._guard:
            self.writes += 1
            number = self.writes
            self.before(number)
            keys = [_key(a.item if isinstance(a, Put) else a.key) for a in actions]
            assert len(keys) == len(set(keys)), "DynamoDB refuses two actions on one item"
            for key, action in zip(keys, actions, strict=True):
                if not _holds(action.condition, action.values, self.items.get(key)):
                    raise ConditionFailedError(f"condition of {key}", reason="condition")
            for key, action in zip(keys, actions, strict=True):
                if isinstance(action, Put):
                    self.items[key] = dict(action.item)
                elif isinstance(action, Delete):
                    self.items.pop(key, None)
            self.after(number)


class MemoryBucket:
    """A bucket in memory."""

    name = "bbws-artifacts-test"

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}

    def get(self, key):
        return self.content.get(key)

    def has(self, key):
        return key in self.content

    def put(self, key, content, *, content_type):
        self.content[key] = content

    def keys(self, prefix):
        return sorted(key for key in self.content if key.startswith(prefix))

    def remove(self, key):
        self.content.pop(key, None)


def lost() -> AwsError:
    return AwsError("dynamodb: read timeout", reason="ReadTimeoutError", uncertain=True)


def _key(item: Item) -> tuple[str, str]:
    return str(item["pk"]), str(item["sk"])


def _holds(condition: str | None, values, item: Item | None) -> bool:
    if condition is None:
        return True
    if condition == "attribute_not_exists(pk)":
        return item is None
    attribute, equals, value = condition.split()
    assert equals == "="
    return item is not None and item.get(attribute) == values[value]

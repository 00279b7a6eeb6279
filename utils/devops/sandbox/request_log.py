"""Every call to AWS, in order: a test can prove that there was none but STS."""

from __future__ import annotations

import json
import threading
from collections import Counter, deque
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_KEPT = 50_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One call. `account` is the caller's; `number` counts from 1."""

    number: int
    time: str
    service: str
    operation: str
    account: str
    region: str
    status: int
    milliseconds: float
    agent: str = ""


class RequestLog:
    """Keeps calls in memory for questions and in a file for reading; safe for many threads."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=_KEPT)
        self._count = 0
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def add(
        self,
        *,
        service: str,
        operation: str,
        account: str,
        region: str,
        status: int,
        milliseconds: float,
        agent: str,
    ) -> None:
        """Note one call."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        ms = round(milliseconds, 1)
        with self._lock:
            self._count += 1
            number = self._count
            entry = Entry(number, now, service, operation, account, region, status, ms, agent)
            self._entries.append(entry)
            self._file.write(json.dumps(asdict(entry)) + "\n")

    def since(self, number: int) -> list[Entry]:
        """The calls after the one with this number."""
        with self._lock:
            return [entry for entry in self._entries if entry.number > number]

    def counts(self) -> Counter[str]:
        """How many calls each service got."""
        with self._lock:
            return Counter(entry.service for entry in self._entries)

    def close(self) -> None:
        """Write no more."""
        with self._lock:
            self._file.close()

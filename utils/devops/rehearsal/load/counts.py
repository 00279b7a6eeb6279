"""Counts of requests by second and name, with their latencies in whole milliseconds.

Latencies are kept to 1 ms up to a second, and to 1 % beyond. Standard library only: Locust's
processes use this module too.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

_EXACT_MS = 1000
_ERRORS = 20


def rounded(milliseconds: float) -> int:
    """A latency at the precision it is kept with."""
    if milliseconds <= _EXACT_MS:
        return max(0, round(milliseconds))
    step: int = 10 ** (int(math.log10(milliseconds)) - 2)
    return round(milliseconds / step) * step


@dataclass(slots=True)
class Count:
    """Requests of one name in some time."""

    requests: int = 0
    failures: int = 0
    latencies: Counter[int] = field(default_factory=Counter)
    """Of good answers only: a fast failure makes nothing faster."""
    errors: Counter[str] = field(default_factory=Counter)

    def add(self, milliseconds: float, error: str | None) -> None:
        self.requests += 1
        if error is None:
            self.latencies[rounded(milliseconds)] += 1
        else:
            self.failures += 1
            known = error in self.errors or len(self.errors) < _ERRORS
            self.errors[error if known else "others"] += 1

    def merge(self, other: Count) -> None:
        self.requests += other.requests
        self.failures += other.failures
        self.latencies.update(other.latencies)
        self.errors.update(other.errors)

    @property
    def good(self) -> int:
        return self.requests - self.failures

    @property
    def error_rate(self) -> float:
        return self.failures / self.requests if self.requests else 0.0

    def percentile(self, part: float) -> int | None:
        """The latency that this part of the good answers did not exceed; None without any."""
        wanted = math.ceil(self.good * part)
        seen = 0
        for value in sorted(self.latencies):
            seen += self.latencies[value]
            if seen >= wanted > 0:
                return value
        return None


class Counts:
    """Counts by second (of the epoch) and name."""

    def __init__(self) -> None:
        self.by_second: dict[int, dict[str, Count]] = {}

    def at(self, second: int, name: str) -> Count:
        """The count of a name in a second, made where there is none."""
        return self.by_second.setdefault(second, {}).setdefault(name, Count())

    def merge(self, other: Counts) -> None:
        for second, names in other.by_second.items():
            for name, count in names.items():
                self.at(second, name).merge(count)

    def between(self, start: float, end: float) -> Counts:
        """The seconds from `start` up to `end`."""
        part = Counts()
        part.by_second = {s: names for s, names in self.by_second.items() if start <= s < end}
        return part

    def by_name(self) -> dict[str, Count]:
        """All seconds together."""
        found: dict[str, Count] = {}
        for names in self.by_second.values():
            for name, count in names.items():
                found.setdefault(name, Count()).merge(count)
        return dict(sorted(found.items()))

    def total(self) -> Count:
        return merged(self.by_name().values())

    @property
    def seconds(self) -> int:
        """From the first to the last second in which there was a request."""
        return max(self.by_second) - min(self.by_second) + 1 if self.by_second else 0

    def dump(self) -> list[Any]:
        """As plain data, for a line or a message between processes."""
        return [
            [second, name, c.requests, c.failures, list(c.latencies.items()), dict(c.errors)]
            for second, names in self.by_second.items()
            for name, c in names.items()
        ]


def load_counts(data: Iterable[Any]) -> Counts:
    """What `dump` made."""
    counts = Counts()
    for second, name, requests, failures, latencies, errors in data:
        pairs = {int(value): int(times) for value, times in latencies}
        counts.at(second, name).merge(Count(requests, failures, Counter(pairs), Counter(errors)))
    return counts


def merged(counts: Iterable[Count]) -> Count:
    """All of them together."""
    whole = Count()
    for count in counts:
        whole.merge(count)
    return whole

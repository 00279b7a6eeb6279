"""What was measured about a release: plain numbers, with no opinion about them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

QUANTILES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
"""What is asked of every latency distribution."""


@dataclass(frozen=True, slots=True)
class Window:
    """Whole, closed minutes."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> int:
        return max(0, int((self.end - self.start).total_seconds()))

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%dT%H:%MZ} to {self.end:%H:%MZ}"


def closed_window(moved: datetime, now: datetime, settle_seconds: int) -> Window:
    """The minutes that began after the weight was moved and whose numbers no longer change."""
    start = _floor(moved + timedelta(seconds=59, microseconds=999_999))
    end = _floor(now - timedelta(seconds=settle_seconds))
    return Window(start, max(start, end))


def _floor(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Latency:
    """One period's durations: how many, and the quantiles that are known (share, milliseconds)."""

    count: int
    quantiles: tuple[tuple[float, float], ...]

    def at(self, share: float) -> float | None:
        return dict(self.quantiles).get(share)

    def above(self, limit: float) -> float:
        """How many were slower than `limit`, at least: quantiles give a lower bound."""
        over = [share for share, value in self.quantiles if value > limit]
        return (1 - min(over)) * self.count if over else 0.0


def latency_of(durations: Sequence[float]) -> Latency:
    """The latency of durations that are known one by one."""
    ordered = sorted(durations)
    if not ordered:
        return Latency(0, ())
    last = len(ordered) - 1
    return Latency(len(ordered), tuple((q, ordered[round(q * last)]) for q in QUANTILES))


@dataclass(frozen=True, slots=True)
class VersionSample:
    """Requests to one version of one function. `latencies` holds one entry per known period."""

    version: str
    requests: int = 0
    errors: int = 0
    throttles: int = 0
    latencies: tuple[Latency, ...] = ()

    @property
    def timed(self) -> int:
        return sum(latency.count for latency in self.latencies)

    def quantile(self, share: float) -> float | None:
        """The quantile over all periods, weighted by their requests."""
        known = [(p.count, p.at(share)) for p in self.latencies if p.count]
        total = sum(count for count, value in known if value is not None)
        if not total:
            return None
        return sum(count * value for count, value in known if value is not None) / total

    def above(self, limit: float) -> int:
        """How many were slower than `limit`, at least; parts of requests count over all periods."""
        return int(sum(latency.above(limit) for latency in self.latencies) + 1e-9)

    def plus(self, other: VersionSample) -> VersionSample:
        """Both together; the version is this one's."""
        return replace(
            self,
            requests=self.requests + other.requests,
            errors=self.errors + other.errors,
            throttles=self.throttles + other.throttles,
            latencies=self.latencies + other.latencies,
        )


@dataclass(frozen=True, slots=True)
class Change:
    """A number before the release and during it, over `seconds_before` and `seconds_during`."""

    before: float
    during: float
    seconds_before: int = 0
    seconds_during: int = 0


@dataclass(frozen=True, slots=True)
class FunctionEvidence:
    """One function: real traffic by version, probes by version, and the lag of a stream."""

    function: str
    new: VersionSample
    stable: VersionSample
    new_probes: VersionSample
    stable_probes: VersionSample
    iterator_age_ms: Change | None = None


@dataclass(frozen=True, slots=True)
class ApiEvidence:
    """The API's own answers: requests and 5xx before the release and during it.

    The errors of the stable functions are known apart, so that they are not held against the new.
    """

    requests_before: int
    bad_before: int
    requests: int
    bad: int
    stable_errors_before: int = 0


@dataclass(frozen=True, slots=True)
class AlarmEvidence:
    """An alarm of the service: whether it rang before the release, and whether it rings now."""

    name: str
    before: bool
    now: bool
    names_version: str | None = None


@dataclass(frozen=True, slots=True)
class QueueEvidence:
    """A queue of failed messages, and how much it grew."""

    name: str
    grown: Change


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was measured at one weight. `problems` are measurements that could not be made."""

    window: Window
    percent: int
    functions: tuple[FunctionEvidence, ...]
    api: ApiEvidence | None = None
    alarms: tuple[AlarmEvidence, ...] = ()
    queues: tuple[QueueEvidence, ...] = ()
    problems: tuple[str, ...] = ()

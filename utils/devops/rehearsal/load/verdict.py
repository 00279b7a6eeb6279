"""Whether a load test reached its thresholds: a pure function of its counts.

Locust's own exit code says only whether a single request failed, so it is not asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rehearsal.load.config import Thresholds
    from rehearsal.load.counts import Count

PERCENTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
Baseline = Mapping[str, Any]
"""The `total` of an earlier run's report."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One threshold: what was wanted, what was measured, and whether that is enough."""

    name: str
    wanted: str
    measured: str
    met: bool


def judge(
    total: Count, seconds: float, limits: Thresholds, baseline: Baseline | None = None
) -> tuple[Judged, ...]:
    """Judge the counts of the time after the warm-up; without good answers everything is missed."""
    return tuple(_judged(total, seconds, limits, baseline))


def _judged(
    total: Count, seconds: float, limits: Thresholds, baseline: Baseline | None
) -> Iterator[Judged]:
    enough = total.good >= limits.min_requests
    yield Judged("good answers", f"≥ {limits.min_requests}", f"{total.good}", enough)
    for name, part in PERCENTILES.items():
        limit = getattr(limits, name)
        value = total.percentile(part)
        if limit is not None:
            met = value is not None and value <= limit
            yield Judged(name, f"≤ {limit:g} ms", _milliseconds(value), met)
    if limits.error_rate is not None:
        met = total.requests > 0 and total.error_rate <= limits.error_rate
        yield Judged("errors", f"≤ {limits.error_rate:.3g}", f"{total.error_rate:.3g}", met)
    if limits.requests_per_second is not None:
        rate = total.good / seconds if seconds > 0 else 0.0
        wanted = f"≥ {limits.requests_per_second:g}/s"
        yield Judged(
            "good answers a second", wanted, f"{rate:.1f}/s", rate >= limits.requests_per_second
        )
    if baseline is not None and limits.slower_than_baseline is not None:
        yield from _slower(total, limits.slower_than_baseline, baseline)


def _slower(total: Count, part: float, baseline: Baseline) -> Iterator[Judged]:
    for name, share in PERCENTILES.items():
        before, value = baseline.get(name), total.percentile(share)
        if isinstance(before, (int, float)) and before > 0:
            # One millisecond is what is measured: less than that is no difference.
            limit = max(before * (1 + part), before + 1)
            met = value is not None and value <= limit
            wanted = f"≤ {limit:.0f} ms ({before:g} ms before)"
            yield Judged(f"{name} against the baseline", wanted, _milliseconds(value), met)


def _milliseconds(value: float | None) -> str:
    return "nothing measured" if value is None else f"{value:g} ms"

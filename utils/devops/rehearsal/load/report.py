"""A load test as text, JSON, CSV and one HTML page with charts."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from common.output import table
from pipelines.simulation.fidelity import Gap
from pipelines.simulation.simulate_report import not_exercised
from rehearsal import page
from rehearsal.junit import write_text
from rehearsal.load.counts import merged
from rehearsal.load.verdict import PERCENTILES

if TYPE_CHECKING:
    from rehearsal.load.counts import Count
    from rehearsal.load.run import LoadRun

GAPS = (
    Gap("where callers are", "the load came from these machines: other networks are slower"),
    Gap("precision", "latencies are kept to 1 ms, and to 1 % above a second"),
    Gap("what was not sent", "only the listed requests were; queues and schedules had no load"),
)
PLANNED_GAPS = (Gap("load", "nothing was sent: only what would be sent was worked out"), *GAPS)
_COLUMNS = ("request", "requests", "failures", "p50", "p95", "p99", "a second")


def as_text(run: LoadRun) -> str:
    """A row a request, a row a threshold, and what this did not exercise."""
    lines = [_title(run), "", table(_COLUMNS, _rows(run)), ""]
    lines += [f"warm-up, not judged: {_brief(run.warm_up)}"] if run.config.warm_up else []
    lines += [f"{_mark(one.met)} {one.name}: {one.measured} ({one.wanted})" for one in run.judged]
    lines += [f"? {text}" for text in run.trouble]
    total = run.counts.total()
    lines += [f"  {count} × {error}" for error, count in total.errors.most_common(5)]
    lines += [f"reports: {run.reports}", ""]
    return "\n".join([*lines, *not_exercised(GAPS)])


def _title(run: LoadRun) -> str:
    part = " (partial)" if run.interrupted else ""
    return f"{run.url}: {run.config.users} users, {run.seconds:.0f} s judged{part}"


def _mark(met: bool) -> str:
    return "✓" if met else "✗"


def _brief(count: Count) -> str:
    p95 = count.percentile(0.95)
    return f"{count.requests} requests, {count.failures} failed, p95 {p95 if p95 else '-'} ms"


def _rows(run: LoadRun) -> Iterator[tuple[object, ...]]:
    named = run.counts.by_name()
    for name, count in [*named.items(), ("all", merged(named.values()))]:
        rate = count.requests / run.seconds if run.seconds else 0.0
        parts = [count.percentile(part) for part in PERCENTILES.values()]
        yield (name, count.requests, count.failures, *parts, round(rate, 1))


def as_data(run: LoadRun) -> dict[str, Any]:
    """The run for programs; `total` is what `--baseline` reads."""
    named = run.counts.by_name()
    return {
        "ok": run.exit_code == 0,
        "url": run.url,
        "users": run.config.users,
        "seconds": round(run.seconds, 1),
        "interrupted": run.interrupted,
        "trouble": list(run.trouble),
        "thresholds": [asdict(one) for one in run.judged],
        "total": _numbers(merged(named.values()), run.seconds),
        "requests": {name: _numbers(count, run.seconds) for name, count in named.items()},
        "warm_up": _numbers(run.warm_up, run.config.warm_up),
        "baseline": dict(run.baseline) if run.baseline is not None else None,
        "reports": str(run.reports),
        "not_exercised": [asdict(gap) for gap in GAPS],
    }


def _numbers(count: Count, seconds: float) -> dict[str, Any]:
    return {
        "requests": count.requests,
        "failures": count.failures,
        "error_rate": round(count.error_rate, 6),
        **{name: count.percentile(part) for name, part in PERCENTILES.items()},
        "requests_per_second": round(count.requests / seconds, 3) if seconds else 0.0,
        "errors": dict(count.errors.most_common(20)),
    }


def keep(run: LoadRun) -> None:
    """Write `report.json`, `report.html`, `requests.csv` and `history.csv`."""
    folder = run.reports
    write_text(folder / "report.json", json.dumps(as_data(run), indent=2) + "\n")
    write_text(folder / "report.html", page.page(_title(run), _parts(run)))
    write_text(folder / "requests.csv", _csv(_COLUMNS, _rows(run)))
    columns = ("second", "requests", "failures", "p50", "p95", "p99")
    write_text(folder / "history.csv", _csv(columns, _history(run)))


def _csv(columns: tuple[str, ...], rows: Iterator[tuple[object, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([columns, *rows])
    return text.getvalue()


def _history(run: LoadRun) -> Iterator[tuple[object, ...]]:
    for second in sorted(run.counts.by_second):
        whole = merged(run.counts.by_second[second].values())
        parts = [whole.percentile(part) for part in PERCENTILES.values()]
        yield (round(second - run.began), whole.requests, whole.failures, *parts)


def _parts(run: LoadRun) -> Iterator[str]:
    for text in run.trouble:
        yield page.paragraph(text, kind="bad")
    yield page.heading("Thresholds")
    cells = [(j.name, j.wanted, j.measured, "met" if j.met else "missed") for j in run.judged]
    yield page.rows(("threshold", "wanted", "measured", "result"), cells)
    yield page.heading("Requests")
    yield page.rows(_COLUMNS, _rows(run))
    if run.config.warm_up:
        yield page.paragraph(f"Warm-up, not judged: {_brief(run.warm_up)}", kind="dim")
    if run.baseline is not None:
        yield from _compared(run)
    yield page.heading("Over time")
    yield from _charts(run)
    yield page.heading("Not exercised")
    yield page.bullets(f"{gap.subject}: {gap.reason}" for gap in GAPS)


def _compared(run: LoadRun) -> Iterator[str]:
    now, before = _numbers(run.counts.total(), run.seconds), run.baseline or {}
    names = (*PERCENTILES, "error_rate", "requests_per_second")
    yield page.heading("Against the baseline")
    yield page.rows(("figure", "before", "now"), [(n, before.get(n), now[n]) for n in names])


def _charts(run: LoadRun) -> Iterator[str]:
    history = list(_history(run))
    seconds = [float(str(row[0])) for row in history]
    lines = [
        page.Line(name, tuple(zip(seconds, [_float(row[at]) for row in history], strict=True)))
        for at, name in enumerate(PERCENTILES, 3)
    ]
    yield page.chart("Latency of good answers", "ms", lines)
    counted = [
        page.Line(name, tuple(zip(seconds, [_float(row[at]) for row in history], strict=True)))
        for at, name in ((1, "requests"), (2, "failures"))
    ]
    yield page.chart("Requests a second", "", counted)
    users = page.Line("users", tuple((at, float(count)) for at, count in run.users))
    yield page.chart("Users", "", [users])


def _float(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None

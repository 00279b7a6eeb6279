"""An integration run as text, JSON, JUnit and one HTML page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.simulation.simulate_report import not_exercised
from rehearsal import page
from rehearsal.junit import Suite, as_junit, write_text

if TYPE_CHECKING:
    from rehearsal.integration.run import IntegrationRun
    from rehearsal.junit import Case


def as_text(run: IntegrationRun) -> str:
    """A line a case, what failed with its reason, and what this did not exercise."""
    lines = [_title(run), ""]
    for case in run.cases:
        reason = case.failure or case.skipped
        first = reason.splitlines()[0] if reason else f"{case.seconds * 1000:.0f} ms"
        lines.append(f"{_mark(case)} {case.name}: {first}")
        lines += [f"    {line}" for line in case.failure.splitlines()[1:4]]
    skipped = len(run.cases) - run.passed - run.failed
    lines += ["", f"{run.passed} passed, {run.failed} failed, {skipped} skipped"]
    lines += [f"left behind: {one}" for one in run.left_behind]
    return "\n".join([*lines, "", *not_exercised(run.not_exercised)])


def _title(run: IntegrationRun) -> str:
    kind = " (read only)" if run.read_only else ""
    return f"{run.service} in {run.environment}{kind}: {run.url}"


def _mark(case: Case) -> str:
    return "✗" if case.failure else "-" if case.skipped else "✓"


def as_data(run: IntegrationRun) -> dict[str, Any]:
    """The run for programs."""
    return {
        "ok": run.exit_code == 0,
        "service": run.service,
        "environment": run.environment,
        "url": run.url,
        "read_only": run.read_only,
        "cases": [
            {
                "name": case.name,
                "result": _result(case),
                "milliseconds": round(case.seconds * 1000, 1),
                "reason": case.failure or case.skipped or None,
            }
            for case in run.cases
        ],
        "left_behind": list(run.left_behind),
        "not_exercised": [asdict(gap) for gap in run.not_exercised],
    }


def _result(case: Case) -> str:
    return "failed" if case.failure else "skipped" if case.skipped else "passed"


def keep(run: IntegrationRun, folder: Path) -> list[Path]:
    """Write `junit.xml` and `report.html`."""
    suite = Suite(f"{run.service} in {run.environment}", run.cases)
    return [
        write_text(folder / "junit.xml", as_junit([suite])),
        write_text(folder / "report.html", page.page(_title(run), _parts(run))),
    ]


def _parts(run: IntegrationRun) -> Iterator[str]:
    kind = "bad" if run.exit_code else "good"
    yield page.paragraph(f"{run.passed} passed, {run.failed} failed", kind=kind)
    cells = [
        (c.name, _result(c), round(c.seconds * 1000, 1), c.failure or c.skipped) for c in run.cases
    ]
    yield page.rows(("request", "result", "ms", "reason"), cells)
    if run.left_behind:
        yield page.heading("Left behind")
        yield page.bullets(run.left_behind)
    yield page.heading("Not exercised")
    yield page.bullets(f"{gap.subject}: {gap.reason}" for gap in run.not_exercised)

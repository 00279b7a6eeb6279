"""Experiments as text, JSON and one HTML page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.simulation.fidelity import Gap
from pipelines.simulation.simulate_report import not_exercised
from rehearsal import page
from rehearsal.junit import write_text

if TYPE_CHECKING:
    from rehearsal.chaos.laboratory import Part, Result
    from rehearsal.chaos.run import ChaosRun

GAPS = (
    Gap("traffic", "the calls were ours, one at a time: nothing about faults under load"),
    Gap("other faults", "a lost zone, a lost region and faults of AWS itself were not tried"),
    Gap("people", "whether somebody acts on an alarm was not tried"),
)
PLANNED_GAPS = (Gap("faults", "none was made: only what would be done was worked out"), *GAPS)
_MARKS = {True: "✓", False: "✗", None: "?"}
_WORDS = {True: "passed", False: "failed", None: "not seen"}


def as_text(run: ChaosRun) -> str:
    """Each experiment with its hypothesis and what came true."""
    lines = [f"{run.service} in dev", ""]
    for record in run.undone:
        lines.append(f"undone: {record.experiment} of {record.at}, left by {record.by}")
    for result in run.results:
        lines += _lines(result)
    if not run.results and not run.undone:
        lines.append("nothing was left to undo")
    return "\n".join([*lines, "", *not_exercised(GAPS)])


def _lines(result: Result) -> Iterator[str]:
    one = result.experiment
    yield f"{one.name} on {result.function}: {result.outcome}"
    yield f"  did: {one.action}"
    yield f"  expected: {one.hypothesis}"
    before = result.before
    yield f"  before: {before.calls} calls, none failed, p95 {before.p95_ms:.0f} ms"
    yield from (f"  {_MARKS[part.true]} {part.name}: {part.detail}" for part in result.parts)
    yield ""


def as_data(run: ChaosRun) -> dict[str, Any]:
    """The run for programs."""
    return {
        "ok": run.exit_code == 0,
        "service": run.service,
        "environment": "dev",
        "undone": [
            {"id": r.id, "experiment": r.experiment, "at": r.at, "by": r.by} for r in run.undone
        ],
        "experiments": [_result(result) for result in run.results],
        "not_exercised": [asdict(gap) for gap in GAPS],
    }


def _result(result: Result) -> dict[str, Any]:
    return {
        "name": result.experiment.name,
        "function": result.function,
        "outcome": str(result.outcome),
        "action": result.experiment.action,
        "hypothesis": result.experiment.hypothesis,
        "began": result.began.isoformat(),
        "before": asdict(result.before),
        "parts": [_part(part) for part in result.parts],
        "calls": [
            {
                "at": s.at.isoformat(),
                "milliseconds": round(s.milliseconds, 1),
                "error": s.error or None,
            }
            for s in result.samples
        ],
    }


def _part(part: Part) -> dict[str, Any]:
    return {"name": part.name, "true": part.true, "detail": part.detail}


def keep(run: ChaosRun, folder: Path) -> list[Path]:
    """Write `report.json` and `report.html`."""
    return [
        write_text(folder / "report.json", json.dumps(as_data(run), indent=2) + "\n"),
        write_text(folder / "report.html", page.page(f"Chaos: {run.service} in dev", _parts(run))),
    ]


def _parts(run: ChaosRun) -> Iterator[str]:
    for result in run.results:
        one = result.experiment
        yield page.heading(f"{one.name}: {result.outcome}")
        yield page.paragraph(f"Did: {one.action}, to {result.function}.")
        yield page.paragraph(f"Expected: {one.hypothesis}.")
        cells = [(part.name, _WORDS[part.true], part.detail) for part in result.parts]
        yield page.rows(("hypothesis", "result", "seen"), cells)
        yield page.chart("Calls", "ms", _curves(result))
    yield page.heading("Not exercised")
    yield page.bullets(f"{gap.subject}: {gap.reason}" for gap in GAPS)


def _curves(result: Result) -> list[page.Line]:
    seconds = [(one.at - result.began).total_seconds() for one in result.samples]
    pairs = list(zip(seconds, result.samples, strict=True))
    good = tuple((at, one.milliseconds if one.ok else None) for at, one in pairs)
    bad = tuple((at, None if one.ok else one.milliseconds) for at, one in pairs)
    return [page.Line("answered", good), page.Line("failed", bad)]

"""A dry run as a tree of text, as JSON, and as a picture of its jobs."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pipelines.validation.report import coloured

if TYPE_CHECKING:
    from pipelines.simulation.fidelity import Gap
    from pipelines.simulation.plan import DryRun, Leg, PlannedJob, PlannedStep

_RUNS = {True: "runs", False: "skipped", None: "depends"}
_COLOURS = {True: "green", False: "bright_black", None: "yellow"}
_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _EDGE = 190, 46, 70, 22, 16


def as_data(run: DryRun) -> dict[str, Any]:
    """The dry run for programs. `executed` is always false."""
    data = asdict(run)
    data["not_exercised"] = [asdict(gap) for gap in run.not_exercised]
    return {"executed": False, **data}


def as_text(run: DryRun) -> str:
    """What would happen, in order, and what this did not exercise."""
    lines = [f"{run.name} on {run.event} ({run.path}) · dry run, nothing is executed"]
    if not run.starts:
        lines.append(f"this workflow does not start on {run.event}: nothing would happen")
    lines += [f"  input {name} = {value}" for name, value in run.inputs.items()]
    for job in run.jobs if run.starts else ():
        lines += ["", *_job(job)]
    return "\n".join([*lines, "", *not_exercised(run.not_exercised)])


def not_exercised(gaps: Sequence[Gap]) -> Iterator[str]:
    """The list of what a rehearsal leaves out, for people."""
    yield "Not exercised:"
    for gap in gaps:
        where = f" ({', '.join(gap.where)})" if gap.where else ""
        yield f"  - {gap.subject}{where}: {gap.reason}"


def _job(job: PlannedJob) -> Iterator[str]:
    word = coloured(_RUNS[job.runs], _COLOURS[job.runs])
    name = f" “{job.name}”" if job.name != job.id.rsplit(" / ", 1)[-1] else ""
    after = f", after {', '.join(job.needs)}" if job.needs else ""
    yield f"{job.stage}. {job.id}{name}: {word}{after}"
    if job.condition:
        yield f"   if: {_one_line(job.condition)}"
    if job.environment:
        waits = f", waits for: {', '.join(job.waits_for)}" if job.waits_for else ""
        yield f"   environment: {job.environment}{waits}"
    if job.note:
        yield f"   {job.note}"
    for leg in job.legs:
        yield from _leg(leg)
    for name, values in (("uploads", job.uploads), ("downloads", job.downloads)):
        if values:
            yield f"   {name}: {', '.join(values)}"
    for key, value in job.outputs.items():
        yield f"   output {key} = {value}"


def _leg(leg: Leg) -> Iterator[str]:
    label = f" [{leg.label}]" if leg.label else ""
    yield f"   on {leg.runner}{label}"
    for name, value in leg.env.items():
        yield f"     {name}={_one_line(value)}"
    for step in leg.steps:
        yield from _step(step, "   ")


def _step(step: PlannedStep, indent: str) -> Iterator[str]:
    mark = {True: "├─", False: "├╌", None: "├?"}[step.runs]
    skipped = "" if step.runs else f" ({_RUNS[step.runs]})"
    condition = f"  if: {_one_line(step.condition)}" if step.condition else ""
    yield f"{indent}{mark} {step.label}{skipped}{condition}"
    inside = indent + "│    "
    if step.action and step.action != step.label:
        yield f"{inside}uses {step.action}"
    for name, value in step.inputs.items():
        yield f"{inside}  {name}: {_one_line(value)}"
    for name, value in step.env.items():
        yield f"{inside}{name}={_one_line(value)}"
    for line in step.command.splitlines():
        yield f"{inside}$ {line}"
    for inner in step.steps:
        yield from _step(inner, inside)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def as_mermaid(run: DryRun) -> str:
    """The jobs as a Mermaid flow chart."""
    ids = {job.id: f"j{number}" for number, job in enumerate(run.jobs)}
    lines = ["flowchart LR"]
    for job in run.jobs:
        lines.append(f'  {ids[job.id]}["{_mermaid_text(_title(job))}"]')
    for job in run.jobs:
        lines += [f"  {ids[need]} --> {ids[job.id]}" for need in job.needs if need in ids]
        parent = _parent(job)
        if parent in ids and not job.needs:
            lines.append(f"  {ids[parent]} --> {ids[job.id]}")
    gated = [ids[job.id] for job in run.jobs if job.waits_for]
    skipped = [ids[job.id] for job in run.jobs if job.runs is False]
    lines += [f"  class {','.join(names)} {kind}" for names, kind in _kinds(gated, skipped)]
    lines += ["  classDef gate stroke-width:3px", "  classDef skipped stroke-dasharray: 4 4"]
    return "\n".join(lines) + "\n"


def _kinds(gated: list[str], skipped: list[str]) -> list[tuple[list[str], str]]:
    return [(names, kind) for names, kind in ((gated, "gate"), (skipped, "skipped")) if names]


def _parent(job: PlannedJob) -> str:
    return job.id.rsplit(" / ", 1)[0] if " / " in job.id else ""


def _title(job: PlannedJob) -> str:
    legs = f" ×{len(job.legs)}" if len(job.legs) > 1 else ""
    gate = f" (waits for {', '.join(job.waits_for)})" if job.waits_for else ""
    return f"{job.id}{legs}{gate}"


def _mermaid_text(text: str) -> str:
    return re.sub(r'["\[\]<>`]', " ", text)


def as_svg(run: DryRun) -> str:
    """The jobs as a picture: a column a stage, an arrow for each `needs`."""
    places = _places(run.jobs)
    columns = max((x for x, _ in places.values()), default=0) + 1
    rows = max((y for _, y in places.values()), default=0) + 1
    width = columns * (_WIDTH + _GAP_X) - _GAP_X + 2 * _EDGE
    height = rows * (_HEIGHT + _GAP_Y) - _GAP_Y + 2 * _EDGE
    arrows = [
        _arrow(places[need], places[job.id])
        for job in run.jobs
        for need in (*job.needs, *([_parent(job)] if not job.needs else ()))
        if need in places
    ]
    boxes = [_box(job, *places[job.id]) for job in run.jobs]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" font-family="sans-serif" font-size="12">',
            f"<title>{html.escape(run.name)} on {html.escape(run.event)}</title>",
            '<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
            'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#667"/></marker></defs>',
            *arrows,
            *boxes,
            "</svg>\n",
        ]
    )


def _places(jobs: Sequence[PlannedJob]) -> dict[str, tuple[int, int]]:
    counts: dict[int, int] = {}
    places: dict[str, tuple[int, int]] = {}
    for job in jobs:
        before = [place[0] for name, place in places.items() if _comes_before(name, job)]
        column = 1 + max(before, default=-1)
        places[job.id] = (column, counts.get(column, 0))
        counts[column] = counts.get(column, 0) + 1
    return places


def _comes_before(name: str, job: PlannedJob) -> bool:
    """Whether a job is needed, is inside a workflow that is needed, or calls this one."""
    inside = any(name == need or name.startswith(f"{need} / ") for need in job.needs)
    return inside or name == _parent(job)


def _corner(x: int, y: int) -> tuple[int, int]:
    return _EDGE + x * (_WIDTH + _GAP_X), _EDGE + y * (_HEIGHT + _GAP_Y)


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1 = _corner(*start)
    x2, y2 = _corner(*end)
    x1, y1, y2 = x1 + _WIDTH, y1 + _HEIGHT // 2, y2 + _HEIGHT // 2
    middle = (x1 + x2) // 2
    return (
        f'<path d="M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}" fill="none" '
        'stroke="#667" marker-end="url(#a)"/>'
    )


def _box(job: PlannedJob, x: int, y: int) -> str:
    left, top = _corner(x, y)
    dash = ' stroke-dasharray="4 4"' if job.runs is not True else ""
    thick = 3 if job.waits_for else 1
    under = f"waits for {', '.join(job.waits_for)}" if job.waits_for else job.environment
    centre = left + _WIDTH // 2
    return (
        f'<g><rect x="{left}" y="{top}" width="{_WIDTH}" height="{_HEIGHT}" rx="6" fill="#f6f8fa" '
        f'stroke="#334" stroke-width="{thick}"{dash}/>'
        f'<text x="{centre}" y="{top + 20}" text-anchor="middle" fill="#112">'
        f"{html.escape(_cut(job.id))}</text>"
        f'<text x="{centre}" y="{top + 36}" text-anchor="middle" fill="#556" font-size="10">'
        f"{html.escape(_cut(under))}</text></g>"
    )


def _cut(text: str) -> str:
    return text if len(text) <= 30 else text[:29] + "…"

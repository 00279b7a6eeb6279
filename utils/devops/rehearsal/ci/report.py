"""A local run as text, as JSON and as JUnit."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from common.output import table
from pipelines.simulation.simulate_report import not_exercised
from rehearsal.ci.board import Result
from rehearsal.junit import Case, Suite, as_junit, write_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearsal.ci.board import JobRun
    from rehearsal.ci.run import CiRun

_BAD = (Result.FAILURE, Result.CANCELLED)
_NO_PASS = (*_BAD, Result.NOT_RUN)
_SHOWN = 15


def as_text(run: CiRun) -> str:
    """A row a job, the end of what failed printed, coverage, and what this did not exercise."""
    rows = [(job.label, job.result, f"{job.seconds:.1f} s", job.note) for job in run.jobs]
    lines = [
        f"{run.workflow} on {run.event}, run by act ({run.extent.value})",
        "",
        table(("job", "result", "time", ""), rows),
    ]
    for job in run.jobs:
        lines += _failed_steps(job)
    lines += ["", _coverage(run)]
    if run.trouble:
        lines.append(f"act: {run.trouble}")
    lines += [f"logs, junit.xml and report.json: {run.reports}", ""]
    return "\n".join([*lines, *not_exercised(run.not_exercised)])


def _failed_steps(job: JobRun) -> Iterator[str]:
    for step in job.steps:
        if step.result in _BAD:
            yield f"\n{job.label}: {step.name}: {step.result}"
            yield from (f"  | {line}" for line in step.tail[-_SHOWN:])


def _coverage(run: CiRun) -> str:
    wanted = f", {run.wanted_coverage:g}% wanted" if run.wanted_coverage is not None else ""
    if run.coverage is None:
        return f"coverage: not measured{wanted}"
    return f"coverage: {run.coverage.percent:g}%{wanted} (from {run.coverage.source})"


def as_data(run: CiRun) -> dict[str, Any]:
    """The run for programs. `ok` is neither failed nor incomplete; it never means safe."""
    return {
        "ok": not run.failed and not run.incomplete,
        "executed": True,
        "workflow": run.workflow,
        "event": run.event,
        "engine": run.extent.value,
        "jobs": [_job(job) for job in run.jobs],
        "coverage": asdict(run.coverage) if run.coverage else None,
        "coverage_wanted": run.wanted_coverage,
        "trouble": run.trouble or None,
        "reports": str(run.reports),
        "not_exercised": [asdict(gap) for gap in run.not_exercised],
    }


def _job(job: JobRun) -> dict[str, Any]:
    return {
        "id": job.id,
        "name": job.name,
        "matrix": job.leg or None,
        "result": str(job.result),
        "seconds": round(job.seconds, 3),
        "note": job.note or None,
        "steps": [
            {"name": step.name, "result": str(step.result), "seconds": round(step.seconds, 3)}
            for step in job.steps
        ],
    }


def as_xml(run: CiRun) -> str:
    """JUnit: a suite a job, a case a step."""
    return as_junit(Suite(job.label, tuple(_cases(job))) for job in run.jobs)


def _cases(job: JobRun) -> Iterator[Case]:
    for step in job.steps:
        output = "\n".join(step.tail)
        failure = f"{step.result}\n{output}" if step.result in _BAD else ""
        skipped = str(step.result) if step.result is Result.SKIPPED else ""
        yield Case(step.name, step.seconds, failure, skipped, output)
    if job.result in _NO_PASS and not any(step.result in _BAD for step in job.steps):
        yield Case(job.name, failure=f"{job.result}: {job.note}")
    elif not job.steps:
        yield Case(job.name, skipped=job.note or str(job.result))


def keep(run: CiRun) -> None:
    """Write `report.json` and `junit.xml` beside the logs."""
    write_text(run.reports / "report.json", json.dumps(as_data(run), indent=2) + "\n")
    write_text(run.reports / "junit.xml", as_xml(run))

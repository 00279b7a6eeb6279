"""The graph of jobs: everything a job needs exists, and the order has a beginning."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipelines.workflow.findings import Finding, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.workflow.model import Job, Workflow


_SHOWN = 20
"""Of a circle that is longer no more jobs are named."""


def check(workflow: Workflow) -> Iterator[Finding]:
    """Unknown and repeated `needs`, cycles, step ids that are used twice."""
    for job in workflow.jobs.values():
        yield from _needs(workflow, job)
        yield from _step_ids(job)
    yield from _cycles(workflow)


def _needs(workflow: Workflow, job: Job) -> Iterator[Finding]:
    counted = Counter(job.need_ids)
    for need in job.needs:
        if need.text not in workflow.jobs:
            known = ", ".join(name for name in workflow.jobs if name != job.id) or "none"
            message = f"job {job.id!r} needs {need.text!r}, which does not exist"
            yield error("job-needs", need, message, hint=f"other jobs: {known}")
        elif counted[need.text] > 1:
            counted[need.text] = 1
            yield error("job-needs", need, f"job {job.id!r} needs {need.text!r} twice")


def _cycles(workflow: Workflow) -> Iterator[Finding]:
    """The circles of jobs, each at the one that is written first; every job is looked at once."""
    written = {name: number for number, name in enumerate(workflow.jobs)}
    done: set[str] = set()
    for name in workflow.jobs:
        for circle in _circles(workflow, name, done):
            first = circle.index(min(circle, key=written.__getitem__))
            turned = [*circle[first:], *circle[:first]]
            way = " → ".join(
                [*turned, turned[0]] if len(turned) <= _SHOWN else [*turned[:_SHOWN], "…"]
            )
            yield error(
                "job-cycle", workflow.jobs[turned[0]].key, f"jobs wait for each other: {way}"
            )


def _circles(workflow: Workflow, start: str, done: set[str]) -> Iterator[list[str]]:
    """Follow the needs from a job; a need that is still being followed closes a circle."""
    if start in done:
        return
    way: dict[str, Iterator[str]] = {start: iter(workflow.jobs[start].need_ids)}
    while way:
        name = next(reversed(way))
        need = next(way[name], None)
        if need is None:
            done.add(name)
            del way[name]
        elif need in way:
            names = list(way)
            yield names[names.index(need) :]
        elif need in workflow.jobs and need not in done:
            way[need] = iter(workflow.jobs[need].need_ids)


def _step_ids(job: Job) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for step in job.steps:
        if step.id is None:
            continue
        name = step.id.text.lower()
        if name in seen:
            message = f"step id {step.id.text!r} is already used on line {seen[name]}"
            yield error("step-id", step.id, message)
        seen.setdefault(name, step.id.line)

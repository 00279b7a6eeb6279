"""The graph of jobs: everything a job needs exists, and the order has a beginning."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipelines.workflow.findings import Finding, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.workflow.model import Job, Workflow


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
    """Each cycle once, at the job that is written first."""
    reported: set[frozenset[str]] = set()
    for job in workflow.jobs.values():
        cycle = _way_back(workflow, job)
        if cycle and frozenset(cycle) not in reported:
            reported.add(frozenset(cycle))
            way = " → ".join([*cycle, cycle[0]])
            yield error("job-cycle", job.key, f"jobs wait for each other: {way}")


def _way_back(workflow: Workflow, job: Job) -> list[str]:
    """The shortest way along `needs` from the job to itself, or nothing."""
    ways = [[job.id]]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        for need in workflow.jobs[way[-1]].need_ids:
            if need == job.id:
                return way
            if need in workflow.jobs and need not in seen:
                seen.add(need)
                ways.append([*way, need])
    return []


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

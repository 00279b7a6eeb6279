"""Which jobs must not run on a developer's machine: those that deploy or sign in to a cloud.

act ignores environments, so nobody would be asked for an approval.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from common.errors import RefusedError, UsageProblemError
from pipelines.checks.house import deployment
from pipelines.simulation.fidelity import asks_for_identity
from pipelines.workflow.model import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.workflow.model import Job, Workflow

_DEEPEST = 4


def require_harmless(flow: Workflow, root: Path, job: str | None = None) -> frozenset[str]:
    """The ids of the jobs that will run, none of which deploys, enters an environment or signs in.

    Args:
        job: Only this job and what it needs will run; all jobs by default.

    Raises:
        RefusedError: Names each job that may not run here, and why.
        UsageProblemError: There is no such job.
    """
    chosen = _chosen(flow, job)
    found = [f"{name} ({why})" for name, why in _harmful(flow, chosen, Repository(root), 0)]
    if found:
        raise RefusedError(
            f"not run on this machine: {'; '.join(found)}",
            hint="`pipeline_test.py deploy` checks a deployment without deploying; "
            "--job runs one job and what it needs",
        )
    return frozenset(one.id for one in chosen)


def _chosen(flow: Workflow, job: str | None) -> list[Job]:
    if job is None:
        return list(flow.jobs.values())
    if job not in flow.jobs:
        raise UsageProblemError(
            f"{flow.path.name} has no job {job!r}", hint=f"jobs: {', '.join(flow.jobs)}"
        )
    return [flow.jobs[job], *flow.ancestors(flow.jobs[job])]


def _harmful(
    flow: Workflow, jobs: list[Job], repository: Repository, depth: int
) -> Iterator[tuple[str, str]]:
    for job in jobs:
        if job.environment is not None:
            yield job.id, f"enters environment {job.environment.text}"
        elif asks_for_identity(flow, job):
            yield job.id, "asks for an OIDC token"
        elif deployment(job):
            yield job.id, "deploys"
        elif job.uses is not None and depth < _DEEPEST:
            called = repository.workflow(job.uses.text)
            inner = list(called.jobs.values()) if called else []
            for name, why in _harmful(called or flow, inner, repository, depth + 1):
                yield f"{job.id} / {name}", why

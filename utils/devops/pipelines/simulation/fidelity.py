"""What a local run or a dry run did not exercise, so that nobody reads green as safe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pipelines.workflow.model import Job, Workflow, level, permissions

if TYPE_CHECKING:
    from pipelines.workflow.yaml_tree import Node


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing GitHub does and a rehearsal does not; `where` names the jobs it matters to."""

    subject: str
    reason: str
    where: tuple[str, ...] = ()


class Extent(Enum):
    """How much of a workflow was exercised."""

    NOTHING = "nothing"
    HOST = "host"
    """Steps ran on this machine itself."""
    CONTAINERS = "containers"
    """Steps ran in containers on this machine."""


def gaps(workflow: Workflow, extent: Extent) -> list[Gap]:
    """What was not exercised for this workflow."""
    return [*_always(extent), *_of_workflow(workflow, extent)]


def _always(extent: Extent) -> Iterator[Gap]:
    if extent is Extent.NOTHING:
        yield Gap("commands", "no step was executed: only what would be executed was worked out")
    else:
        yield Gap("runner", "this machine is not GitHub's runner image: tools and versions differ")
    if extent is Extent.HOST:
        yield Gap("isolation", "steps ran on this machine, with its tools and its network")
    yield Gap("token permissions", "GITHUB_TOKEN and its permissions were not used")
    yield Gap("branch rules", "required checks, reviews and deployment branches are GitHub's")


def _of_workflow(workflow: Workflow, extent: Extent) -> Iterator[Gap]:
    jobs = workflow.jobs.values()
    done = {
        Extent.NOTHING: frozenset[str](),
        Extent.HOST: frozenset({"actions of others"}),
        Extent.CONTAINERS: frozenset({"actions of others", "services and containers"}),
    }[extent]
    for subject, reason, where in (
        (
            "OIDC",
            "no identity token was requested and no AWS role was assumed",
            [job.id for job in jobs if asks_for_identity(workflow, job)],
        ),
        (
            "environments and approvals",
            "no environment was entered: its reviewers, wait timer, secrets and variables are "
            "GitHub's",
            [job.id for job in jobs if job.environment is not None],
        ),
        (
            "concurrency",
            "no other run was there to wait for or to cancel",
            [job.id for job in jobs if _has(workflow, job, "concurrency")],
        ),
        (
            "services and containers",
            "no service and no job container was started",
            [job.id for job in jobs if job.node.get("services") or job.node.get("container")],
        ),
        (
            "caches",
            "no cache was restored or saved",
            [
                job.id
                for job in jobs
                if any(_caches(step.action, step.inputs) for step in job.steps)
            ],
        ),
        (
            "actions of others",
            "their code was neither fetched nor run",
            [job.id for job in jobs if any(step.action for step in job.steps)],
        ),
    ):
        if where and subject not in done:
            yield Gap(subject, reason, tuple(where))


def asks_for_identity(workflow: Workflow, job: Job) -> bool:
    """Whether the job may request an OIDC token."""
    scopes = permissions(job.node)
    if scopes is None:
        scopes = permissions(workflow.root)
    return level(scopes or {}, "id-token") == "write"


def _has(workflow: Workflow, job: Job, key: str) -> bool:
    return workflow.root.get(key) is not None or job.node.get(key) is not None


def _caches(action: str, inputs: Node) -> bool:
    return action == "actions/cache" or inputs.get("cache") is not None

"""Every text of a workflow in which an expression may stand, with what is available there.

The table is GitHub's "context availability": which contexts and special functions exist at a key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.workflow.model import EMPTY, Job, Step, Workflow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.workflow.yaml_tree import Node

STATUS = frozenset({"always", "cancelled", "success", "failure"})
HASH = frozenset({"hashfiles"})

_GLOBAL = frozenset({"github", "inputs", "vars"})
_STARTING = _GLOBAL | {"needs"}
_LEG = _STARTING | {"strategy", "matrix"}
_RUNNING = _LEG | {"job", "runner", "env"}
_STEP = _RUNNING | {"steps", "secrets"}
_STEP_IF = _STEP - {"secrets"}


@dataclass(frozen=True, slots=True)
class Place:
    """One text: where it stands, what it may use, and whose it is.

    `key` is for messages, such as `jobs.test.if`. `conditional` marks an `if`, which is an
    expression even without `${{ }}`.
    """

    node: Node
    key: str
    contexts: frozenset[str]
    functions: frozenset[str] = frozenset()
    job: Job | None = None
    step: Step | None = None
    conditional: bool = False


def places(workflow: Workflow) -> Iterator[Place]:
    """All of a workflow's places."""
    root = workflow.root
    yield from _texts(root.get("run-name"), "run-name", _GLOBAL)
    yield from _texts(root.get("concurrency"), "concurrency", _GLOBAL)
    yield from _texts(root.get("env"), "env", _GLOBAL | {"secrets"})
    yield from _texts(root.get("defaults"), "defaults", _GLOBAL)
    for name in ("name", "permissions"):
        yield from _texts(root.get(name), name, frozenset())
    yield from _event_places(workflow)
    for job in workflow.jobs.values():
        yield from _job_places(job)


def _event_places(workflow: Workflow) -> Iterator[Place]:
    for event, settings in workflow.events.items():
        if event != "workflow_call":
            yield from _texts(settings, f"on.{event}", frozenset())
            continue
        for name, item in workflow.inputs("workflow_call").pairs():
            yield from _texts(item.get("default"), f"on.workflow_call.inputs.{name}", _GLOBAL)
        outputs = settings.get("outputs") or EMPTY
        for name, item in outputs.pairs():
            key = f"on.workflow_call.outputs.{name}.value"
            yield from _texts(item.get("value"), key, _GLOBAL | {"jobs"})


_JOB_KEYS = {
    "name": _LEG,
    "runs-on": _LEG,
    "concurrency": _LEG,
    "continue-on-error": _LEG,
    "timeout-minutes": _LEG,
    "strategy": _STARTING,
    "env": _LEG | {"secrets"},
    "defaults": _LEG | {"env"},
    "outputs": _STEP,
    "with": _LEG,
    "secrets": _LEG | {"secrets"},
    "needs": frozenset[str](),
    "permissions": frozenset[str](),
    "uses": frozenset[str](),
}


def _job_places(job: Job) -> Iterator[Place]:
    key = f"jobs.{job.id}"
    if job.condition is not None and job.condition.is_scalar:
        yield Place(job.condition, f"{key}.if", _STARTING, STATUS, job, conditional=True)
    for name, contexts in _JOB_KEYS.items():
        yield from _texts(job.node.get(name), f"{key}.{name}", contexts, job=job)
    yield from _environment(job, key)
    yield from _image(job.node.get("container"), f"{key}.container", job)
    services = job.node.get("services")
    for name, service in (services or EMPTY).pairs():
        yield from _image(service, f"{key}.services.{name}", job)
    for step in job.steps:
        yield from _step_places(job, step, f"{key}.steps[{step.number}]")


def _environment(job: Job, key: str) -> Iterator[Place]:
    environment = job.node.get("environment")
    if environment is None:
        return
    if environment.is_mapping:
        url = environment.get("url")
        yield from _texts(url, f"{key}.environment.url", _STEP_IF, job=job)
        for name in ("name", "deployment"):
            yield from _texts(environment.get(name), f"{key}.environment.{name}", _LEG, job=job)
        return
    yield from _texts(environment, f"{key}.environment", _LEG, job=job)


def _image(node: Node | None, key: str, job: Job) -> Iterator[Place]:
    if node is None:
        return
    special = {
        "credentials": _LEG | {"env", "secrets"},
        "env": _RUNNING | {"secrets"},
        **({"ports": _RUNNING, "volumes": _RUNNING, "options": _RUNNING}),
    }
    if not node.is_mapping:
        yield from _texts(node, key, _LEG, job=job)
        return
    for name, value in node.pairs():
        yield from _texts(value, f"{key}.{name}", special.get(name, _LEG), job=job)


def _step_places(job: Job, step: Step, key: str) -> Iterator[Place]:
    if step.condition is not None and step.condition.is_scalar:
        functions = STATUS | HASH
        yield Place(step.condition, f"{key}.if", _STEP_IF, functions, job, step, True)
    for name, value in step.node.pairs():
        if name in ("if", "parallel"):
            continue
        contexts = frozenset[str]() if name in ("uses", "id", "shell") else _STEP
        yield from _texts(value, f"{key}.{name}", contexts, HASH, job, step)


def _texts(
    node: Node | None,
    key: str,
    contexts: frozenset[str],
    functions: frozenset[str] = frozenset(),
    job: Job | None = None,
    step: Step | None = None,
) -> Iterator[Place]:
    if node is None:
        return
    for scalar in node.scalars():
        if "${{" in scalar.text:
            yield Place(scalar, key, contexts, functions, job, step)

"""What a workflow calls inside its repository: actions and reusable workflows, and their rights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.checks.known_actions import misused
from pipelines.workflow.findings import Finding, error
from pipelines.workflow.model import (
    EMPTY,
    Action,
    Job,
    Repository,
    Step,
    Workflow,
    level,
    permissions,
)
from pipelines.workflow.shapes import is_expression
from pipelines.workflow.workflow_shape import SCOPES
from pipelines.workflow.yaml_tree import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipelines.workflow.yaml_tree import Node

_RANK = {"none": 0, "read": 1, "write": 2}
_DEEPEST = 10
_KINDS = {"boolean": (Kind.BOOLEAN,), "number": (Kind.INTEGER, Kind.FLOAT)}


def check(workflow: Workflow, repository: Repository) -> Iterator[Finding]:
    """Findings about every local call: it exists, gets what it needs, and may do what it asks."""
    for job in workflow.jobs.values():
        if job.uses is not None:
            yield from _reusable(workflow, job, repository)
        for step in job.steps:
            yield from misused(step)
            yield from _action(step, repository)


def _is_local(node: Node | None) -> bool:
    return node is not None and node.text.startswith(("./", "$/"))


def _action(step: Step, repository: Repository) -> Iterator[Finding]:
    if step.uses is None or not _is_local(step.uses):
        return
    reference = step.uses.text
    action = repository.action(reference)
    if action is None:
        folder = reference.removeprefix("$/").removeprefix("./")
        if (repository.root / folder / "Dockerfile").exists() or _is_outside(folder, repository):
            return
        message = f"{reference!r} holds no action: there is no action.yml"
        yield error("action-missing", step.uses, message)
        return
    yield from _inputs(step, action)


def _is_outside(folder: str, repository: Repository) -> bool:
    """Whether the folder is not part of the repository itself, as one that a step checks out."""
    first = folder.split("/")[0]
    return (
        bool(first) and not first.startswith(".github") and not (repository.root / first).exists()
    )


def _inputs(step: Step, action: Action) -> Iterator[Finding]:
    given = {key.text.lower(): key for key, _ in step.inputs.entries}
    for name, key in given.items():
        if name not in action.inputs:
            known = ", ".join(action.inputs) or "none"
            message = f"the action has no input {key.text!r}; inputs: {known}"
            yield error("action-input", key, message)
    for name, settings in action.inputs.items():
        required = settings.get("required")
        if required is None or required.text != "true" or settings.get("default") is not None:
            continue
        if name not in given:
            yield error(
                "action-input", step.uses or step.node, f"required input {name!r} is missing"
            )


def _reusable(workflow: Workflow, job: Job, repository: Repository) -> Iterator[Finding]:
    if job.uses is None:
        return
    if not _is_local(job.uses):
        if "@" not in job.uses.text and "${{" not in job.uses.text:
            message = f"{job.uses.text!r} names no version: owner/repository/path@ref is expected"
            yield error("workflow-missing", job.uses, message)
        return
    callee = repository.workflow(job.uses.text)
    if callee is None:
        yield error("workflow-missing", job.uses, f"{job.uses.text!r} cannot be read")
        return
    if "workflow_call" not in callee.events:
        message = f"{job.uses.text!r} cannot be called: its 'on' has no workflow_call"
        yield error("workflow-missing", job.uses, message)
        return
    yield from _call_inputs(job, callee)
    yield from _call_secrets(job, callee)
    yield from _call_permissions(workflow, job, callee, repository)


def _call_inputs(job: Job, callee: Workflow) -> Iterator[Finding]:
    declared = {n.lower(): value for n, value in callee.inputs("workflow_call").pairs()}
    given = _given(job, "with")
    for name, key in given.items():
        if name not in declared:
            known = ", ".join(declared) or "none"
            message = f"the called workflow has no input {key.text!r}; inputs: {known}"
            yield error("workflow-input", key, message)
        elif problem := _wrong_kind(job.node.get("with"), key, declared[name]):
            yield problem
    for name, settings in declared.items():
        if _required(settings) and settings.get("default") is None and name not in given:
            message = f"the called workflow requires input {name!r}"
            yield error("workflow-input", job.uses or job.key, message)


def _wrong_kind(given: Node | None, key: Node, declared: Node) -> Finding | None:
    value = given.get(key.text) if given is not None else None
    kind = declared.get("type")
    fitting = _KINDS.get(kind.text, ()) if kind is not None else ()
    if (
        value is None
        or kind is None
        or not fitting
        or is_expression(value)
        or value.kind in fitting
    ):
        return None
    message = f"the called workflow wants a {kind.text} for {key.text!r}"
    return error("workflow-input", value, f"{message}, not {value.text!r}")


def _call_secrets(job: Job, callee: Workflow) -> Iterator[Finding]:
    if (inherited := job.node.get("secrets")) is not None and inherited.text == "inherit":
        return
    secrets = callee.events.get("workflow_call", EMPTY).get("secrets") or EMPTY
    declared = {name.lower(): value for name, value in secrets.pairs()}
    given = _given(job, "secrets")
    for name, key in given.items():
        if name not in declared:
            known = ", ".join(declared) or "none"
            message = f"the called workflow declares no secret {key.text!r}; secrets: {known}"
            yield error("workflow-secret", key, message)
    for name, settings in declared.items():
        if _required(settings) and name not in given:
            message = f"the called workflow requires secret {name!r}"
            yield error("workflow-secret", job.uses or job.key, message)


def _given(job: Job, key: str) -> Mapping[str, Node]:
    node = job.node.get(key)
    entries = node.entries if node is not None and node.is_mapping else ()
    return {name.text.lower(): name for name, _ in entries}


def _required(settings: Node) -> bool:
    required = settings.get("required")
    return required is not None and required.text == "true"


def _call_permissions(
    workflow: Workflow, job: Job, callee: Workflow, repository: Repository
) -> Iterator[Finding]:
    """GitHub refuses to start a workflow whose callee asks for more than the caller was given."""
    granted = permissions(job.node)
    if granted is None:
        granted = permissions(workflow.root)
    if granted is None:
        return
    asked = needed_scopes(callee, repository)
    missing = [
        f"{scope}: {wanted}"
        for scope, wanted in sorted(asked.items())
        if _RANK.get(level(granted, scope), 0) < _RANK.get(wanted, 0)
    ]
    if missing:
        message = f"the called workflow asks for {', '.join(missing)}, which this job does not have"
        hint = "the run would end with startup_failure: add them to the job's permissions"
        yield error("workflow-permissions", job.uses or job.key, message, hint=hint)


def needed_scopes(workflow: Workflow, repository: Repository, depth: int = 0) -> Mapping[str, str]:
    """The most that any job of a workflow asks of the token, called workflows included."""
    most: dict[str, str] = {}
    for job in workflow.jobs.values():
        asked = permissions(job.node)
        if asked is None:
            asked = permissions(workflow.root) or {}
        found = {scope: level(asked, scope) for scope in SCOPES} if "*" in asked else dict(asked)
        if job.uses is not None and _is_local(job.uses) and depth < _DEEPEST:
            callee = repository.workflow(job.uses.text)
            if callee is not None and permissions(job.node) is None:
                found = {**found, **needed_scopes(callee, repository, depth + 1)}
        for scope, wanted in found.items():
            if _RANK.get(wanted, 0) > _RANK.get(most.get(scope, "none"), 0):
                most[scope] = wanted
    return most

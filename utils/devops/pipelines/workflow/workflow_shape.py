"""The schema of workflows and of action definitions, as GitHub documents it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.workflow.event_shape import on
from pipelines.workflow.findings import Finding, error
from pipelines.workflow.shapes import (
    Shape,
    any_scalar,
    anything,
    boolean,
    by_kind,
    choice,
    dynamic_or,
    identifier,
    listing,
    map_of,
    mapping,
    matching,
    nothing_or,
    number,
    one_or_many,
    text,
    whole_number,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.workflow.yaml_tree import Node

SCOPES = words(
    "actions artifact-metadata attestations checks code-quality contents copilot-requests "
    "deployments discussions id-token issues models packages pages pull-requests "
    "repository-projects security-events statuses vulnerability-alerts"
)
LEVELS = ("read", "write", "none")

_variable = matching(r"[^&=\s]+", "a name without spaces, '&' and '='")
_env = by_kind(mapping=map_of(any_scalar, names=_variable))
_shell = matching(
    r"(?i:bash|sh|pwsh|python|cmd|powershell)|.*\{0\}.*",
    "bash, sh, pwsh, python, cmd, powershell or a command with {0}",
)
_SPECIAL_SCOPES = {
    "id-token": choice(("write", "none")),
    "models": choice(("read", "none")),
    "vulnerability-alerts": choice(("read", "none")),
    "copilot-requests": choice(("write", "none")),
}
_permissions = by_kind(
    scalar=choice(("read-all", "write-all")),
    mapping=mapping({**dict.fromkeys(SCOPES, choice(LEVELS)), **_SPECIAL_SCOPES}),
)
_concurrency = by_kind(
    scalar=text,
    mapping=mapping(
        {"group": text, "cancel-in-progress": boolean, "queue": choice(("single", "max"))},
        required=("group",),
    ),
)
_defaults = mapping({"run": mapping({"shell": _shell, "working-directory": text})})
_environment = by_kind(
    scalar=text,
    mapping=mapping({"name": text, "url": text, "deployment": boolean}, required=("name",)),
)
_credentials = dynamic_or(
    mapping({"username": text, "password": text}, required=("username", "password"))
)
_container_keys: dict[str, Shape] = {
    "image": text,
    "credentials": _credentials,
    "env": _env,
    "ports": listing(text),
    "volumes": listing(text),
    "options": text,
}
_container = by_kind(scalar=nothing_or(text), mapping=mapping(_container_keys, required=("image",)))
_service = by_kind(
    scalar=text,
    mapping=mapping({**_container_keys, "command": text, "entrypoint": text}, required=("image",)),
)
_runner = by_kind(
    scalar=text,
    sequence=listing(text, least=1),
    mapping=mapping({"group": text, "labels": one_or_many(text)}),
)
_legs = listing(by_kind(mapping=anything), least=1)
_matrix = by_kind(
    mapping=mapping(
        {"include": _legs, "exclude": _legs},
        others=listing(anything, least=1),
    )
)
_strategy = mapping({"matrix": _matrix, "fail-fast": boolean, "max-parallel": whole_number})
_step_keys: dict[str, Shape] = {
    "id": identifier,
    "if": nothing_or(text),
    "name": any_scalar,
    "uses": text,
    "run": text,
    "working-directory": text,
    "shell": _shell,
    "with": map_of(any_scalar),
    "env": _env,
    "continue-on-error": boolean,
    "timeout-minutes": number,
    "background": boolean,
    "wait": one_or_many(text),
    "wait-all": boolean,
    "cancel": one_or_many(text),
    "parallel": anything,
}
_step_body = mapping(_step_keys)


_DOES = ("uses", "run", "wait", "wait-all", "cancel", "parallel")


def _step(node: Node, place: str) -> Iterator[Finding]:
    yield from _step_body(node, place)
    if not node.is_mapping:
        return
    uses, run = node.key("uses"), node.key("run")
    if uses and run:
        yield error("schema-step", run, f"{place} has both 'uses' and 'run'")
    elif not any(node.key(name) for name in _DOES):
        yield error("schema-step", node, f"{place} has neither 'uses' nor 'run'")
    for name in ("shell", "working-directory"):
        if uses and (key := node.key(name)):
            yield error("schema-step", key, f"{name!r} belongs to 'run', not to 'uses'")
    if run and (inputs := node.key("with")):
        yield error("schema-step", inputs, "'with' belongs to 'uses', not to 'run'")


_steps = listing(_step, least=1)
_normal_job = mapping(
    {
        "name": text,
        "needs": one_or_many(text),
        "permissions": _permissions,
        "runs-on": _runner,
        "environment": _environment,
        "concurrency": _concurrency,
        "outputs": map_of(any_scalar, names=identifier),
        "env": _env,
        "defaults": _defaults,
        "if": nothing_or(text),
        "steps": _steps,
        "timeout-minutes": number,
        "strategy": _strategy,
        "continue-on-error": boolean,
        "container": _container,
        "services": map_of(_service),
        "snapshot": anything,
        "cache-mode": anything,
    },
    required=("runs-on", "steps"),
)
_calling_job = mapping(
    {
        "name": text,
        "needs": one_or_many(text),
        "permissions": _permissions,
        "if": nothing_or(text),
        "uses": text,
        "with": map_of(any_scalar),
        "secrets": by_kind(scalar=choice(("inherit",)), mapping=map_of(any_scalar)),
        "strategy": _strategy,
        "concurrency": _concurrency,
        "cache-mode": anything,
    },
    required=("uses",),
)


def _job(node: Node, place: str) -> Iterator[Finding]:
    calls = node.is_mapping and node.get("uses") is not None
    yield from (_calling_job if calls else _normal_job)(node, f"job {place}")


_workflow = mapping(
    {
        "name": text,
        "run-name": text,
        "on": on,
        "permissions": _permissions,
        "env": _env,
        "defaults": _defaults,
        "concurrency": _concurrency,
        "jobs": by_kind(mapping=map_of(_job, names=identifier)),
        "cache-mode": anything,
    },
    required=("on", "jobs"),
)

_action_input = mapping(
    {
        "description": any_scalar,
        "required": anything,
        "default": any_scalar,
        "deprecationMessage": text,
        "type": text,
    }
)
_action = mapping(
    {
        "name": text,
        "author": text,
        "description": text,
        "inputs": nothing_or(map_of(nothing_or(_action_input))),
        "outputs": nothing_or(map_of(mapping({"description": any_scalar, "value": any_scalar}))),
        "runs": mapping({"using": text}, required=("using",), others=anything),
        "branding": anything,
    },
    required=("runs",),
)


def check_workflow(root: Node) -> Iterator[Finding]:
    """Findings of the schema over a whole workflow."""
    yield from _workflow(root, "the workflow")
    jobs = root.get("jobs") if root.is_mapping else None
    if jobs is not None and jobs.is_mapping and not jobs.entries:
        yield error("schema-empty", jobs, "'jobs' must not be empty")


def check_action(root: Node) -> Iterator[Finding]:
    """Findings of the schema over an action's definition; composite steps need their shell."""
    yield from _action(root, "the action")
    runs = root.get("runs") if root.is_mapping else None
    if runs is None or not runs.is_mapping:
        return
    using = runs.get("using")
    if using is None or using.text != "composite":
        return
    steps = runs.get("steps")
    if steps is None:
        yield error("schema-missing", runs, "a composite action needs 'steps'")
        return
    yield from _steps(steps, "'steps'")
    for step in steps.items:
        if step.is_mapping and step.get("run") is not None and step.get("shell") is None:
            yield error("action-shell", step, "a 'run' step of a composite action needs 'shell'")

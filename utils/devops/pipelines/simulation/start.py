"""How a run starts: the workflow file, the event, the inputs and what is known then."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.errors import UnavailableError, UsageProblemError
from pipelines.simulation.evaluate import MASK, Unknown
from pipelines.workflow.event_shape import EVENTS
from pipelines.workflow.model import EMPTY, Workflow, workflow
from pipelines.workflow.yaml_tree import Node, read, read_file

_PREFERRED = ("push", "pull_request", "workflow_dispatch", "schedule", "workflow_call")


def load(path: Path) -> Workflow:
    """Read one workflow file.

    Raises:
        UnavailableError: It is none.
    """
    try:
        document = read(read_file(path))
    except OSError as problem:
        raise UnavailableError(
            f"{str(path)!r} cannot be read: {problem.strerror}", hint="--workflow names a file"
        ) from problem
    hint = f"pipeline_test.py validate --workflow {path}"
    if document.findings and document.root is None:
        first = document.findings[0]
        raise UnavailableError(f"{path}:{first.line}: {first.message}", hint=hint)
    if document.root is None or not document.root.is_mapping:
        raise UnavailableError(f"{str(path)!r} is no workflow", hint=hint)
    flow = workflow(path, document.root)
    if not flow.jobs:
        raise UnavailableError(f"{str(path)!r} has no jobs", hint=hint)
    return flow


def root_of(path: Path) -> Path:
    """The repository that a workflow file belongs to."""
    from pipelines.validation.validate import repository_root

    return repository_root(path.absolute())


def chosen_event(flow: Workflow, asked: str | None) -> str:
    """The event to show: the one asked for, else the workflow's most common one.

    Raises:
        UsageProblemError: GitHub has no such event.
    """
    if asked is not None:
        if asked not in EVENTS:
            raise UsageProblemError(
                f"{asked!r} is no event of GitHub",
                hint=f"the workflow starts on: {', '.join(flow.events) or 'nothing'}",
            )
        return asked
    return next((e for e in _PREFERRED if e in flow.events), next(iter(flow.events), "push"))


def given_inputs(flow: Workflow, event: str, given: Mapping[str, str]) -> dict[str, Any]:
    """The value of each declared input, of its type; Unknown where nobody gave one.

    Raises:
        UsageProblemError: An input is not declared, or a value does not fit it.
    """
    declared = dict(flow.inputs(event).pairs())
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise UsageProblemError(
            f"{event!r} of this workflow has no input {unknown[0]!r}",
            hint=f"inputs: {', '.join(declared) or 'none'}",
        )
    return {name: _input(name, settings, given) for name, settings in declared.items()}


def _input(name: str, settings: Node, given: Mapping[str, str]) -> Any:
    kind = (settings.get("type") or EMPTY).text
    if name in given:
        return _checked(name, given[name], kind, settings)
    default = settings.get("default")
    if default is not None:
        return default.plain()
    return False if kind == "boolean" else Unknown(f"inputs.{name}")


def _checked(name: str, value: str, kind: str, settings: Node) -> Any:
    options = [option.text for option in (settings.get("options") or EMPTY).texts()]
    if kind == "choice" and value not in options:
        raise UsageProblemError(
            f"{value!r} is no option of input {name!r}", hint=f"options: {', '.join(options)}"
        )
    if kind == "boolean":
        if value not in ("true", "false"):
            raise UsageProblemError(f"input {name!r} is true or false, not {value!r}")
        return value == "true"
    if kind == "number":
        try:
            return float(value)
        except ValueError:
            raise UsageProblemError(f"input {name!r} is a number, not {value!r}") from None
    return value


def starting_contexts(flow: Workflow, event: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What is known when a run starts. Secrets and variables are GitHub's, so never here."""
    branch = "feature" if event == "pull_request" else "main"
    github: dict[str, Any] = {
        "event_name": event,
        "ref": "refs/pull/1/merge" if event == "pull_request" else "refs/heads/main",
        "ref_name": "1/merge" if event == "pull_request" else "main",
        "ref_type": "branch",
        "head_ref": branch if event == "pull_request" else "",
        "base_ref": "main" if event == "pull_request" else "",
        "workflow": flow.name,
        "server_url": "https://github.com",
        "api_url": "https://api.github.com",
        "token": Unknown(MASK),
        "event": Unknown("github.event"),
    }
    if event == "workflow_dispatch":
        github["event"] = {"inputs": dict(inputs)}
    for name in ("sha", "actor", "repository", "repository_owner", "run_id", "run_number"):
        github[name] = Unknown(f"github.{name}")
    for name in ("run_attempt", "workspace", "job", "triggering_actor"):
        github[name] = Unknown(f"github.{name}")
    return {"github": github, "inputs": dict(inputs), "secrets": Unknown(MASK)}

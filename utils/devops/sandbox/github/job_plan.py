"""The jobs of a run, made from its workflow; called workflows of the repository are spread out.

A job that calls a workflow stays as the sum of the jobs it stands for: they need what it needs, and
what needs it waits for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.github.conditions import text_of

if TYPE_CHECKING:
    from sandbox.github.store import Data

_LOCAL = ("./", "$/")
_DEEPEST = 4


class UnrunnableError(Exception):
    """A workflow asks for something the sandbox has no machine for."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the jobs come from: the run's workflows by path, its contexts, and fresh ids."""

    workflows: Mapping[str, Data]
    contexts: Mapping[str, Any]
    new_id: Callable[[], int]


def plan_jobs(source: Source, workflow: Data) -> list[Data]:
    """Every job of a run of this workflow.

    Raises:
        UnrunnableError: A job needs a matrix, a container, or a workflow that is not there.
    """
    return list(_jobs(source, workflow, _Caller(source.contexts)))


@dataclass(frozen=True, slots=True)
class _Caller:
    contexts: Mapping[str, Any]
    key: str = ""
    name: str = ""
    needs: tuple[str, ...] = ()
    guards: tuple[Any, ...] = ()
    depth: int = 0


def _jobs(source: Source, workflow: Data, caller: _Caller) -> Iterator[Data]:
    for key, facts in workflow["jobs"].items():
        job = _job(source, workflow, caller, key, facts)
        if "uses" in facts:
            called = list(_called(source, job, caller))
            job["called"] = [inner["key"] for inner in called]
            job["needs"] = [*job["needs"], *job["called"]]
            yield from called
        yield job


def _job(source: Source, workflow: Data, caller: _Caller, key: str, facts: Data) -> Data:
    for unknown in ("strategy", "container", "services"):
        if facts.get(unknown):
            raise UnrunnableError(f"the sandbox runs no job with {unknown!r}: {key}")
    named = facts.get("needs") or []
    own = [named] if isinstance(named, str) else list(named)
    environment = facts.get("environment")
    deploys = not isinstance(environment, dict) or environment.get("deployment", True) is not False
    if isinstance(environment, dict):
        environment = environment.get("name")
    return {
        **{"id": source.new_id(), "key": caller.key + key},
        "name": caller.name + text_of(facts.get("name", key), caller.contexts),
        "needs": [caller.key + need for need in own] or list(caller.needs),
        "environment": text_of(environment, caller.contexts) if environment else None,
        **{"deploys": deploys, "definition": facts, "inputs": caller.contexts["inputs"]},
        "workflow": {name: workflow.get(name) for name in ("env", "permissions", "defaults")},
        "guards": [*caller.guards, *([facts["if"]] if "if" in facts else [])],
        **{"status": "queued", "conclusion": None, "started_at": None, "completed_at": None},
        **{"waiting_since": None, "approved": False, "reviewed": False},
        **{"steps": [], "outputs": {}, "called": None},
    }


def _called(source: Source, job: Data, caller: _Caller) -> Iterator[Data]:
    uses = str(job["definition"]["uses"])
    path = uses[2:] if uses.startswith(_LOCAL) else ""
    workflow = source.workflows.get(path)
    if workflow is None or caller.depth >= _DEEPEST:
        raise UnrunnableError(f"the sandbox has no workflow {uses!r} to call")
    given = job["definition"].get("with") or {}
    inputs = {name: text_of(value, caller.contexts) for name, value in given.items()}
    job["call_outputs"] = (_call_of(workflow).get("outputs")) or {}
    inner = _Caller(
        contexts={**caller.contexts, "inputs": inputs},
        key=f"{job['key']}/",
        name=f"{job['name']} / ",
        needs=tuple(job["needs"]),
        guards=tuple(job["guards"]),
        depth=caller.depth + 1,
    )
    yield from _jobs(source, workflow, inner)


def _call_of(workflow: Data) -> Data:
    """The `on: workflow_call:` of a workflow; YAML 1.1 reads `on` as True."""
    triggers = {str(key): value for key, value in workflow.items()}
    raw = triggers.get("on", triggers.get("True"))
    return (raw.get("workflow_call") or {}) if isinstance(raw, dict) else {}

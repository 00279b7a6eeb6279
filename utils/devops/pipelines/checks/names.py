"""Whether what an expression names exists: steps, jobs, outputs, inputs, matrix keys, secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.checks.known_actions import KNOWN
from pipelines.workflow.findings import Severity
from pipelines.workflow.model import EMPTY, Job, Repository, Step, Workflow
from pipelines.workflow.shapes import is_expression, words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipelines.workflow.places import Place

_GITHUB = frozenset(
    words(
        "action action_path action_ref action_repository action_status actor actor_id api_url "
        "artifact_cache_size_limit base_ref env event event_name event_path graphql_url "
        "head_ref head_repository_id job job_workflow_sha output path ref ref_name "
        "ref_protected ref_type repository repository_id repository_owner repository_owner_id "
        "repository_visibility repositoryurl retention_days run_attempt run_id run_number "
        "secret_source server_url sha state step_summary token triggering_actor workflow "
        "workflow_ref workflow_sha workspace "
    )
)
_FIXED: Mapping[str, frozenset[str]] = {
    "github": _GITHUB,
    "runner": frozenset(words("name os arch temp tool_cache debug environment workspace")),
    "strategy": frozenset(words("fail-fast job-index job-total max-parallel")),
    "job": frozenset(
        words(
            "status container services check_run_id workflow_ref workflow_sha workflow_repository "
            "workflow_file_path"
        )
    ),
}
_STEP_KEYS = frozenset({"outputs", "outcome", "conclusion"})
_NEED_KEYS = frozenset({"outputs", "result"})
_PROGRAM = re.compile(
    r"\b(?:python3?|node|deno|bun|bash|sh|make|npm|npx|yarn|go|ruby|uvx?|terraform|source)\b"
    r"|\./|^\s*\. "
)
"""What may write outputs without this script naming them."""
_SIMPLE = (
    r"(?:echo|printf|mkdir|cd|cp|mv|rm|ls|test|true|exit|if|then|else|fi|export|cat|set|sleep|date"
    r"|\[)"
)
_OTHER_PROGRAM = re.compile(rf"^[ \t]*(?!{_SIMPLE}(?:\s|$)|#|$|\w+=)", re.M)
_OUTPUT_LINE = re.compile(
    r"(?:echo|printf)[ \t]+(?:-\w+[ \t]+)?[\"']?(?P<name>[A-Za-z_][\w-]*)=[^\n]*>>[ \t]*"
    r"[\"']?\$\{?GITHUB_OUTPUT\}?[\"']?"
)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression stands: what its names are looked up in."""

    workflow: Workflow
    repository: Repository
    place: Place


@dataclass(frozen=True, slots=True)
class Problem:
    """A name that leads nowhere."""

    rule: str
    message: str
    severity: Severity = Severity.ERROR


Path = tuple[str, ...]


def problem(path: Path, scope: Scope) -> Problem | None:
    """What is wrong with a chain of names, if anything; anything dynamic is taken as right."""
    if len(path) < 2 or path[1] == "*":
        return None
    fixed = _FIXED.get(path[0])
    if fixed is not None and path[1] not in fixed:
        return Problem("expression-name", f"{path[0]!r} has nothing named {path[1]!r}")
    look_up = _LOOK_UPS.get(path[0])
    return look_up(path, scope) if look_up else None


def _steps(path: Path, scope: Scope) -> Problem | None:
    job, here = scope.place.job, scope.place.step
    if job is None:
        return None
    step = next((s for s in job.steps if s.id is not None and s.id.text.lower() == path[1]), None)
    if step is None:
        known = ", ".join(s.id.text for s in job.steps if s.id is not None) or "none"
        return Problem("expression-step", f"no step has the id {path[1]!r}; ids here: {known}")
    if here is not None and step.number >= here.number:
        message = f"step {path[1]!r} has not run yet when step {here.number} uses it"
        return Problem("expression-step", message)
    if len(path) > 2 and path[2] not in (*_STEP_KEYS, "*"):
        return Problem("expression-step", f"a step has no {path[2]!r}, only outputs and outcome")
    if len(path) > 3 and path[2] == "outputs" and path[3] != "*":
        return _step_output(step, path[3], scope)
    return None


def _step_output(step: Step, output: str, scope: Scope) -> Problem | None:
    if step.uses is not None:
        known = _action_outputs(step, scope)
        if known is not None and output not in known:
            names = ", ".join(sorted(known)) or "none"
            message = f"{step.uses.text.split('@')[0]} has no output {output!r}; it has: {names}"
            return Problem("expression-output", message)
        return None
    script = step.run.text if step.run else ""
    written = written_outputs(script)
    if written is None or output in written:
        return None
    names = f"; it writes {', '.join(sorted(written))}" if written else ""
    message = f"nothing in the step writes the output {output!r} to GITHUB_OUTPUT{names}"
    sure = not _OTHER_PROGRAM.search(script)
    return Problem("expression-output", message, Severity.ERROR if sure else Severity.WARNING)


def written_outputs(script: str) -> frozenset[str] | None:
    """The outputs that a script writes, in lower case; None when that cannot be told from it."""
    if _PROGRAM.search(script) or "::set-output" in script:
        return None
    written = [match["name"].lower() for match in _OUTPUT_LINE.finditer(script)]
    mentions = len(re.findall(r"GITHUB_OUTPUT", script))
    return frozenset(written) if mentions == len(written) else None


def _action_outputs(step: Step, scope: Scope) -> frozenset[str] | None:
    reference = step.uses.text if step.uses else ""
    if reference.startswith(("./", "$/")):
        action = scope.repository.action(reference)
        return action.outputs if action else None
    known = KNOWN.get(step.action)
    return known.outputs if known is not None else None


def _needs(path: Path, scope: Scope) -> Problem | None:
    job = scope.place.job
    if job is None:
        return None
    needed = {name.lower(): name for name in job.need_ids}
    if path[1] not in needed:
        known = ", ".join(job.need_ids) or "none"
        message = f"job {job.id!r} does not need {path[1]!r}, so it knows nothing of it"
        return Problem("expression-needs", f"{message}; it needs: {known}")
    target = scope.workflow.jobs.get(needed[path[1]])
    if len(path) > 2 and path[2] not in (*_NEED_KEYS, "*"):
        return Problem("expression-needs", f"a job has no {path[2]!r}, only outputs and result")
    return _job_output(path, target, scope) if target else None


def _job_output(path: Path, job: Job, scope: Scope) -> Problem | None:
    if len(path) < 4 or path[2] != "outputs" or path[3] == "*":
        return None
    known = job_outputs(job, scope.repository)
    if known is not None and path[3] not in known:
        names = ", ".join(sorted(known)) or "none"
        message = f"job {job.id!r} has no output {path[3]!r}; it has: {names}"
        return Problem("expression-output", message)
    return None


def job_outputs(job: Job, repository: Repository) -> frozenset[str] | None:
    """Names of a job's outputs, those of the workflow it calls included; None when unknown."""
    if job.uses is None or not job.uses.text.startswith(("./", "$/")):
        return job.outputs
    callee = repository.workflow(job.uses.text)
    if callee is None:
        return None
    outputs = callee.events.get("workflow_call", EMPTY).get("outputs") or EMPTY
    return frozenset(name.lower() for name, _ in outputs.pairs())


def _jobs(path: Path, scope: Scope) -> Problem | None:
    known = {name.lower(): job for name, job in scope.workflow.jobs.items()}
    if path[1] not in known:
        return Problem("expression-name", f"there is no job {path[1]!r}")
    return _job_output(path, known[path[1]], scope)


def _inputs(path: Path, scope: Scope) -> Problem | None:
    declared = scope.workflow.declared_inputs()
    if path[1] in declared:
        return None
    names = ", ".join(sorted(declared)) or "none"
    message = f"the workflow has no input {path[1]!r}; inputs: {names}"
    return Problem("expression-input", message)


def _github(path: Path, scope: Scope) -> Problem | None:
    only_dispatched = list(scope.workflow.events) == ["workflow_dispatch"]
    if path[1:3] == ("event", "inputs") and len(path) > 3 and path[3] != "*" and only_dispatched:
        return _inputs((path[0], path[3]), scope)
    return None


def _matrix(path: Path, scope: Scope) -> Problem | None:
    job = scope.place.job
    if job is None:
        return None
    known = matrix_keys(job)
    if known is None or path[1] in known:
        return None
    names = ", ".join(sorted(known)) or "none, as it has no matrix"
    message = f"the matrix of job {job.id!r} has no {path[1]!r}; it has: {names}"
    return Problem("expression-matrix", message)


def matrix_keys(job: Job) -> frozenset[str] | None:
    """The keys of a job's matrix; None when they are only known at run time."""
    matrix = job.matrix
    if matrix is None:
        strategy = job.node.get("strategy")
        return None if strategy is not None and is_expression(strategy) else frozenset()
    if not matrix.is_mapping:
        return None
    keys = {name.lower() for name, _ in matrix.pairs()} - {"include", "exclude"}
    include = matrix.get("include")
    if include is not None:
        if is_expression(include):
            return None
        for item in include.items:
            if is_expression(item):
                return None
            keys |= {name.lower() for name, _ in item.pairs()}
    return frozenset(keys)


def _secrets(path: Path, scope: Scope) -> Problem | None:
    workflow = scope.workflow
    if list(workflow.events) != ["workflow_call"] or path[1] in ("github_token", "*"):
        return None
    declared = workflow.events["workflow_call"].get("secrets")
    if declared is None:
        return None
    known = {name.lower() for name, _ in declared.pairs()}
    if path[1] in known:
        return None
    message = f"secret {path[1]!r} is not declared, so it is empty; declared: "
    return Problem("expression-secret", message + (", ".join(sorted(known)) or "none"))


_LOOK_UPS: Mapping[str, Callable[[Path, Scope], Problem | None]] = {
    "steps": _steps,
    "needs": _needs,
    "jobs": _jobs,
    "inputs": _inputs,
    "github": _github,
    "matrix": _matrix,
    "secrets": _secrets,
}

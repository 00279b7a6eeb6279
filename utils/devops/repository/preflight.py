"""Will AWS let the jobs in? Computed from the workflow files, before the first push.

For each job that asks for a token, the exact subject it will present, held against the trust
policy of the role it will assume. AWS itself says no more than "Not authorized".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from repository.checks import parse_workflow, triggers

if TYPE_CHECKING:
    from repository.subjects import Subjects

_INPUT = re.compile(r"\$\{\{\s*(?:github\.event\.)?inputs\.([A-Za-z0-9_-]+)\s*\}\}")
_CREDENTIALS = "aws-actions/configure-aws-credentials@"


@dataclass(frozen=True, slots=True)
class Presented:
    """What one job presents: `environment` is None for a job outside any environment."""

    workflow: str
    job: str
    environment: str | None
    subject: str


def presented_subjects(texts: Mapping[str, str], subjects: Subjects) -> list[Presented]:
    """The subjects that the jobs of these workflows will present."""
    found: list[Presented] = []
    for path, text in sorted(texts.items()):
        workflow = parse_workflow(path, text)
        for key, job in workflow["jobs"].items():
            if _asks_for_token(workflow, job):
                found += _of_job(path, str(key), job, workflow, subjects)
    return found


def _asks_for_token(workflow: Mapping[str, Any], job: Mapping[str, Any]) -> bool:
    granted = job.get("permissions", workflow.get("permissions"))
    if granted == "write-all":
        return _assumes_role(job)
    return isinstance(granted, dict) and granted.get("id-token") == "write" and _assumes_role(job)


def _assumes_role(job: Mapping[str, Any]) -> bool:
    steps = job.get("steps") or []
    return any(str(step.get("uses", "")).startswith(_CREDENTIALS) for step in steps)


def _of_job(
    path: str, key: str, job: Mapping[str, Any], workflow: Mapping[str, Any], subjects: Subjects
) -> Iterator[Presented]:
    raw = job.get("environment")
    name = raw.get("name") if isinstance(raw, dict) else raw
    if name:
        for choice in _choices(str(name), workflow):
            yield Presented(path, key, choice, subjects.of_environment(choice))
        return
    for subject in _without_environment(workflow, subjects):
        yield Presented(path, key, None, subject)


def _choices(name: str, workflow: Mapping[str, Any]) -> list[str]:
    """The environments an expression can stand for: the options of the input it reads."""
    match = _INPUT.fullmatch(name.strip())
    if not match:
        return [name]
    for event in ("workflow_dispatch", "workflow_call"):
        inputs = triggers(workflow).get(event, {}).get("inputs") or {}
        options = (inputs.get(match.group(1)) or {}).get("options")
        if options:
            return [str(option) for option in options]
    return [name]


def _without_environment(workflow: Mapping[str, Any], subjects: Subjects) -> list[str]:
    events = triggers(workflow)
    found = [subjects.of_pull_request()] if "pull_request" in events else []
    if set(events) - {"pull_request"}:
        found.append(subjects.of_ref("refs/heads/main"))
    return found

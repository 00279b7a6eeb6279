"""The names of the checks that a branch can require: those its workflows really report.

A required check that never reports blocks every merge, so the names come from the workflow files
themselves and nowhere else. Where a job runs `always()` after others, it speaks for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.errors import UnavailableError

_FILTERS = frozenset({"paths", "paths-ignore", "branches-ignore"})


@dataclass(frozen=True, slots=True)
class Checks:
    """What can be required, and the workflows that cannot be and why."""

    names: tuple[str, ...]
    unusable: tuple[str, ...] = ()


def parse_workflow(path: str, text: str) -> dict[str, Any]:
    """A workflow as plain data, `on` included (which YAML 1.1 reads as True).

    Raises:
        UnavailableError: It is no YAML, or no workflow.
    """
    import yaml

    try:
        loaded = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UnavailableError(f"{path!r} is not YAML") from error
    if not isinstance(loaded, dict) or not isinstance(loaded.get("jobs"), dict):
        raise UnavailableError(f"{path!r} is not a workflow: it has no jobs")
    return {("on" if key is True else str(key)): value for key, value in loaded.items()}


def triggers(workflow: Mapping[str, Any]) -> dict[str, Any]:
    """Events that start a workflow, and the filters of each."""
    raw = workflow.get("on")
    if isinstance(raw, str):
        return {raw: {}}
    if isinstance(raw, list):
        return {str(event): {} for event in raw}
    return {event: facts or {} for event, facts in (raw or {}).items()}


def required_checks(texts: Mapping[str, str]) -> Checks:
    """The checks that pull requests can be made to wait for."""
    names: list[str] = []
    unusable: list[str] = []
    for path, text in sorted(texts.items()):
        workflow = parse_workflow(path, text)
        facts = triggers(workflow).get("pull_request")
        if facts is None:
            continue
        filters = sorted(_FILTERS & set(facts))
        if filters:
            unusable.append(f"{path}: {', '.join(filters)} leave its checks pending for ever")
        else:
            names += _reported(workflow["jobs"])
    return Checks(tuple(dict.fromkeys(names)), tuple(unusable))


def _reported(jobs: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    gates = [key for key, job in jobs.items() if job.get("needs") and _always(job)]
    for key in gates or jobs:
        job = jobs[key]
        if "strategy" in job and not gates:
            continue  # a matrix reports one name a combination, none of them the job's own
        yield str(job.get("name", key))


def _always(job: Mapping[str, Any]) -> bool:
    return "always()" in str(job.get("if", ""))


def workflow_texts(folder: Path) -> dict[str, str]:
    """Path and text of the workflows of a checkout."""
    found = sorted((folder / ".github" / "workflows").glob("*.y*ml"))
    return {str(p.relative_to(folder)): p.read_text(encoding="utf-8") for p in found}

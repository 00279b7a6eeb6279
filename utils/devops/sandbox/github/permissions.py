"""What the token of a job may do: the `permissions:` it declares, checked at every request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

JOB_LOGIN = "github-actions[bot]"

_DEFAULT = {"contents": "read", "metadata": "read", "packages": "read"}
_ALL = (
    *("actions", "attestations", "checks", "contents", "deployments", "id-token", "issues"),
    *("metadata", "packages", "pull-requests", "statuses"),
)
_NEEDS = (
    (r"commits/[^/]+/(?:check-runs|check-suites)|check-(?:runs|suites)(?:/.*)?", "checks"),
    (r"commits/[^/]+/status(?:es)?|statuses/.*", "statuses"),
    (r"actions(?:/.*)?", "actions"),
    (r"environments(?:/.*)?", "actions"),
    (r"deployments(?:/.*)?", "deployments"),
    (r"issues(?:/.*)?", "issues"),
    (r"pulls(?:/.*)?", "pull-requests"),
    (r"(?:contents|git|commits|compare|branches|tags|releases)(?:/.*)?", "contents"),
)
_OF_REPOSITORY = re.compile(r"/repos/([^/]+/[^/]+)(?:/(.*))?")


def declared(job: Mapping[str, Any], workflow: Mapping[str, Any]) -> dict[str, str]:
    """The permissions of a job: its own, else the workflow's, else what GitHub gives by default."""
    raw = job.get("permissions", workflow.get("permissions"))
    if raw is None:
        return dict(_DEFAULT)
    if isinstance(raw, str):
        return dict.fromkeys(_ALL, "write" if raw == "write-all" else "read")
    return {"metadata": "read", **{str(name): str(level) for name, level in raw.items()}}


def missing(grant: Mapping[str, Any], method: str, path: str) -> str | None:
    """The permission that a job lacks for a request, such as `issues: write`; None when it may."""
    found = _OF_REPOSITORY.fullmatch(path)
    if found is None or found[1].lower() != grant["repository"].lower():
        return "another repository" if found else None
    rest = found[2] or ""
    needed = next((name for form, name in _NEEDS if re.fullmatch(form, rest)), "metadata")
    level = "read" if method in {"GET", "HEAD"} else "write"
    held = grant["permissions"].get(needed)
    return None if held == "write" or held == level else f"{needed}: {level}"

"""The service repository around the current directory: its service, commits, tags and state."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from common.errors import RefusedError, UsageProblemError
from common.git import git, top_level

_CONVENTION = re.compile(r"\d+_bbws_(?P<service>[a-z0-9_]+?)_lambda")
_SERVICE = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
_TAG = re.compile(r"v\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?")
_REMOTE = re.compile(r"(?:[:/])(?P<owner>[^/:]+)/(?P<name>[^/]+?)(?:\.git)?/?$")


@dataclass(frozen=True, slots=True)
class Repository:
    """A checkout of a service's repository; `slug` is `owner/name` of its remote, if it has one."""

    root: Path
    service: str
    name: str
    slug: str


def find_repository(start: Path, service: str | None) -> Repository | None:
    """The service repository around a folder, or None.

    Raises:
        RefusedError: It is the repository of another service than the one named.
    """
    root = top_level(start)
    if root is None:
        return None
    slug = _slug(root)
    for name in (PurePosixPath(slug).name, root.name, _project_name(root)):
        found = _CONVENTION.fullmatch(name.replace("-", "_"))
        if found is None:
            continue
        own = found["service"]
        if service and _plain(service) != _plain(own):
            raise RefusedError(
                f"this is the repository of {own!r}, not of {service!r}",
                hint=f"change to the repository of {service!r}, or leave --service out",
            )
        return Repository(root, service or own, name, slug)
    return None


def service_name(start: Path, service: str | None) -> str:
    """The service that is meant: the one named, else that of the repository around `start`.

    Raises:
        UsageProblemError: Neither tells.
    """
    if service is not None:
        if not _SERVICE.fullmatch(service):
            raise UsageProblemError(f"{service!r} is no service name")
        return service
    found = find_repository(start, None)
    if found is None:
        raise UsageProblemError(
            "which service? This folder is not in a service's repository",
            hint="name it with --service",
        )
    return found.service


def check_tag(version: str) -> str:
    """A release tag such as `v1.0.0`.

    Raises:
        UsageProblemError: It is none.
    """
    if not _TAG.fullmatch(version):
        raise UsageProblemError(
            f"{version!r} is no release tag", hint="expected something like v1.0.0"
        )
    return version


def commit_of(root: Path, revision: str = "HEAD") -> str:
    """The full commit of a tag or branch.

    Raises:
        RefusedError: There is no such revision here.
    """
    answer = git(
        "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", cwd=root, check=False
    )
    if not answer.ok:
        raise RefusedError(
            f"there is no {revision!r} in {str(root)!r}", hint="git fetch --tags, or check the name"
        )
    return answer.stdout.strip()


def dirty_files(root: Path) -> list[str]:
    """Files that differ from the commit or are not committed (ignored ones left out)."""
    answer = git("status", "--porcelain", "-z", cwd=root)
    return [entry[3:] for entry in answer.stdout.split("\0") if entry]


def version_name(root: Path, commit: str) -> str:
    """The release tag on a commit, else a name that says it is none."""
    words = ("--points-at", commit, "--sort=version:refname", "--list", "v*")
    answer = git("tag", *words, cwd=root)
    tags = [tag for tag in answer.stdout.split() if _TAG.fullmatch(tag)]
    return tags[-1] if tags else f"commit-{commit[:12]}"


def _plain(service: str) -> str:
    return service.replace("-", "_")


def _slug(root: Path) -> str:
    answer = git("config", "--get", "remote.origin.url", cwd=root, check=False)
    found = _REMOTE.search(answer.stdout.strip())
    return f"{found['owner']}/{found['name']}" if found else ""


def _project_name(root: Path) -> str:
    try:
        table = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return str(table.get("project", {}).get("name", ""))

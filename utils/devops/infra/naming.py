"""Which service a configuration belongs to: its repository's name decides the key of its state."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from common.errors import RefusedError, UsageProblemError
from common.git import git, top_level

if TYPE_CHECKING:
    from pathlib import Path

_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SERVICE = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_KEY = re.compile(r'^\s*key\s*=\s*"([^"]+)"\s*$', re.M)


def repository_of(path: Path, service: str | None) -> str:
    """The repository that owns the configuration at `path`.

    That of `--service`, else that of the git remote, else the folder that holds the work tree.

    Raises:
        UsageProblemError: The name cannot be a repository's.
    """
    if service is not None:
        return _of_service(service)
    root = top_level(path)
    name = _remote_name(root) or root.name if root else path.parent.name
    if not _REPOSITORY.fullmatch(name):
        raise UsageProblemError(
            f"{name!r}, which holds {str(path)!r}, is not a repository's name",
            hint="name the service with --service",
        )
    return name


def _of_service(service: str) -> str:
    if "bbws_" in service and _REPOSITORY.fullmatch(service):
        return service
    if not _SERVICE.fullmatch(service):
        raise UsageProblemError(
            f"{service!r} is not a service's name", hint="lowercase letters, digits and _"
        )
    return f"2_bbws_{service.replace('-', '_')}_lambda"


def _remote_name(root: Path) -> str | None:
    answer = git("remote", "get-url", "origin", cwd=root, check=False)
    if not answer.ok:
        return None
    last = re.split(r"[/:]", answer.stdout.strip().rstrip("/"))[-1]
    return last.removesuffix(".git") or None


def state_key(repository: str, backend_file: Path) -> str:
    """The key of the state: what the environment's backend file says, else the repository's own.

    Raises:
        RefusedError: The file names the state of another repository.
    """
    own = f"{repository}/terraform.tfstate"
    if not backend_file.is_file():
        return own
    found = _KEY.search(backend_file.read_text(encoding="utf-8"))
    if found is None or found[1] == own:
        return own
    raise RefusedError(
        f"{backend_file.name} keeps the state under {found[1]!r}, but this is {repository!r}",
        hint=f"the key is {own!r}; --service names another service's repository",
    )

"""What a plan was made from: commit, files, variables and provider lock.

An apply computes the same facts again; every difference is a reason to refuse.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from common.git import ask_origin, git, top_level

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from infra.folder import Folder

_REMOTE_WAIT = 20


class Base(Enum):
    """How a commit stands to the tip of the remote's default branch."""

    CURRENT = "current"
    AHEAD = "ahead"
    BEHIND = "behind"
    DIVERGED = "diverged"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Source:
    """The facts of one moment; digests are SHA-256."""

    commit: str | None
    dirty: bool
    configuration: str
    variables: str | None
    provider_lock: str | None


def read_source(folder: Folder) -> Source:
    """Compute the facts now."""
    root = top_level(folder.path)
    return Source(
        commit=_commit(root) if root else None,
        dirty=bool(_uncommitted(root)) if root else False,
        configuration=_digest_of_files(folder),
        variables=file_sha256(folder.variables_file),
        provider_lock=file_sha256(folder.provider_lock),
    )


def provider_lock_name(folder: Folder) -> str | None:
    """The provider lock file, by its path in the repository, while it waits to be committed."""
    root = top_level(folder.path)
    if root is None or not folder.provider_lock.is_file():
        return None
    name = folder.provider_lock.relative_to(root).as_posix()
    return name if name in _uncommitted(root) else None


def _commit(root: Path) -> str | None:
    answer = git("rev-parse", "--verify", "HEAD", cwd=root, check=False)
    return answer.stdout.strip() if answer.ok else None


def uncommitted(folder: Folder) -> tuple[str, ...]:
    """Files of the repository that differ from its last commit, by their paths in it."""
    root = top_level(folder.path)
    return _uncommitted(root) if root else ()


def _uncommitted(root: Path) -> tuple[str, ...]:
    # A renamed file has a second entry, its old name, which is a change as well.
    entries = git("status", "--porcelain", "-z", "--untracked-files=all", cwd=root).stdout
    return tuple(re.sub(r"^[ A-Z?!]{2} ", "", entry) for entry in entries.split("\0") if entry)


def _configuration_files(folder: Folder) -> Iterator[Path]:
    for path in sorted(folder.path.rglob("*")):
        parts = path.relative_to(folder.path).parts
        if ".terraform" in parts or path.name == ".terraform.lock.hcl" or not path.is_file():
            continue
        if not path.name.endswith((".tfplan", ".tfstate", ".tfstate.backup")):
            yield path


def _digest_of_files(folder: Folder) -> str:
    whole = hashlib.sha256()
    for path in _configuration_files(folder):
        whole.update(f"{path.relative_to(folder.path)}\0{file_sha256(path)}\n".encode())
    return whole.hexdigest()


def file_sha256(path: Path) -> str | None:
    """SHA-256 of a file, None when there is none."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def base_of(folder: Folder, commit: str | None) -> tuple[Base, str | None]:
    """How `commit` stands to the remote's default branch as the remote has it now, and its tip."""
    root = top_level(folder.path)
    if root is None or commit is None:
        return Base.UNKNOWN, None
    answer = ask_origin("ls-remote", "origin", "HEAD", cwd=root, timeout=_REMOTE_WAIT)
    tip = answer.stdout.split()[0] if answer.ok and answer.stdout.split() else None
    if tip is None:
        return Base.UNKNOWN, None
    if tip == commit:
        return Base.CURRENT, tip
    known = git("cat-file", "-e", f"{tip}^{{commit}}", cwd=root, check=False).ok
    if known and _contains(root, commit, tip):
        return Base.AHEAD, tip
    # A tip that was never fetched is newer than anything here: at best we are behind.
    return (Base.BEHIND if not known or _contains(root, tip, commit) else Base.DIVERGED), tip


def _contains(root: Path, commit: str, ancestor: str) -> bool:
    return git("merge-base", "--is-ancestor", ancestor, commit, cwd=root, check=False).ok

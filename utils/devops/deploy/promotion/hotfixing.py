"""Hotfixes: a fix of the release that is live in PROD, and of nothing else.

It has a shorter way: in PROD the business owner approves alone. So that no ordinary release takes
that way, a hotfix is what these rules say, whatever anybody calls it: the next patch of the live
release, grown from its very commit, with nothing of main that came later, without a change of
pipelines, tools or `deploy.yml`, reviewed and merged back into main.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.errors import RefusedError
from common.git import git
from deploy.packaging.building import clean_commit
from deploy.repository import Repository, commit_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from deploy.model import Deployment

_SEMVER = re.compile(r"v(\d+)\.(\d+)\.(\d+)")
_MAIN = "refs/remotes/origin/main"
_GUARDS = (".github", "deploy.yml", "utils/devops")
"""What decides how a release is deployed; a fix in a hurry leaves it alone."""


@dataclass(frozen=True, slots=True)
class Base:
    """The release that a fix is made on."""

    version: str
    commit: str


@dataclass(frozen=True, slots=True)
class Hotfix:
    """A hotfix that was started, or would be."""

    base: str
    version: str
    branch: str
    created: bool

    def next_commands(self, service: str) -> list[str]:
        """What to do from here on, ready to be copied."""
        tool = "python utils/devops/deploy_cli.py"
        which = f"--service {service} --version {self.version}"
        return [
            f"git switch {self.branch}   # make the fix, commit it as 'fix: …'",
            f"git push -u origin {self.branch}   # its pull request runs CI and merges it back",
            f"git tag {self.version} && git push origin {self.version}",
            f"{tool} dev --service {service}",
            f"{tool} promote-sit {which}",
            f"{tool} promote-prod {which} --hotfix   # the business owner approves alone",
        ]


def start_hotfix(checkout: Repository, live: Deployment | None, *, dry_run: bool) -> Hotfix:
    """Make the branch of a hotfix from what is live in PROD; one that exists is used again.

    Raises:
        RefusedError: Nothing is live there, its tag is not what was deployed, or the branch that
            exists does not start there.
    """
    if live is None:
        raise RefusedError("nothing is live in prod: there is nothing to fix there")
    found = _SEMVER.fullmatch(live.version)
    if found is None:
        raise RefusedError(f"{live.version!r} is live in prod, which is no release")
    clean_commit(checkout)
    commit = commit_of(checkout.root, f"refs/tags/{live.version}")
    if commit != live.commit:
        raise RefusedError(
            f"tag {live.version} is {commit[:12]} here, {live.commit[:12]} is live in prod",
            hint="git fetch --tags --force, and find out who moved it",
        )
    version = _next_patch(checkout, found)
    branch = f"hotfix/{version}"
    exists = git(
        "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}", cwd=checkout.root, check=False
    ).ok
    if exists and not _is_ancestor(checkout.root, commit, f"refs/heads/{branch}"):
        raise RefusedError(
            f"branch {branch!r} exists and does not start at {live.version}",
            hint=f"rename it, or: git branch --force {branch} {live.version}",
        )
    if not dry_run and not exists:
        git("branch", branch, commit, cwd=checkout.root)
    return Hotfix(live.version, version, branch, created=not exists)


def base_of(live: Deployment | None) -> Base | None:
    """The release that is live, as what a fix must be made on."""
    return Base(live.version, live.commit) if live else None


def base_below(checkout: Repository, version: str, commit: str) -> Base | None:
    """The release below a fix by its tags, where the ledger of PROD cannot be asked."""
    new = _SEMVER.fullmatch(version)
    if new is None:
        return None
    words = ("tag", "--merged", commit, "--list", f"v{new[1]}.{new[2]}.*")
    answer = git(*words, cwd=checkout.root, check=False)
    tags = [tag for tag in map(_SEMVER.fullmatch, answer.stdout.split()) if tag]
    lower = sorted((int(tag[3]), tag[0]) for tag in tags if int(tag[3]) < int(new[3]))
    if not lower:
        return None
    return Base(lower[-1][1], commit_of(checkout.root, f"refs/tags/{lower[-1][1]}"))


def why_no_hotfix(checkout: Repository, base: Base | None, version: str, commit: str) -> str:
    """Why a release is not a fix of this base, by what git knows; empty if it is one."""
    old = _SEMVER.fullmatch(base.version) if base else None
    new = _SEMVER.fullmatch(version)
    if base is None or old is None or new is None:
        return "there is no release that it could fix"
    if old.groups()[:2] != new.groups()[:2] or int(new[3]) <= int(old[3]):
        return f"{version} is no patch of {base.version}"
    root = checkout.root
    if not _is_ancestor(root, base.commit, commit):
        return f"it does not start at {base.version} ({base.commit[:12]})"
    later = _commits(root, "--first-parent", f"{base.commit}..{_MAIN}")
    if later is None:
        return "main of its repository is not known here"
    own = _commits(root, f"{base.commit}..{commit}")
    if own is None:
        return "its commits are not known here"
    if own & later:
        return f"it brings commits of main along that came after {base.version}"
    changed = git("diff", "--name-only", base.commit, commit, "--", *_GUARDS, cwd=root)
    if changed.stdout.strip():
        return f"it changes {changed.stdout.split()[0]}: such a change takes the ordinary way"
    return ""


def is_hotfix(checkout: Repository, base: Base | None, version: str, commit: str) -> bool:
    """Whether a release is a fix of this base."""
    return not why_no_hotfix(checkout, base, version, commit)


def require_hotfix(
    checkout: Repository,
    base: Base | None,
    version: str,
    commit: str,
    is_merged: Callable[[str], bool],
) -> None:
    """Check everything that makes a hotfix one, its review included.

    Args:
        is_merged: Whether a pull request with exactly this commit was merged into main.

    Raises:
        RefusedError: It is none; the message says why.
    """
    why = why_no_hotfix(checkout, base, version, commit)
    if not why and not is_merged(commit):
        why = "no pull request merged exactly its commit back into main"
    if why:
        raise RefusedError(
            f"{version} is no hotfix: {why}",
            hint="without --hotfix it is promoted as any release, with every approval",
        )


def _is_ancestor(root: Path, older: str, newer: str) -> bool:
    return git("merge-base", "--is-ancestor", older, newer, cwd=root, check=False).ok


def _commits(root: Path, *words: str) -> frozenset[str] | None:
    answer = git("rev-list", *words, cwd=root, check=False)
    return frozenset(answer.stdout.split()) if answer.ok else None


def _next_patch(checkout: Repository, live: re.Match[str]) -> str:
    major, minor, patch = (int(part) for part in live.groups())
    answer = git("tag", "--list", f"v{major}.{minor}.*", cwd=checkout.root)
    taken = [_SEMVER.fullmatch(tag) for tag in answer.stdout.split()]
    highest = max([patch, *(int(tag[3]) for tag in taken if tag)])
    return f"v{major}.{minor}.{highest + 1}"

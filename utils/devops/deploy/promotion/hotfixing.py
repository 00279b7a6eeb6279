"""Starts a hotfix: a branch from the release that is live in PROD, recorded as such.

The fix itself is an ordinary commit on that branch. It is released and promoted as any other: DEV,
SIT, PROD, with every check and every approval; what it saves is everything else that is on main
meanwhile.
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
    from deploy.model import Deployment

_SEMVER = re.compile(r"v(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Hotfix:
    """A hotfix that was started, or would be."""

    base: str
    version: str
    branch: str
    created: bool

    def next_commands(self, service: str) -> list[str]:
        """What to do from here on, ready to be copied."""
        tool = "python utils/devops"
        return [
            f"git switch {self.branch}   # make the fix, commit it as 'fix: …'",
            f"git push -u origin {self.branch}   # its pull request runs CI and merges it back",
            f"{tool}/release_cli.py create --version {self.version}",
            f"{tool}/deploy_cli.py dev --service {service}",
            f"{tool}/deploy_cli.py promote-sit --service {service} --version {self.version}",
            f"{tool}/deploy_cli.py promote-prod --service {service} --version {self.version}",
        ]


def start_hotfix(checkout: Repository, live: Deployment | None, *, dry_run: bool) -> Hotfix:
    """Make the branch of a hotfix from what is live in PROD; one that exists is used again.

    Raises:
        RefusedError: Nothing is live there, or its tag is not what was deployed.
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
    if not dry_run and not exists:
        git("branch", branch, commit, cwd=checkout.root)
    return Hotfix(live.version, version, branch, created=not exists)


def is_hotfix(checkout: Repository, live: Deployment | None, version: str, commit: str) -> bool:
    """Whether a release is a fix made on top of what is live, beside what else is on main.

    Decides only what it is recorded as, never who has to approve it.
    """
    old = _SEMVER.fullmatch(live.version) if live else None
    new = _SEMVER.fullmatch(version)
    if live is None or old is None or new is None or old.groups()[:2] != new.groups()[:2]:
        return False
    root = checkout.root
    grown = git("merge-base", "--is-ancestor", live.commit, commit, cwd=root, check=False).ok
    main = git("rev-list", "--first-parent", "refs/remotes/origin/main", cwd=root, check=False)
    return grown and main.ok and commit not in main.stdout.split()


def _next_patch(checkout: Repository, live: re.Match[str]) -> str:
    major, minor, patch = (int(part) for part in live.groups())
    answer = git("tag", "--list", f"v{major}.{minor}.*", cwd=checkout.root)
    taken = [_SEMVER.fullmatch(tag) for tag in answer.stdout.split()]
    highest = max([patch, *(int(tag[3]) for tag in taken if tag)])
    return f"v{major}.{minor}.{highest + 1}"

"""One repository, and how a command works on it: for real, or as a dry run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.errors import UsageProblemError
from common.github import GitHub
from repository.changes import Applier, Printer
from repository.policy import policy
from repository.remote import Remote

if TYPE_CHECKING:
    from repository.changes import Executor
    from repository.model import Slug


@dataclass(frozen=True, slots=True)
class Target:
    """One repository and how to work on it."""

    slug: Slug
    dry_run: bool = False
    reviewers: tuple[str, ...] = ()
    connect: Callable[[], GitHub] = GitHub.from_environment

    def open(self) -> tuple[Remote, Executor]:
        """The remote, and what the plan goes to."""
        github = self.connect()
        return Remote(github, self.slug), Printer() if self.dry_run else Applier(github)

    def approvers(self) -> dict[str, str]:
        """Role → team or `@user`, as `--reviewer` named them.

        Raises:
            UsageProblemError: A role is unknown, or the form is wrong.
        """
        chosen = {}
        roles = policy().teams
        for words in self.reviewers:
            role, _, name = words.partition("=")
            if role not in roles or not name.strip("@"):
                raise UsageProblemError(
                    f"--reviewer {words!r} is not ROLE=TEAM or ROLE=@USER",
                    hint=f"roles: {', '.join(roles)}",
                )
            chosen[role] = name
        return chosen

"""The `sub` claim that a repository's jobs present to AWS, exactly.

GitHub is asked, not guessed at: the prefix it returns is what its tokens carry. Repositories
created since 15 July 2026 (and others that chose to) carry the ids of owner and repository, so that
a name somebody else takes over is worth nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from common.errors import RefusedError
from common.github_errors import Record

if TYPE_CHECKING:
    from repository.model import Facts

IMMUTABLE_SINCE = "2026-07-15"
AUDIENCE = "sts.amazonaws.com"

_PREFIX = re.compile(r"repo:[A-Za-z0-9-]+(?:@[0-9]+)?/[A-Za-z0-9._-]+(?:@[0-9]+)?")
_DEFAULT_KEYS = (["repo", "context"], ["repo"])


@dataclass(frozen=True, slots=True)
class Subjects:
    """How this repository's subjects begin, and how that is known."""

    prefix: str
    source: str

    @property
    def immutable(self) -> bool:
        return "@" in self.prefix

    @property
    def repository(self) -> str:
        """Owner and name as tokens have them: what `bootstrap --repository` takes."""
        return self.prefix.removeprefix("repo:")

    def of_environment(self, name: str) -> str:
        """The subject of a job that runs in an environment."""
        return f"{self.prefix}:environment:{name}"

    def of_ref(self, ref: str) -> str:
        """The subject of a job without an environment, on a branch or tag."""
        return f"{self.prefix}:ref:{ref}"

    def of_pull_request(self) -> str:
        """The subject of a job without an environment, on a pull request."""
        return f"{self.prefix}:pull_request"


def subjects(facts: Facts, oidc: Record | None, *, on_github_com: bool) -> Subjects:
    """How the subjects begin: what GitHub says, else the repository's age.

    Raises:
        RefusedError: The repository has a subject format of its own, or an answer has no ids.
    """
    answer = oidc if oidc is not None else Record()
    keys = answer.get("include_claim_keys")
    if answer.get("use_default") is False and keys and keys not in _DEFAULT_KEYS:
        raise RefusedError(
            f"{facts.full_name} has its own subject format ({', '.join(map(str, keys))}): "
            "no trust policy for it is written",
            hint="set it back to the default format first",
        )
    prefix = answer.get("sub_claim_prefix")
    if prefix:
        return Subjects(_checked(str(prefix)), "as GitHub says")
    if answer.get("use_immutable_subject"):
        return Subjects(_immutable(facts), "the repository chose immutable subjects")
    if on_github_com and facts.created_at[:10] >= IMMUTABLE_SINCE:
        return Subjects(_immutable(facts), f"created since {IMMUTABLE_SINCE}")
    return Subjects(_checked(f"repo:{facts.full_name}"), "the older form")


def _immutable(facts: Facts) -> str:
    for number in (facts.owner_id, facts.id):
        if isinstance(number, bool) or not isinstance(number, int) or number <= 0:
            raise RefusedError(
                f"GitHub's id {number!r} is not a number: no trust policy is written"
            )
    owner, name = facts.full_name.split("/", 1)
    return _checked(f"repo:{owner}@{facts.owner_id}/{name}@{facts.id}")


def _checked(prefix: str) -> str:
    if _PREFIX.fullmatch(prefix):
        return prefix
    raise RefusedError(f"{prefix!r} is not a subject that names one repository")


def issuer(api: str) -> str:
    """The host (and path) that issues the tokens: the name of the provider in AWS."""
    host = urlsplit(api).hostname or ""
    if host in {"api.github.com", "127.0.0.1", "localhost"}:
        return "token.actions.githubusercontent.com"
    return f"{host}/_services/token"


def is_github_com(api: str) -> bool:
    """Whether this is github.com (or the sandbox that stands for it), not an Enterprise Server."""
    return issuer(api).startswith("token.actions.")

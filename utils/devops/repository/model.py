"""How a repository is: what was read from GitHub, as plain frozen data."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from common.errors import UsageProblemError

_OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})")
_NAME = re.compile(r"(?!-|\.{1,2}$)[A-Za-z0-9._-]{1,100}")


@dataclass(frozen=True, slots=True)
class Slug:
    """Owner and name of a repository, safe to be put into an address."""

    owner: str
    name: str

    def __post_init__(self) -> None:
        if not _OWNER.fullmatch(self.owner):
            raise UsageProblemError(f"{self.owner!r} cannot be an organisation or user")
        if not _NAME.fullmatch(self.name):
            raise UsageProblemError(f"{self.name!r} cannot be the name of a repository")

    def __str__(self) -> str:
        return f"{self.owner}/{self.name}"

    @property
    def path(self) -> str:
        return f"/repos/{self.owner}/{self.name}"


@dataclass(frozen=True, slots=True)
class Owner:
    """Who a repository belongs to. `plan` is None where the token may not see it."""

    login: str
    id: int
    is_org: bool
    plan: str | None


@dataclass(frozen=True, slots=True)
class Facts:
    """A repository's own settings; `full_name` is GitHub's spelling, which OIDC compares."""

    full_name: str
    id: int
    owner_id: int
    private: bool
    description: str | None
    topics: frozenset[str]
    default_branch: str
    html_url: str
    clone_url: str
    created_at: str
    is_admin: bool
    owned_by_org: bool
    settings: dict[str, Any] = field(default_factory=dict)
    security: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RefRule:
    """A pattern of branches or tags that may be deployed."""

    type: str
    name: str


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A team (by slug) or a user (by login) that may approve."""

    kind: str
    name: str
    id: int | None = None

    def __str__(self) -> str:
        return f"team {self.name}" if self.kind == "Team" else f"user {self.name}"


@dataclass(frozen=True, slots=True)
class EnvironmentState:
    """One environment of GitHub. `admins_bypass` is None where the server does not say."""

    name: str
    reviewers: tuple[Reviewer, ...] = ()
    prevent_self_review: bool = False
    wait_minutes: int = 0
    admins_bypass: bool | None = None
    limited_refs: bool = False
    refs: dict[RefRule, int] = field(default_factory=dict)
    """Id by rule, which deleting one needs."""


@dataclass(frozen=True, slots=True)
class Ruleset:
    """One ruleset. `bypass` is None where the token may not see who can go round it."""

    id: int
    name: str
    enforcement: str
    include: tuple[str, ...]
    rules: dict[str, dict[str, Any]]
    bypass: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Stored:
    """A secret or variable: its name, when it was set, and a variable's value."""

    name: str
    updated_at: str
    value: str | None = None

"""How a repository has to be: the house's policy, read from `policy.yml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from common.environments import environment
from common.errors import UsageProblemError
from repository.model import RefRule

TABLE = Path(__file__).with_name("policy.yml")

_SERVICE = "[a-z0-9]+(?:_[a-z0-9]+)*"


@dataclass(frozen=True, slots=True)
class Team:
    """The team that holds a role, and what it may do with a service's repository."""

    role: str
    slug: str
    permission: str


@dataclass(frozen=True, slots=True)
class WantedEnvironment:
    """One environment of GitHub as it has to be.

    `deploys` names the AWS environment its jobs deploy to (None for a gate), `approver` the role
    that has to approve (None where nobody has to).
    """

    name: str
    deploys: str | None = None
    approver: str | None = None
    wait_minutes: int = 0

    @property
    def guarded(self) -> bool:
        """Whether something has to happen before a job of this environment may start."""
        return bool(self.approver or self.wait_minutes)


@dataclass(frozen=True, slots=True)
class Policy:
    """All of `policy.yml`."""

    name: str
    topics: tuple[str, ...]
    settings: dict[str, Any]
    security: tuple[str, ...]
    teams: dict[str, Team]
    code_owners: tuple[str, ...]
    environments: tuple[WantedEnvironment, ...]
    deployment_refs: frozenset[RefRule]
    role: str
    branch: str
    ruleset: str
    approvals: int

    def environment(self, name: str) -> WantedEnvironment:
        """The environment of that name.

        Raises:
            UsageProblemError: The policy has none.
        """
        for wanted in self.environments:
            if wanted.name == name:
                return wanted
        known = ", ".join(wanted.name for wanted in self.environments)
        raise UsageProblemError(f"unknown environment {name!r}", hint=f"choose one of: {known}")

    def check_name(self, name: str) -> str:
        """`name`, if it follows the house's pattern.

        Raises:
            UsageProblemError: It does not.
        """
        pattern = re.escape(self.name).replace(re.escape("{service}"), _SERVICE)
        if re.fullmatch(pattern, name):
            return name
        raise UsageProblemError(
            f"{name!r} does not follow {self.name!r}", hint="--allow-name takes it all the same"
        )

    def role_arn(self, repository: str, env: str) -> str:
        """The role that jobs of this repository assume in an AWS environment."""
        account = environment(env).account
        return f"arn:aws:iam::{account}:role/{self.role_name(repository, env)}"

    def role_name(self, repository: str, env: str) -> str:
        """Name of that role, within IAM's 64 characters."""
        name = self.role.format(repository=repository, env=env)
        if len(name) > 64 or not re.fullmatch(r"[\w+=,.@-]+", name):
            raise UsageProblemError(
                f"{name!r} cannot be the name of an IAM role", hint="name it with --role-arn"
            )
        return name


@cache
def policy() -> Policy:
    """The house's policy."""
    import yaml

    table: dict[str, Any] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return Policy(
        name=table["name"],
        topics=tuple(table["topics"]),
        settings=table["settings"],
        security=tuple(table["security"]),
        teams={role: Team(role, **facts) for role, facts in table["teams"].items()},
        code_owners=tuple(table["code_owners"]),
        environments=tuple(WantedEnvironment(**facts) for facts in table["environments"]),
        deployment_refs=frozenset(RefRule(**facts) for facts in table["deployment_refs"]),
        role=table["role"],
        branch=table["protection"]["branch"],
        ruleset=table["protection"]["ruleset"],
        approvals=table["protection"]["approvals"],
    )

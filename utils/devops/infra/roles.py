"""The roles that a repository's pipelines assume, and who may.

One role for deployments to an environment, trusted only for jobs in that GitHub environment; in dev
also one for the plans of pull requests, which reads and writes nothing but the lock.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from common.errors import UsageProblemError
from infra.role_policies import deployment_policy, document, plan_policy

if TYPE_CHECKING:
    from common.environments import Environment

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
POLICY_NAME = "pipeline"

# OWNER/NAME, or with the immutable ids that GitHub puts into newer repositories' tokens.
_REPOSITORY = re.compile(r"(?P<owner>[A-Za-z0-9-]+)(?:@\d+)?/(?P<name>[A-Za-z0-9._-]+?)(?:@\d+)?")


@dataclass(frozen=True, slots=True)
class Role:
    """An IAM role as it should be."""

    name: str
    description: str
    trust: dict[str, Any]
    policy: dict[str, Any]


def pipeline_roles(environment: Environment, repositories: tuple[str, ...]) -> tuple[Role, ...]:
    """The roles of these repositories in an environment.

    Raises:
        UsageProblemError: A name is not OWNER/NAME (or OWNER@ID/NAME@ID).
    """
    found = []
    for repository in repositories:
        matched = _REPOSITORY.fullmatch(repository)
        if matched is None:
            raise UsageProblemError(
                f"{repository!r} is not a repository",
                hint="write OWNER/NAME, or OWNER@ID/NAME@ID where GitHub's tokens carry ids",
            )
        found.append(_deployment_role(environment, repository, matched["name"]))
        if environment.promotes_from is None and not environment.approvals:
            found.append(_plan_role(environment, repository, matched["name"]))
    return tuple(found)


def _name(kind: str, repository: str, environment: Environment) -> str:
    name = f"github-{repository}-{kind}{environment.name}"
    if len(name) > 64:
        raise UsageProblemError(f"{name!r} is too long for the name of an IAM role (64)")
    return name


def _deployment_role(environment: Environment, repository: str, name: str) -> Role:
    return Role(
        name=_name("", name, environment),
        description=f"Deployments of {name} to {environment.name} by GitHub Actions",
        trust=_trust(environment, f"repo:{repository}:environment:{environment.name}"),
        policy=deployment_policy(environment, name),
    )


def _plan_role(environment: Environment, repository: str, name: str) -> Role:
    return Role(
        name=_name("plan-", name, environment),
        description=f"Plans of {name}'s pull requests in {environment.name}, read-only",
        trust=_trust(environment, f"repo:{repository}:pull_request"),
        policy=plan_policy(environment, name),
    )


def _trust(environment: Environment, subject: str) -> dict[str, Any]:
    provider = f"arn:aws:iam::{environment.account}:oidc-provider/{ISSUER}"
    return document(
        [
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {f"{ISSUER}:aud": AUDIENCE, f"{ISSUER}:sub": subject}
                },
            }
        ]
    )

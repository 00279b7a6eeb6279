"""What a setup knows before its first step: reads only, and refuses what could not be finished."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from common.errors import UnavailableError
from repository import environments as gating
from repository import settings
from repository.remote import RulesetsUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lld.model import Design
    from repository.model import EnvironmentState, Facts, Owner, Reviewer, Ruleset, Stored
    from repository.policy import Policy
    from repository.remote import Remote


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be set up, and where its checkout is."""

    design: Design
    folder: Path
    approvers: Mapping[str, str]
    wanted: settings.Wanted


@dataclass(slots=True)
class Known:
    """What has been read, or made, so far."""

    facts: Facts | None = None
    owner: Owner | None = None
    environments: dict[str, EnvironmentState] = field(default_factory=dict)
    variables: dict[str, dict[str, Stored]] = field(default_factory=dict)
    access: dict[str, str] = field(default_factory=dict)
    alerts_on: bool = False
    ruleset: Ruleset | None = None
    has_rulesets: bool = True
    approvers: dict[str, Reviewer] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


def read_known(remote: Remote, policy: Policy, order: Order) -> Known:
    """Read what is there; the owner and the teams only where something will be made.

    Raises:
        RefusedError: The plan has no gates, a team is missing, or the default branch is not main.
        UnavailableError: This token may not administer the repository.
    """
    known = Known(remote.facts())
    facts = known.facts
    if facts is None:
        _read_owner(known, remote, policy, order, private=order.wanted.private)
        return known
    if not facts.is_admin:
        raise UnavailableError(
            f"this token may not administer {facts.full_name}",
            hint="use a token of an administrator of the repository",
        )
    settings.check_default_branch(facts, policy)
    _read_existing(known, facts, remote, policy)
    known.approvers = gating.reviewers_by_name(policy, order.approvers)
    planned = gating.plan_environments(remote.slug, policy, known.environments, known.approvers)
    if planned or settings.lacks_security(facts, policy):
        _read_owner(known, remote, policy, order, private=facts.private)
    return known


def _read_existing(known: Known, facts: Facts, remote: Remote, policy: Policy) -> None:
    known.environments = remote.environments()
    known.alerts_on = remote.alerts_on()
    if facts.owned_by_org:
        known.access = remote.team_access()
    for env in policy.environments:
        if env.deploys and env.name in known.environments:
            known.variables[env.name] = remote.variables(env.name)
    try:
        known.ruleset = remote.ruleset(ruleset_name(policy))
    except RulesetsUnavailableError:
        known.has_rulesets = False


def _read_owner(
    known: Known, remote: Remote, policy: Policy, order: Order, *, private: bool
) -> None:
    known.owner = remote.owner()
    gating.check_plan(known.owner, private=private)
    known.approvers = gating.resolve_approvers(remote.github, known.owner, policy, order.approvers)


def ruleset_name(policy: Policy) -> str:
    """Name of the ruleset that protects the policy's branch."""
    return policy.ruleset.format(branch=policy.branch)

"""GitHub environments and their gates: from how they are to how they have to be.

An environment is set in one request with every field of its protection, so that it is never half
protected; what guards production comes before production, which comes last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from common.errors import RefusedError
from repository.changes import Change, Verb, differences
from repository.model import EnvironmentState, Reviewer

if TYPE_CHECKING:
    from common.github import GitHub
    from repository.model import Owner, Slug
    from repository.policy import Policy, WantedEnvironment

Approvers = Mapping[str, Reviewer]
"""The reviewer that holds each role."""

_GATED_PLANS = frozenset({"enterprise", "business", None})


def resolve_approvers(
    github: GitHub, owner: Owner, policy: Policy, chosen: Mapping[str, str]
) -> dict[str, Reviewer]:
    """The team or user for each role that has to approve.

    Args:
        chosen: Role → team slug, or `@login` for a user; the policy's teams for the others.

    Raises:
        RefusedError: One is missing. Nothing is created without its reviewers.
    """
    roles = [wanted.approver for wanted in policy.environments if wanted.approver]
    names = {role: chosen.get(role) or policy.teams[role].slug for role in roles}
    teams = _team_ids(github, owner) if any(n[:1] != "@" for n in names.values()) else {}
    found = {}
    for role, name in names.items():
        if name.startswith("@"):
            found[role] = _user(github, name[1:], role)
        elif name in teams:
            found[role] = Reviewer("Team", name, teams[name])
        else:
            raise _missing(f"team {name!r}", owner.login, role)
    return found


def _team_ids(github: GitHub, owner: Owner) -> dict[str, int]:
    if not owner.is_org:
        raise RefusedError(
            f"{owner.login} is a user and has no teams to approve deployments",
            hint="name users: --reviewer dev-lead=@login, and so on for each role",
        )
    return {team["slug"]: team["id"] for team in github.listing(f"/orgs/{owner.login}/teams")}


def _user(github: GitHub, login: str, role: str) -> Reviewer:
    answer = github.find(f"/users/{login}")
    if answer is None:
        raise _missing(f"user {login!r}", "GitHub", role)
    return Reviewer("User", answer["login"], answer["id"])


def _missing(what: str, where: str, role: str) -> RefusedError:
    return RefusedError(
        f"there is no {what} in {where} to approve as {role}: nothing was created",
        hint=f"create it, or name another one with --reviewer {role}=TEAM or {role}=@USER",
    )


def has_gates(plan: str | None) -> bool:
    """Whether a plan has required reviewers for private repositories; unknown counts as yes."""
    return plan in _GATED_PLANS


def check_plan(owner: Owner, *, private: bool) -> None:
    """Refuse where the gates could not be enforced, before anything is created.

    Raises:
        RefusedError: The plan has no required reviewers for private repositories.
    """
    if private and not has_gates(owner.plan):
        raise RefusedError(
            f"the plan of {owner.login} ({owner.plan}) has no required reviewers for private "
            "repositories: the gates of sit and prod would NOT be applied",
            hint="upgrade to GitHub Enterprise; nothing was created",
        )


def plan_environments(
    slug: Slug,
    policy: Policy,
    now: Mapping[str, EnvironmentState],
    approvers: Approvers,
) -> list[Change]:
    """The changes that make the environments what the policy says, production last."""
    changes: list[Change] = []
    for wanted in policy.environments:
        state = now.get(wanted.name)
        changes += _environment(slug, wanted, state, approvers)
        changes += _refs(slug, policy, wanted.name, state)
    return changes


def is_as_wanted(
    wanted: WantedEnvironment, state: EnvironmentState | None, approvers: Approvers
) -> bool:
    """Whether an environment's own settings are right; the refs are compared apart."""
    return state is not None and not differences(_pairs(wanted, state, approvers))


def _environment(
    slug: Slug,
    wanted: WantedEnvironment,
    state: EnvironmentState | None,
    approvers: Approvers,
) -> list[Change]:
    if is_as_wanted(wanted, state, approvers):
        return []
    known = state or EnvironmentState(wanted.name)
    verb = Verb.UPDATE if state else Verb.CREATE
    return [
        Change(
            verb,
            f"environment {wanted.name}",
            "PUT",
            f"{slug.path}/environments/{wanted.name}",
            _body(wanted, known, approvers),
            details=differences(_pairs(wanted, known, approvers)),
            protects=wanted.name if wanted.guarded else None,
        )
    ]


def _pairs(
    wanted: WantedEnvironment, state: EnvironmentState, approvers: Approvers
) -> dict[str, tuple[object, object]]:
    wanted_reviewers = {str(approvers[wanted.approver])} if wanted.approver else set()
    pairs: dict[str, tuple[object, object]] = {
        "reviewers": ({str(r) for r in state.reviewers}, wanted_reviewers),
        "only chosen branches and tags": (state.limited_refs, True),
        "wait timer in minutes": (state.wait_minutes, wanted.wait_minutes),
    }
    if wanted.approver:
        pairs["self-review prevented"] = (state.prevent_self_review, True)
    if wanted.guarded and state.admins_bypass is not None:
        pairs["administrators can bypass"] = (state.admins_bypass, False)
    return pairs


def _body(
    wanted: WantedEnvironment, state: EnvironmentState, approvers: Approvers
) -> dict[str, Any]:
    """All fields in one request; those a plan may lack only where they are, or were, in use."""
    limits = {"protected_branches": False, "custom_branch_policies": True}
    body: dict[str, Any] = {"deployment_branch_policy": limits}
    if wanted.approver:
        reviewer = approvers[wanted.approver]
        body["reviewers"] = [{"type": reviewer.kind, "id": reviewer.id}]
        body["prevent_self_review"] = True
    elif state.reviewers:
        body["reviewers"] = []
        body["prevent_self_review"] = False
    if wanted.wait_minutes or state.wait_minutes:
        body["wait_timer"] = wanted.wait_minutes
    if wanted.guarded:
        body["can_admins_bypass"] = False
    return body


def _refs(
    slug: Slug, policy: Policy, name: str, state: EnvironmentState | None
) -> Iterable[Change]:
    path = f"{slug.path}/environments/{name}/deployment-branch-policies"
    known = state.refs if state else {}
    for rule in sorted(policy.deployment_refs - set(known), key=str):
        what = f"rule: {rule.type} {rule.name} deploys to {name}"
        body = {"name": rule.name, "type": rule.type}
        yield Change(Verb.CREATE, what, "POST", path, body)
    for rule in sorted(set(known) - policy.deployment_refs, key=str):
        what = f"rule: {rule.type} {rule.name} deploys to {name}"
        yield Change(Verb.DELETE, what, "DELETE", f"{path}/{known[rule]}", protects=name)


def reviewers_by_name(policy: Policy, chosen: Mapping[str, str]) -> dict[str, Reviewer]:
    """The approvers without their ids: enough to compare with, without asking GitHub."""
    roles = [wanted.approver for wanted in policy.environments if wanted.approver]
    names = {role: chosen.get(role) or policy.teams[role].slug for role in roles}
    return {
        role: Reviewer("User", name[1:]) if name.startswith("@") else Reviewer("Team", name)
        for role, name in names.items()
    }


def verify(policy: Policy, now: Mapping[str, EnvironmentState], approvers: Approvers) -> list[str]:
    """What, read back, is not as it was set: environment and difference."""
    wrong = []
    for wanted in policy.environments:
        state = now.get(wanted.name)
        if state is None:
            wrong.append(f"{wanted.name}: it is not there")
        else:
            found = differences(_pairs(wanted, state, approvers))
            wrong += [f"{wanted.name}: {line}" for line in found]
    return wrong

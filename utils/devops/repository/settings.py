"""The repository itself: creating it, its settings, topics, alerts and the teams' access."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.errors import RefusedError
from repository.changes import Change, Verb, differences

if TYPE_CHECKING:
    from repository.model import Facts, Owner, Slug
    from repository.policy import Policy, Team

_SECURITY_PLANS = frozenset({"enterprise", None})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is particular to this repository: the rest is policy."""

    slug: Slug
    description: str | None = None
    topics: frozenset[str] = frozenset()
    private: bool = True


def creation(wanted: Wanted, owner: Owner, policy: Policy) -> list[Change]:
    """The changes that make a repository that is not there."""
    org = owner.is_org
    body = {
        "name": wanted.slug.name,
        "private": wanted.private,
        # An empty repository has no branch to protect; this one has main from the start.
        "auto_init": True,
        **policy.settings,
        **({"description": wanted.description} if wanted.description else {}),
    }
    path = f"/orgs/{owner.login}/repos" if org else "/user/repos"
    visibility = "private" if wanted.private else "public"
    made = Change(Verb.CREATE, f"repository {wanted.slug} ({visibility})", "POST", path, body=body)
    changes = [made, _topics(wanted, policy, frozenset()), _alerts(wanted.slug)]
    if _has_secret_scanning(owner.plan, private=wanted.private):
        changes.append(_security(wanted.slug, policy, {}))
    return changes


def alignment(
    wanted: Wanted, facts: Facts, policy: Policy, *, alerts_on: bool, plan: str | None
) -> list[Change]:
    """The changes that make an existing repository what it has to be.

    Raises:
        RefusedError: It is public and has to be private: that is for a person to decide.
    """
    if wanted.private and not facts.private:
        raise RefusedError(
            f"{facts.full_name} is public and the house's repositories are private",
            hint="make it private by hand, or create another one",
        )
    changes = _settings(wanted, facts, policy)
    topics = _topics(wanted, policy, facts.topics)
    if not _all_topics(wanted, policy) <= facts.topics:
        changes.append(topics)
    if not alerts_on:
        changes.append(_alerts(wanted.slug))
    if lacks_security(facts, policy) and _has_secret_scanning(plan, private=facts.private):
        changes.append(_security(wanted.slug, policy, facts.security))
    return changes


def check_default_branch(facts: Facts, policy: Policy) -> None:
    """Refuse a repository whose default branch is another one: its gates would guard nothing.

    Raises:
        RefusedError: It is; the owner's settings name another branch for new repositories.
    """
    if facts.default_branch != policy.branch:
        raise RefusedError(
            f"the default branch of {facts.full_name} is {facts.default_branch!r}, "
            f"not {policy.branch!r}",
            hint=f"rename it in its settings ({facts.html_url}/branches), then run this again",
        )


def lacks_security(facts: Facts, policy: Policy) -> bool:
    """Whether one of the security settings is off."""
    return any(facts.security.get(name) != "enabled" for name in policy.security)


def _settings(wanted: Wanted, facts: Facts, policy: Policy) -> list[Change]:
    pairs = {key: (facts.settings.get(key), value) for key, value in policy.settings.items()}
    if wanted.description:
        pairs["description"] = (facts.description, wanted.description)
    body = {key: value for key, (now, value) in pairs.items() if now != value}
    if not body:
        return []
    what = f"settings of {facts.full_name}"
    return [Change(Verb.UPDATE, what, "PATCH", wanted.slug.path, body, details=differences(pairs))]


def _all_topics(wanted: Wanted, policy: Policy) -> frozenset[str]:
    return frozenset(policy.topics) | wanted.topics


def _topics(wanted: Wanted, policy: Policy, now: frozenset[str]) -> Change:
    names = sorted(_all_topics(wanted, policy) | now)
    details = differences({"topics": (now, frozenset(names))})
    path = f"{wanted.slug.path}/topics"
    return Change(Verb.UPDATE, "topics", "PUT", path, {"names": names}, details=details)


def _alerts(slug: Slug) -> Change:
    path = f"{slug.path}/vulnerability-alerts"
    return Change(Verb.UPDATE, "vulnerability alerts: on", "PUT", path)


def _security(slug: Slug, policy: Policy, now: Mapping[str, str]) -> Change:
    body = {name: {"status": "enabled"} for name in policy.security}
    pairs = {name: (now.get(name) or "disabled", "enabled") for name in policy.security}
    what = "secret scanning and push protection: on"
    details = differences(pairs)
    sent = {"security_and_analysis": body}
    # Sold apart from the plan: only GitHub knows whether this owner has it.
    return Change(Verb.UPDATE, what, "PATCH", slug.path, sent, details=details, optional=True)


def _has_secret_scanning(plan: str | None, *, private: bool) -> bool:
    return not private or plan in _SECURITY_PLANS


_ORDER = ("pull", "triage", "push", "maintain", "admin")


def team_access(slug: Slug, teams: Mapping[str, Team], access: Mapping[str, str]) -> list[Change]:
    """The changes that give the teams at least the access their roles need."""
    changes = []
    for team in teams.values():
        held = access.get(team.slug)
        if held not in _ORDER or _ORDER.index(held) < _ORDER.index(team.permission):
            path = f"/orgs/{slug.owner}/teams/{team.slug}{slug.path}"
            details = differences({"permission": (held, team.permission)})
            body = {"permission": team.permission}
            what = f"access of team {team.slug}"
            changes.append(Change(Verb.UPDATE, what, "PUT", path, body, details=details))
    return changes

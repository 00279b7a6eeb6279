"""Reads how a repository is. Nothing in here changes anything."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from common.errors import UnavailableError
from common.github_errors import GitHubError, Record
from repository.model import (
    EnvironmentState,
    Facts,
    Owner,
    RefRule,
    Reviewer,
    Ruleset,
    Slug,
    Stored,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.github import GitHub

_BRANCH_TRIES = 6


class Remote:
    """One repository, as GitHub tells it."""

    def __init__(self, github: GitHub, slug: Slug) -> None:
        self.github = github
        self.slug = slug
        self._url: str | None = None

    def url(self) -> str:
        """The address people open, once it is known; else owner and name."""
        return self._url or str(self.slug)

    def facts(self) -> Facts | None:
        """The repository's own settings, or None where there is no such repository."""
        answer = self.github.find(self.slug.path)
        return None if answer is None else self.learn(answer)

    def learn(self, answer: Record) -> Facts:
        """The settings in an answer that describes the repository whole, as creating it does."""
        self._url = str(answer["html_url"])
        return facts_of(answer)

    def environment_exists(self, name: str) -> bool:
        """Whether there is an environment of that name."""
        return self.github.find(f"{self.slug.path}/environments/{name}") is not None

    def require_facts(self) -> Facts:
        """The same, for commands that need the repository to be there.

        Raises:
            UnavailableError: There is none, or this token may not see it.
        """
        found = self.facts()
        if found is None:
            raise UnavailableError(
                f"there is no repository {str(self.slug)!r} that this token can see",
                hint=f"repo_cli.py create --name {self.slug.name} --org {self.slug.owner}",
            )
        return found

    def owner(self) -> Owner:
        """The organisation or user the repository belongs, or is to belong, to."""
        org = self.github.find(f"/orgs/{self.slug.owner}")
        if org is not None:
            return Owner(org["login"], org["id"], is_org=True, plan=_plan(org))
        user = self.github.get("/user")
        if user["login"].lower() == self.slug.owner.lower():
            return Owner(user["login"], user["id"], is_org=False, plan=_plan(user))
        raise UnavailableError(
            f"{self.slug.owner!r} is neither an organisation nor the user of this token",
            hint="name another owner with --org",
        )

    def team_access(self) -> dict[str, str]:
        """Permission by slug of the teams that have access."""
        teams = self.github.listing(f"{self.slug.path}/teams")
        return {team["slug"]: team["permission"] for team in teams}

    def alerts_on(self) -> bool:
        """Whether GitHub warns about vulnerable dependencies."""
        return self.github.exists(f"{self.slug.path}/vulnerability-alerts")

    def environments(self, *, with_refs: bool = True) -> dict[str, EnvironmentState]:
        """All environments by name; the refs each may deploy cost a call of their own."""
        path = f"{self.slug.path}/environments"
        found = self.github.listing(path, "environments")
        return {env["name"]: self._environment(env, with_refs=with_refs) for env in found}

    def _environment(self, env: Record, *, with_refs: bool) -> EnvironmentState:
        rules = {rule["type"]: rule for rule in env.get("protection_rules") or []}
        reviews, timer = rules.get("required_reviewers"), rules.get("wait_timer")
        limits = env.get("deployment_branch_policy") or {}
        custom = bool(limits.get("custom_branch_policies"))
        return EnvironmentState(
            name=env["name"],
            reviewers=tuple(map(_reviewer, (reviews or {}).get("reviewers") or [])),
            prevent_self_review=bool((reviews or {}).get("prevent_self_review")),
            wait_minutes=int((timer or {}).get("wait_timer") or 0),
            admins_bypass=env.get("can_admins_bypass"),
            limited_refs=custom,
            refs=self._refs(env["name"]) if custom and with_refs else {},
        )

    def _refs(self, environment: str) -> dict[RefRule, int]:
        path = f"{self.slug.path}/environments/{environment}/deployment-branch-policies"
        found = self.github.listing(path, "branch_policies")
        return {RefRule(p.get("type") or "branch", p["name"]): p["id"] for p in found}

    def variables(self, environment: str) -> dict[str, Stored]:
        """The variables of an environment."""
        path = f"{self.slug.path}/environments/{environment}/variables"
        found = self.github.listing(path, "variables")
        return {v["name"]: Stored(v["name"], v["updated_at"], v["value"]) for v in found}

    def secrets(self, environment: str) -> dict[str, Stored]:
        """The secrets of an environment; their values cannot be read."""
        path = f"{self.slug.path}/environments/{environment}/secrets"
        found = self.github.listing(path, "secrets")
        return {s["name"]: Stored(s["name"], s["updated_at"]) for s in found}

    def public_key(self, environment: str) -> tuple[str, str]:
        """Id and Base64 text of the key that this environment's secrets are sealed with."""
        path = f"{self.slug.path}/environments/{environment}/secrets/public-key"
        answer = self.github.get(path)
        return answer["key_id"], answer["key"]

    def ruleset(self, name: str) -> Ruleset | None:
        """The repository's ruleset of that name.

        Raises:
            RulesetsUnavailableError: This server has no rulesets.
        """
        try:
            listed = self.github.listing(f"{self.slug.path}/rulesets", includes_parents="false")
        except GitHubError as error:
            if error.status == 404:
                raise RulesetsUnavailableError("this server has no rulesets") from error
            raise
        for entry in listed:
            if entry["name"] == name:
                return ruleset_of(self.github.get(f"{self.slug.path}/rulesets/{entry['id']}"))
        return None

    def classic_protection(self, branch: str) -> Record | None:
        """The branch's classic protection, in the form GET has it."""
        return self.github.find(f"{self.slug.path}/branches/{branch}/protection")

    def has_branch(self, branch: str) -> bool:
        """Whether the branch exists already."""
        return self.github.find(f"{self.slug.path}/branches/{branch}") is not None

    def await_branch(self, branch: str, sleep: Callable[[float], None]) -> None:
        """Wait for the first commit: GitHub answers a creation before that is there.

        Raises:
            UnavailableError: It did not come, after some 30 seconds.
        """
        for attempt in range(_BRANCH_TRIES):
            if self.has_branch(branch):
                return
            sleep(0.5 * 2**attempt)
        raise UnavailableError(f"{branch} does not exist yet after its creation")

    def workflow_texts(self, ref: str) -> dict[str, str]:
        """Path and text of the workflows on a branch."""
        folder = f"{self.slug.path}/contents/.github/workflows"
        try:
            entries = self.github.listing(folder, ref=ref)
        except GitHubError as error:
            if error.status == 404:
                return {}
            raise
        paths = [e["path"] for e in entries if e["name"].endswith((".yml", ".yaml"))]
        return {path: self.file(path, ref) or "" for path in paths}

    def file(self, path: str, ref: str) -> str | None:
        """Text of a file on a branch."""
        answer = self.github.find(f"{self.slug.path}/contents/{path}", ref=ref)
        if answer is None:
            return None
        return base64.b64decode(answer["content"]).decode("utf-8", "replace")

    def hooks(self) -> list[Record]:
        """The repository's webhooks."""
        return self.github.listing(f"{self.slug.path}/hooks")

    def oidc(self) -> Record | None:
        """How the subjects of this repository's tokens are made; None on older servers."""
        return self.github.find(f"{self.slug.path}/actions/oidc/customization/sub")


class RulesetsUnavailableError(UnavailableError):
    """The server has no rulesets: classic branch protection is what there is."""


def _plan(owner: Record) -> str | None:
    plan = owner.get("plan")
    return str(plan["name"]).lower() if isinstance(plan, Record) else None


def facts_of(answer: Record) -> Facts:
    """A repository's settings from any answer that describes it whole."""
    analysis = answer.get("security_and_analysis") or {}
    return Facts(
        full_name=answer["full_name"],
        id=answer["id"],
        owner_id=answer["owner"]["id"],
        private=bool(answer["private"]),
        description=answer.get("description"),
        topics=frozenset(answer.get("topics") or []),
        default_branch=answer["default_branch"],
        html_url=answer["html_url"],
        clone_url=answer["clone_url"],
        created_at=answer["created_at"],
        is_admin=bool((answer.get("permissions") or {}).get("admin")),
        owned_by_org=answer["owner"].get("type") == "Organization",
        settings={key: value for key, value in answer.items() if isinstance(value, bool | str)},
        security={name: (facts or {}).get("status", "") for name, facts in analysis.items()},
    )


def _reviewer(entry: Record) -> Reviewer:
    who = entry["reviewer"]
    name = who["slug"] if entry["type"] == "Team" else who["login"]
    return Reviewer(entry["type"], name, who["id"])


def ruleset_of(answer: Record) -> Ruleset:
    """A ruleset from any answer that describes it whole."""
    conditions = answer.get("conditions") or {}
    bypass = answer.get("bypass_actors")
    return Ruleset(
        id=answer["id"],
        name=answer["name"],
        enforcement=answer["enforcement"],
        include=tuple((conditions.get("ref_name") or {}).get("include") or ()),
        rules={rule["type"]: dict(rule.get("parameters") or {}) for rule in answer["rules"]},
        bypass=None if bypass is None else tuple(_actor(actor) for actor in bypass),
    )


def _actor(actor: Record) -> str:
    return f"{actor.get('actor_type')} {actor.get('actor_id')}"

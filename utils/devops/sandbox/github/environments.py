"""Environments, their protection rules and branch policies; refused where the plan lacks them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from sandbox.github import replies
from sandbox.github.replies import body, not_found, refuse, repository, require_admin, store
from sandbox.github.store import Data, now
from sandbox.github.views import node_id, team_view, user_view

pages = Blueprint("environments", __name__)

_KEYS = {"wait_timer", "prevent_self_review", "reviewers", "deployment_branch_policy"}
_BYPASS = "can_admins_bypass"  # accepted by github.com, though its description leaves it out


@pages.get("/repos/<owner>/<repo>/environments")
def environments(owner: str, repo: str) -> Any:
    found = repository(owner, repo)
    views = [environment_view(found, env) for env in found["environments"].values()]
    return replies.counted("environments", views)


@pages.get("/repos/<owner>/<repo>/environments/<name>")
def environment(owner: str, repo: str, name: str) -> Data:
    found = repository(owner, repo)
    return environment_view(found, environment_of(found, name))


@pages.put("/repos/<owner>/<repo>/environments/<name>")
def put_environment(owner: str, repo: str, name: str) -> Data:
    found = repository(owner, repo)
    require_admin(found)
    sent = body()
    replies.permit(sent, _permitted())
    _check_plan(found, sent)
    known = found["environments"].get(name)
    env = known or {"id": store().new_id(), "name": name, "created_at": now(), "policies": {}}
    reviewers = sent.get("reviewers") or []
    if sent.get("prevent_self_review") and not reviewers:
        refuse(
            422,
            "Failed to create or update the environment protection rule. Required reviewers must "
            "have at least one reviewer to set prevent_self_review.",
        )
    if len(reviewers) > 6:
        refuse(422, "Too many reviewers: at most 6.")
    _check_policy(sent.get("deployment_branch_policy"))
    env |= {
        "updated_at": now(),
        "wait_timer": sent.get("wait_timer") or 0,
        "prevent_self_review": bool(sent.get("prevent_self_review")),
        "reviewers": [_reviewer(found, reviewer) for reviewer in reviewers],
        "deployment_branch_policy": sent.get("deployment_branch_policy"),
        "can_admins_bypass": sent.get(_BYPASS, env.get("can_admins_bypass", True)),
    }
    for kind in ("secrets", "variables"):
        env.setdefault(kind, {})
    found["environments"][name] = env
    return environment_view(found, env)


def _permitted() -> set[str]:
    server = store().settings["server"]
    if server == "github.com":
        return {*_KEYS, _BYPASS}
    return _KEYS - {"prevent_self_review"}  # an Enterprise Server of before that setting


def _check_plan(repo: Data, sent: Data) -> None:
    plan = store().plan_of(repo)
    if plan == "free":
        refuse(
            403,
            "Upgrade to GitHub Pro or make this repository public to enable this feature.",
        )
    gated = {"reviewers": "required reviewers", "wait_timer": "wait timer"}
    for key, rule in gated.items():
        if plan != "enterprise" and key in sent:
            refuse(
                422,
                "Failed to create the environment protection rule. Please ensure the billing plan "
                f"supports the {rule} protection rule.",
            )


def _check_policy(policy: Data | None) -> None:
    if policy is None:
        return
    if policy.get("protected_branches") == policy.get("custom_branch_policies"):
        refuse(422, "protected_branches and custom_branch_policies cannot have the same value.")


def _reviewer(repo: Data, reviewer: Data) -> Data:
    """The reviewer as kept, refused unless it can read the repository."""
    if reviewer["type"] == "Team":
        teams = [t for t in store().teams_of(repo) if t["id"] == reviewer["id"]]
        if teams:
            return {"type": "Team", "slug": teams[0]["slug"]}
    else:
        for user in store().data["users"].values():
            if user["id"] == reviewer["id"]:
                return {"type": "User", "login": user["login"]}
    return refuse(422, "Failed to create the environment protection rule: reviewer without access.")


def environment_of(repo: Data, name: str) -> Data:
    found: Data | None = repo["environments"].get(name)
    return found if found is not None else not_found()


def reviewers_view(repo: Data, env: Data) -> list[Data]:
    org = store().data["orgs"].get(repo["owner"])
    views = []
    for reviewer in env["reviewers"]:
        if reviewer["type"] == "Team" and org:
            team = org["teams"][reviewer["slug"]]
            views.append({"type": "Team", "reviewer": team_view(store(), repo["owner"], team)})
        else:
            views.append({"type": "User", "reviewer": user_view(store(), reviewer["login"])})
    return views


def environment_view(repo: Data, env: Data) -> Data:
    number = env["id"]
    rules: list[Data] = []
    if env["wait_timer"]:
        rule = {"id": number + 1, "type": "wait_timer", "wait_timer": env["wait_timer"]}
        rules.append({**rule, "node_id": node_id(number + 1)})
    if env["reviewers"]:
        rule = {"id": number + 2, "type": "required_reviewers", "node_id": node_id(number + 2)}
        rule["prevent_self_review"] = env["prevent_self_review"]
        rules.append({**rule, "reviewers": reviewers_view(repo, env)})
    if env["deployment_branch_policy"]:
        rules.append({"id": number + 3, "type": "branch_policy", "node_id": node_id(number + 3)})
    url = f"{store().base_url}/repos/{repo['owner']}/{repo['name']}/environments/{env['name']}"
    kept = ("id", "name", "created_at", "updated_at", "deployment_branch_policy")
    view = {key: env[key] for key in kept}
    if store().settings["server"] == "github.com":
        view["can_admins_bypass"] = env["can_admins_bypass"]
    return {
        **view,
        "node_id": node_id(number),
        "url": url,
        "html_url": url,
        "protection_rules": rules,
    }


@pages.delete("/repos/<owner>/<repo>/environments/<name>")
def delete_environment(owner: str, repo: str, name: str) -> Any:
    found = repository(owner, repo)
    require_admin(found)
    environment_of(found, name)
    del found["environments"][name]
    return "", 204


_POLICIES = "/repos/<owner>/<repo>/environments/<name>/deployment-branch-policies"


@pages.get(_POLICIES)
def policies(owner: str, repo: str, name: str) -> Any:
    env = environment_of(repository(owner, repo), name)
    return replies.counted("branch_policies", list(env["policies"].values()))


@pages.post(_POLICIES)
def add_policy(owner: str, repo: str, name: str) -> Any:
    found = repository(owner, repo)
    require_admin(found)
    env = environment_of(found, name)
    policy = env["deployment_branch_policy"]
    if not (policy and policy["custom_branch_policies"]):
        not_found()
    sent = body("name")
    wanted = {"name": sent["name"], "type": sent.get("type", "branch")}
    if any({k: p[k] for k in wanted} == wanted for p in env["policies"].values()):
        return Response(status=303)
    number = store().new_id()
    env["policies"][str(number)] = {"id": number, "node_id": node_id(number), **wanted}
    return env["policies"][str(number)]


@pages.delete(f"{_POLICIES}/<number>")
def remove_policy(owner: str, repo: str, name: str, number: str) -> Any:
    found = repository(owner, repo)
    require_admin(found)
    env = environment_of(found, name)
    if env["policies"].pop(number, None) is None:
        not_found()
    return "", 204

"""Users, organisations and teams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint

from sandbox.github import replies
from sandbox.github.replies import body, caller, not_found, store
from sandbox.github.views import org_view, public_user_view, repo_view, team_view

if TYPE_CHECKING:
    from sandbox.github.store import Data

pages = Blueprint("accounts", __name__)


@pages.get("/user")
def me() -> Data:
    view = public_user_view(store(), caller()["login"])
    private = dict.fromkeys(
        (
            "collaborators",
            "disk_usage",
            "owned_private_repos",
            "private_gists",
            "total_private_repos",
        ),
        0,
    )
    plan = {"name": caller()["plan"], "space": 1, "private_repos": 9999, "collaborators": 0}
    extra = {"two_factor_authentication": True, "plan": plan, "user_view_type": "private"}
    return {**view, **private, **extra}


@pages.get("/users/<login>")
def user(login: str) -> Data:
    found = store().owner(login)
    return public_user_view(store(), found["login"]) if found else not_found()


@pages.get("/orgs/<name>")
def org(name: str) -> Data:
    found = _org(name)
    return org_view(store(), found, full=caller()["login"] in found["owners"])


@pages.get("/orgs/<name>/teams")
def teams(name: str) -> Any:
    found = _org(name)
    views = [team_view(store(), found["login"], team) for team in found["teams"].values()]
    return replies.listed(views)


@pages.get("/orgs/<name>/teams/<slug>")
def team(name: str, slug: str) -> Data:
    found = _org(name)
    wanted = _team(found, slug)
    view = team_view(store(), found["login"], wanted)
    counts = {"members_count": len(wanted["members"]), "repos_count": len(wanted["repos"])}
    stamps = {"created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z"}
    return {**view, **counts, **stamps, "organization": org_view(store(), found, full=False)}


@pages.get("/orgs/<name>/teams/<slug>/members")
def members(name: str, slug: str) -> Any:
    wanted = _team(_org(name), slug)
    return replies.listed([public_user_view(store(), login) for login in wanted["members"]])


@pages.get("/orgs/<name>/teams/<slug>/repos/<owner>/<repo>")
def team_repository(name: str, slug: str, owner: str, repo: str) -> Any:
    found = replies.repository(owner, repo)
    wanted = _team(_org(name), slug)
    if found["name"] not in wanted["repos"]:
        not_found()
    return repo_view(store(), found, admin=False)


@pages.put("/orgs/<name>/teams/<slug>/repos/<owner>/<repo>")
def grant(name: str, slug: str, owner: str, repo: str) -> Any:
    found = replies.repository(owner, repo)
    replies.require_admin(found)
    wanted = _team(_org(name), slug)
    permission = body().get("permission", "push")
    if permission not in {"pull", "triage", "push", "maintain", "admin"}:
        replies.refuse(422, "Validation Failed")
    wanted["repos"][found["name"]] = permission
    return "", 204


def _org(name: str) -> Data:
    found = store().owner(name)
    if found is None or found["login"] not in store().data["orgs"]:
        not_found()
    return found


def _team(org_: Data, slug: str) -> Data:
    found: Data | None = org_["teams"].get(slug)
    return found if found is not None else not_found()

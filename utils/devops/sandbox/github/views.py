"""How users, teams and repositories look in answers: all the keys GitHub always sends."""

from __future__ import annotations

import base64
from typing import Any

from sandbox.github.store import IMMUTABLE_SINCE, Data, Store

_USER_URLS = {
    "avatar_url": "",
    "events_url": "/events{/privacy}",
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "organizations_url": "/orgs",
    "received_events_url": "/received_events",
    "repos_url": "/repos",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "html_url": "",
    "url": "",
}
# fmt: off
_REPO_URLS = [
    "archive", "assignees", "blobs", "branches", "collaborators", "comments", "commits",
    "compare", "contents", "contributors", "deployments", "downloads", "events", "forks",
    "git_commits", "git_refs", "git_tags", "hooks", "issue_comment", "issue_events", "issues",
    "keys", "labels", "languages", "merges", "milestones", "notifications", "pulls", "releases",
    "stargazers", "statuses", "subscribers", "subscription", "tags", "teams", "trees",
]
# fmt: on


def node_id(number: int) -> str:
    return base64.b64encode(f"sandbox:{number}".encode()).decode()


def user_view(store: Store, login: str) -> Data:
    owner = store.owner(login)
    if owner is None:
        owner = {"login": login, "id": 1}
    is_org = login in store.data["orgs"]
    urls = {key: f"{store.base_url}/users/{login}{tail}" for key, tail in _USER_URLS.items()}
    return {
        **urls,
        "login": owner["login"],
        "id": owner["id"],
        "node_id": node_id(owner["id"]),
        "gravatar_id": "",
        "site_admin": False,
        "type": "Organization" if is_org else "User",
    }


def public_user_view(store: Store, login: str) -> Data:
    empty = dict.fromkeys(("bio", "blog", "company", "email", "hireable", "location", "name"))
    counts = dict.fromkeys(("followers", "following", "public_gists", "public_repos"), 0)
    stamps = {"created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z"}
    return {**user_view(store, login), **empty, **counts, **stamps, "user_view_type": "public"}


def org_view(store: Store, org: Data, *, full: bool) -> Data:
    url = f"{store.base_url}/orgs/{org['login']}"
    names = ("repos", "events", "hooks", "issues", "members", "public_members", "avatar", "html")
    view: Data = {f"{name}_url": f"{url}/{name}" for name in names}
    view |= {
        "login": org["login"],
        "id": org["id"],
        "node_id": node_id(org["id"]),
        "url": url,
        "description": None,
        "has_organization_projects": True,
        "has_repository_projects": True,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "type": "Organization",
        "created_at": "2020-01-01T00:00:00Z",
        "updated_at": "2020-01-01T00:00:00Z",
        "archived_at": None,
    }
    if full:
        view["plan"] = {"name": org["plan"], "space": 1, "private_repos": 9999, "seats": 50}
    return view


def team_view(store: Store, org: str, team: Data, permission: str = "pull") -> Data:
    url = f"{store.base_url}/orgs/{org}/teams/{team['slug']}"
    return {
        "id": team["id"],
        "node_id": node_id(team["id"]),
        "url": url,
        "html_url": url,
        "members_url": f"{url}/members{{/member}}",
        "repositories_url": f"{url}/repos",
        "name": team["slug"],
        "slug": team["slug"],
        "description": None,
        "permission": permission,
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "parent": None,
        "type": "organization",
        "organization_id": store.data["orgs"][org]["id"],
    }


def repo_view(store: Store, repo: Data, *, admin: bool) -> Data:
    """`full-repository`; what only administrators see is there for administrators only."""
    url = f"{store.base_url}/repos/{repo['owner']}/{repo['name']}"
    web = f"{store.base_url}/{repo['owner']}/{repo['name']}"
    view: Data = {f"{name}_url": f"{url}/{name}" for name in _REPO_URLS}
    view |= {
        **_repo_facts(repo),
        "url": url,
        "html_url": web,
        "clone_url": f"{web}.git",
        "git_url": f"{web}.git",
        "ssh_url": f"{web}.git",
        "svn_url": web,
        "mirror_url": None,
        "full_name": f"{repo['owner']}/{repo['name']}",
        "node_id": node_id(repo["id"]),
        "owner": user_view(store, repo["owner"]),
        "permissions": {
            "admin": admin,
            "maintain": admin,
            "push": True,
            "triage": True,
            "pull": True,
        },
    }
    if admin:
        view["security_and_analysis"] = {
            name: {"status": status} for name, status in repo["security"].items()
        }
        view |= repo["settings"]
    return view


def _repo_facts(repo: Data) -> Data:
    counts = "forks forks_count open_issues open_issues_count size stargazers_count watchers"
    more = "watchers_count network_count subscribers_count"
    facts: Data = dict.fromkeys(f"{counts} {more}".split(), 0)
    kept = ("id", "name", "private", "description", "topics", "created_at", "updated_at")
    facts |= {key: repo[key] for key in kept}
    flags = ("fork", "archived", "disabled", "has_pages", "has_downloads", "is_template")
    facts |= dict.fromkeys(flags, False)
    features = ("has_issues", "has_projects", "has_wiki", "has_discussions")
    facts |= {key: repo["settings"].get(key, key == "has_issues") for key in features}
    facts |= {"homepage": None, "language": None, "license": None}
    facts["default_branch"] = repo["default_branch"]
    facts["pushed_at"] = repo["updated_at"]
    facts["visibility"] = "private" if repo["private"] else "public"
    return facts


def uses_immutable_subject(store: Store, repo: Data) -> bool:
    """Whether tokens of this repository carry ids: by its own choice, else by its age."""
    chosen = repo["oidc"].get("use_immutable_subject")
    if chosen:
        return True
    return bool(store.settings["immutable_subjects"]) and repo["created_at"] >= IMMUTABLE_SINCE


def subject_prefix(store: Store, repo: Data) -> str:
    if not uses_immutable_subject(store, repo):
        return f"repo:{repo['owner']}/{repo['name']}"
    owner: Any = store.owner(repo["owner"])
    return f"repo:{repo['owner']}@{owner['id']}/{repo['name']}@{repo['id']}"

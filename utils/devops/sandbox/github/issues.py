"""Issues, with their labels: where a deployment that failed is written up."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from sandbox.github import replies
from sandbox.github.replies import body, caller, not_found, refuse, repository, store
from sandbox.github.store import Data, now
from sandbox.github.views import node_id, user_view

pages = Blueprint("issues", __name__)

_AT = "/repos/<owner>/<repo>/issues"
_STATES = frozenset({"open", "closed"})
_COUNTS = dict.fromkeys(("total_count", "+1", "-1", "laugh", "hooray", "confused"), 0)
_REACTIONS = {**_COUNTS, **dict.fromkeys(("heart", "rocket", "eyes"), 0)}


@pages.get(_AT)
def issues(owner: str, repo: str) -> Any:
    found = repository(owner, repo)
    state = request.args.get("state", "open")
    labels = set(filter(None, request.args.get("labels", "").split(",")))
    chosen = [
        issue_view(found, issue)
        for issue in _issues(found).values()
        if state in {"all", issue["state"]} and labels <= set(issue["labels"])
    ]
    return replies.listed(chosen[::-1])


@pages.post(_AT)
def create(owner: str, repo: str) -> Any:
    found = repository(owner, repo)
    sent = body("title")
    if not found["settings"]["has_issues"]:
        refuse(410, "Issues has been disabled in this repository.")
    number = next_number(found)
    issue = {
        **{"id": store().new_id(), "number": number, "title": str(sent["title"])},
        **{"body": sent.get("body"), "labels": _names(sent.get("labels")), "state": "open"},
        **{"user": caller()["login"], "created_at": now(), "updated_at": now()},
        **{"closed_at": None, "assignees": list(sent.get("assignees") or ())},
    }
    _issues(found)[str(number)] = issue
    return issue_view(found, issue), 201


@pages.get(f"{_AT}/<number>")
def show(owner: str, repo: str, number: str) -> Data:
    found = repository(owner, repo)
    return issue_view(found, _issue(found, number))


@pages.patch(f"{_AT}/<number>")
def change(owner: str, repo: str, number: str) -> Data:
    found = repository(owner, repo)
    issue, sent = _issue(found, number), body()
    if sent.get("state", "open") not in _STATES:
        refuse(422, "Validation Failed")
    issue.update({key: sent[key] for key in ("title", "body", "state") if key in sent})
    if "labels" in sent:
        issue["labels"] = _names(sent["labels"])
    issue["updated_at"] = now()
    issue["closed_at"] = now() if issue["state"] == "closed" else None
    return issue_view(found, issue)


def next_number(repo: Data) -> int:
    """The number of the next issue or pull request: they are counted together."""
    return max(map(int, (*_issues(repo), *repo.get("pulls", ()))), default=0) + 1


def _issues(repo: Data) -> dict[str, Data]:
    # Repositories of a state that an earlier version kept have none yet.
    found: dict[str, Data] = repo.setdefault("issues", {})
    return found


def _issue(repo: Data, number: str) -> Data:
    return _issues(repo).get(number) or not_found()


def _names(labels: Any) -> list[str]:
    """Labels as names; GitHub takes objects as well."""
    return [str(one["name"] if isinstance(one, dict) else one) for one in labels or ()]


def issue_view(repo: Data, issue: Data) -> Data:
    base = f"{store().base_url}/repos/{repo['owner']}/{repo['name']}"
    url = f"{base}/issues/{issue['number']}"
    kept = ("id", "number", "title", "body", "state", "created_at", "updated_at", "closed_at")
    people = [user_view(store(), login) for login in issue["assignees"]]
    return {
        **{key: issue[key] for key in kept},
        **{"url": url, "repository_url": base, "html_url": url, "node_id": node_id(issue["id"])},
        **{f"{name}_url": f"{url}/{name}" for name in ("comments", "events", "timeline")},
        **{"labels_url": f"{url}/labels{{/name}}", "user": user_view(store(), issue["user"])},
        **{"labels": [_label(base, name) for name in issue["labels"]], "comments": 0},
        **{"assignee": people[0] if people else None, "assignees": people, "milestone": None},
        **{"locked": False, "active_lock_reason": None, "author_association": "MEMBER"},
        **{"state_reason": None, "reactions": {"url": f"{url}/reactions", **_REACTIONS}},
    }


def _label(base: str, name: str) -> Data:
    number = sum(name.encode()) + 1
    return {
        **{"id": number, "node_id": node_id(number), "url": f"{base}/labels/{name}"},
        **{"name": name, "color": "ededed", "default": False, "description": None},
    }

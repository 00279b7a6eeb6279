"""Pull requests: opened, reviewed, judged by their workflows, merged."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, request

from sandbox.github import gits, merging, pushes, replies
from sandbox.github.issues import next_number
from sandbox.github.merging import pulls_of
from sandbox.github.replies import body, caller, not_found, refuse, repository, store
from sandbox.github.store import Data, now
from sandbox.github.views import node_id, repo_view, user_view

pages = Blueprint("pulls", __name__)

_AT = "/repos/<owner>/<repo>/pulls"
_EVENTS = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


def _executor() -> Any:
    return current_app.extensions.get("github_executor")


@pages.get(_AT)
def pulls(owner: str, repo: str) -> Any:
    found = repository(owner, repo)
    state = request.args.get("state", "open")
    head = request.args.get("head", "").rpartition(":")[2]
    base = request.args.get("base", "")
    chosen = [
        pull_view(found, pull)
        for pull in pulls_of(found).values()
        if state in {"all", pull["state"]}
        and head in {"", pull["head"]}
        and base in {"", pull["base"]}
    ]
    return replies.listed(chosen[::-1])


@pages.get("/repos/<owner>/<repo>/commits/<sha>/pulls")
def of_commit(owner: str, repo: str, sha: str) -> Any:
    """The pull requests that hold a commit, or were merged as it."""
    found = repository(owner, repo)
    commit = gits.resolve(store().git_folder(found), sha)
    if commit is None:
        refuse(422, f"No commit found for SHA: {sha}")
    holding = [p for p in pulls_of(found).values() if merging.holds(store(), found, p, commit)]
    return replies.listed([pull_view(found, pull) for pull in holding])


@pages.post(_AT)
def create(owner: str, repo: str) -> Any:
    found = repository(owner, repo)
    sent = body("title", "head", "base")
    head, base = str(sent["head"]).rpartition(":")[2], str(sent["base"])
    branches = gits.branches(store().git_folder(found))
    for field, name in (("head", head), ("base", base)):
        if name not in branches:
            refuse(422, "Validation Failed", [_problem(field, "invalid")])
    if branches[head] == branches[base]:
        problem = {"message": f"No commits between {base} and {head}"}
        refuse(422, "Validation Failed", [{"resource": "PullRequest", "code": "custom", **problem}])
    same = [p for p in pulls_of(found).values() if (p["head"], p["base"]) == (head, base)]
    if any(pull["state"] == "open" for pull in same):
        message = f"A pull request already exists for {owner}:{head}."
        refuse(422, "Validation Failed", [{"resource": "PullRequest", "message": message}])
    pull = {
        **{"id": store().new_id(), "number": next_number(found), "title": str(sent["title"])},
        **{"body": sent.get("body"), "state": "open", "draft": bool(sent.get("draft"))},
        **{"head": head, "base": base, "user": caller()["login"]},
        **{"head_sha": branches[head], "base_sha": branches[base]},
        **{"created_at": now(), "updated_at": now(), "closed_at": None, "reviews": []},
        **{"merged_at": None, "merged_by": None, "merge_commit_sha": None},
    }
    pulls_of(found)[str(pull["number"])] = pull
    merging.judge(store(), found, pull, _executor())
    return pull_view(found, pull, full=True), 201


def _problem(field: str, code: str) -> Data:
    return {"resource": "PullRequest", "field": field, "code": code}


def _pull(owner: str, repo: str, number: str) -> tuple[Data, Data]:
    found = repository(owner, repo)
    pull = pulls_of(found).get(number)
    return (found, pull) if pull else not_found()


@pages.get(f"{_AT}/<number>")
def show(owner: str, repo: str, number: str) -> Data:
    found, pull = _pull(owner, repo, number)
    return pull_view(found, pull, full=True)


@pages.patch(f"{_AT}/<number>")
def change(owner: str, repo: str, number: str) -> Data:
    found, pull = _pull(owner, repo, number)
    sent = body()
    pull.update({key: sent[key] for key in ("title", "body") if key in sent})
    if sent.get("state") in {"open", "closed"} and not pull["merged_at"]:
        pull["head_sha"] = merging.head_of(store(), found, pull)
        pull |= {"state": sent["state"], "closed_at": now() if sent["state"] == "closed" else None}
    pull["updated_at"] = now()
    return pull_view(found, pull, full=True)


@pages.get(f"{_AT}/<number>/reviews")
def reviews(owner: str, repo: str, number: str) -> Any:
    found, pull = _pull(owner, repo, number)
    return replies.listed([_review_view(found, pull, review) for review in pull["reviews"]])


@pages.post(f"{_AT}/<number>/reviews")
def review(owner: str, repo: str, number: str) -> Any:
    found, pull = _pull(owner, repo, number)
    sent = body()
    state, login = _EVENTS.get(str(sent.get("event", "COMMENT"))), caller()["login"]
    if state is None:
        refuse(422, "Validation Failed")
    if state == "APPROVED" and login == pull["user"]:
        refuse(422, "Can not approve your own pull request")
    made = {"id": store().new_id(), "user": login, "state": state, "submitted_at": now()}
    made |= {"body": sent.get("body") or "", "commit_id": merging.head_of(store(), found, pull)}
    pull["reviews"].append(made)
    return _review_view(found, pull, made)


@pages.put(f"{_AT}/<number>/merge")
def merge(owner: str, repo: str, number: str) -> Any:
    found, pull = _pull(owner, repo, number)
    if not replies.may_write(found):
        refuse(403, "Resource not accessible")
    method, head = body().get("merge_method", "merge"), merging.head_of(store(), found, pull)
    if body().get("sha", head) != head:
        refuse(409, "Head branch was modified. Review and try the merge again.")
    if pull["state"] != "open" or method not in {"merge", "squash"}:
        refuse(405, "Pull Request is not mergeable")
    if not found["settings"]["allow_merge_commit" if method == "merge" else "allow_squash_merge"]:
        refuse(405, f"Merges by {method} are not allowed on this repository.")
    reason = merging.lacking(store(), found, pull)
    if reason:
        refuse(405, f"Repository rule violations found\n\n{reason}.")
    sha = _merge(found, pull, head, squash=method == "squash")
    return {"sha": sha, "merged": True, "message": "Pull Request successfully merged"}


def _merge(found: Data, pull: Data, head: str, *, squash: bool) -> str:
    folder = store().git_folder(found)
    before = pushes.refs_of(store(), found)
    source = f"{found['owner']}/{pull['head']}"
    message = f"Merge pull request #{pull['number']} from {source}\n\n{pull['title']}"
    if squash:
        message = f"{pull['title']} (#{pull['number']})"
    sha = gits.merge_commit(folder, pull["base"], head, message, squash=squash)
    if sha is None:
        refuse(405, "Pull Request is not mergeable")
    gits.set_ref(folder, f"refs/heads/{pull['base']}", sha)
    pull |= {"state": "closed", "head_sha": head, "merged_at": now(), "closed_at": now()}
    pull |= {"merged_by": caller()["login"], "merge_commit_sha": sha, "updated_at": now()}
    if found["settings"]["delete_branch_on_merge"]:
        gits.delete_ref(folder, f"refs/heads/{pull['head']}")
    if _executor() is not None and "job" not in caller():
        pushes.start_runs(store(), found, before, caller()["login"], _executor())
    return sha


def _review_view(repo: Data, pull: Data, review_: Data) -> Data:
    url = f"{store().base_url}/repos/{repo['owner']}/{repo['name']}/pulls/{pull['number']}"
    link = {"href": url}
    return {
        **{key: review_[key] for key in ("id", "state", "body", "commit_id", "submitted_at")},
        **{"node_id": node_id(review_["id"]), "user": user_view(store(), review_["user"])},
        **{"html_url": url, "pull_request_url": url, "author_association": "MEMBER"},
        "_links": {"html": link, "pull_request": link},
    }


def pull_view(repo: Data, pull: Data, *, full: bool = False) -> Data:
    """A pull request as lists show it; `full` as it is shown alone."""
    base = f"{store().base_url}/repos/{repo['owner']}/{repo['name']}"
    url, head = f"{base}/pulls/{pull['number']}", merging.head_of(store(), repo, pull)
    kept = ("id", "number", "title", "body", "state", "draft", "created_at", "updated_at")
    more = ("closed_at", "merged_at", "merge_commit_sha")
    issue = f"{base}/issues/{pull['number']}"
    urls = {
        **{"comments": f"{issue}/comments", "review_comments": f"{url}/comments"},
        **{"review_comment": f"{url}/comments{{/number}}", "commits": f"{url}/commits"},
        **{"statuses": f"{base}/statuses/{head}", "issue": issue, "html": url},
    }
    nothing = dict.fromkeys(("assignee", "milestone", "auto_merge"))
    view = {
        **{key: pull[key] for key in (*kept, *more)},
        **{"url": url, "node_id": node_id(pull["id"]), "user": user_view(store(), pull["user"])},
        **{f"{name}_url": address for name, address in urls.items()},
        **{"diff_url": f"{url}.diff", "patch_url": f"{url}.patch", **nothing, "labels": []},
        **{"locked": False, "author_association": "MEMBER"},
        **{"assignees": [], "requested_reviewers": [], "requested_teams": []},
        "head": _side(repo, pull["head"], head),
        "base": _side(repo, pull["base"], _tip(repo, pull["base"])),
        "_links": {name: {"href": link} for name, link in {**urls, "self": url}.items()},
    }
    return {**view, **_alone(repo, pull, head)} if full else view


def _tip(repo: Data, branch: str) -> str:
    return gits.branches(store().git_folder(repo)).get(branch, "0" * 40)


def _side(repo: Data, branch: str, sha: str) -> Data:
    full = repo_view(store(), repo, admin=False)
    owner = user_view(store(), repo["owner"])
    return {
        "label": f"{repo['owner']}:{branch}",
        **{"ref": branch, "sha": sha, "user": owner, "repo": full},
    }


def _alone(repo: Data, pull: Data, head: str) -> Data:
    """What only the view of one request says."""
    is_open = pull["state"] == "open"
    mergeable = bool(merging.trial(store(), repo, pull)) if is_open else None
    reason = merging.lacking(store(), repo, pull) if is_open else None
    state = "unknown" if not is_open else "blocked" if reason else "clean" if mergeable else "dirty"
    count = len(gits.commits(store().git_folder(repo), pull["base_sha"], head))
    merged_by = user_view(store(), pull["merged_by"]) if pull["merged_by"] else None
    zero = dict.fromkeys(
        ("comments", "review_comments", "additions", "deletions", "changed_files"), 0
    )
    return {
        **{"merged": bool(pull["merged_at"]), "merged_by": merged_by, "mergeable": mergeable},
        **{"mergeable_state": state, "rebaseable": None, "maintainer_can_modify": False},
        **{**zero, "commits": count},
    }

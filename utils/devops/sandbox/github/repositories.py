"""Repositories: creation, settings, topics, alerts, OIDC subjects, branches, tags, contents."""

from __future__ import annotations

import base64
import re
from typing import Any

from flask import Blueprint, Response, request

from common.git import git
from sandbox.github import gits, replies
from sandbox.github.replies import (
    body,
    caller,
    is_admin,
    not_found,
    refuse,
    repository,
    require_admin,
    store,
)
from sandbox.github.store import Data, now
from sandbox.github.views import (
    node_id,
    repo_view,
    subject_prefix,
    team_view,
    user_view,
    uses_immutable_subject,
)

pages = Blueprint("repositories", __name__)

_SECURITY = ("secret_scanning", "secret_scanning_push_protection")
_SETTINGS: Data = {
    "allow_squash_merge": True,
    "allow_merge_commit": True,
    "allow_rebase_merge": True,
    "allow_auto_merge": False,
    "allow_update_branch": False,
    "delete_branch_on_merge": False,
    "has_issues": True,
    "has_projects": True,
    "has_wiki": True,
    "has_discussions": False,
    "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
    "squash_merge_commit_message": "COMMIT_MESSAGES",
    "web_commit_signoff_required": False,
}


@pages.post("/orgs/<name>/repos")
def create_in_org(name: str) -> Any:
    org = store().owner(name)
    if org is None or org["login"] not in store().data["orgs"]:
        not_found()
    if caller()["login"] not in org["owners"]:
        refuse(403, "You need admin access to the organization before adding a repository to it.")
    return _create(org["login"])


@pages.post("/user/repos")
def create_for_user() -> Any:
    return _create(caller()["login"])


def _create(owner: str) -> Any:
    sent = body("name")
    name = sent["name"]
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", name):
        refuse(422, "Repository creation failed.", [_problem("name", "invalid name")])
    if store().repo(owner, name):
        problem = _problem("name", "name already exists on this account")
        refuse(422, "Repository creation failed.", [problem])
    repo = {
        **{"id": store().new_id(), "owner": owner, "name": name, "created_at": now()},
        **{"updated_at": now(), "default_branch": "main", "topics": []},
        **{"private": bool(sent.get("private")), "description": sent.get("description")},
        "settings": {key: sent.get(key, default) for key, default in _SETTINGS.items()},
        "security": dict.fromkeys(_SECURITY, "disabled"),
        "oidc": {"use_default": True},
        "vulnerability_alerts": False,
        **{key: {} for key in ("environments", "rulesets", "protection", "hooks", "secrets")},
        **{key: {} for key in ("variables", "releases", "deployments", "runs", "workflows")},
        **{key: {} for key in ("issues", "pulls")},
    }
    store().data["repos"][f"{owner}/{name}"] = repo
    folder = store().git_folder(repo)
    gits.create(folder, "main")
    if sent.get("auto_init"):
        gits.commit_file(
            folder, "main", "README.md", f"# {name}\n".encode(), "Initial commit", owner
        )
    return repo_view(store(), repo, admin=True), 201


def _problem(field: str, message: str) -> Data:
    return {"resource": "Repository", "code": "custom", "field": field, "message": message}


@pages.get("/repos/<owner>/<repo>")
def show(owner: str, repo: str) -> Data:
    found = repository(owner, repo)
    return repo_view(store(), found, admin=is_admin(found))


@pages.patch("/repos/<owner>/<repo>")
def change(owner: str, repo: str) -> Data:
    found = repository(owner, repo)
    require_admin(found)
    sent = body()
    analysis = sent.get("security_and_analysis") or {}
    if analysis and found["private"] and store().plan_of(found) != "enterprise":
        refuse(422, "Secret scanning is not available for this repository.")
    for name, wanted in analysis.items():
        found["security"][name] = wanted["status"]
    found["settings"].update({k: v for k, v in sent.items() if k in _SETTINGS})
    found.update({k: sent[k] for k in ("description", "private", "default_branch") if k in sent})
    found["updated_at"] = now()
    return repo_view(store(), found, admin=True)


@pages.delete("/repos/<owner>/<repo>")
def remove(owner: str, repo: str) -> Any:
    found = repository(owner, repo)
    require_admin(found)
    del store().data["repos"][f"{found['owner']}/{found['name']}"]
    return "", 204


@pages.get("/orgs/<name>/repos")
def of_org(name: str) -> Any:
    repos = [r for r in store().data["repos"].values() if r["owner"].lower() == name.lower()]
    return replies.listed([repo_view(store(), r, admin=is_admin(r)) for r in repos])


@pages.put("/repos/<owner>/<repo>/topics")
def topics(owner: str, repo: str) -> Data:
    found = repository(owner, repo)
    require_admin(found)
    names = body("names")["names"]
    if any(not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,49}", name) for name in names):
        refuse(422, "Validation Failed", [_problem("topics", "Topics must be lowercase.")])
    found["topics"] = names
    return {"names": names}


@pages.get("/repos/<owner>/<repo>/topics")
def list_topics(owner: str, repo: str) -> Data:
    return {"names": repository(owner, repo)["topics"]}


@pages.get("/repos/<owner>/<repo>/teams")
def teams(owner: str, repo: str) -> Any:
    found = repository(owner, repo)
    held = store().teams_of(found)
    views = [team_view(store(), found["owner"], t, t["permission"]) for t in held]
    return replies.listed(views)


@pages.route("/repos/<owner>/<repo>/vulnerability-alerts", methods=["GET", "PUT", "DELETE"])
def vulnerability_alerts(owner: str, repo: str) -> Any:
    found = repository(owner, repo)
    require_admin(found)
    if request.method == "GET":
        return ("", 204) if found["vulnerability_alerts"] else not_found()
    found["vulnerability_alerts"] = request.method == "PUT"
    return "", 204


@pages.get("/repos/<owner>/<repo>/actions/oidc/customization/sub")
def oidc(owner: str, repo: str) -> Data:
    found = repository(owner, repo)
    if store().settings["server"] != "github.com":
        not_found()
    prefix = subject_prefix(store(), found)
    immutable = uses_immutable_subject(store(), found)
    return {**found["oidc"], "use_immutable_subject": immutable, "sub_claim_prefix": prefix}


@pages.put("/repos/<owner>/<repo>/actions/oidc/customization/sub")
def set_oidc(owner: str, repo: str) -> Any:
    found = repository(owner, repo)
    require_admin(found)
    found["oidc"] = body("use_default")
    return {}, 201


@pages.get("/repos/<owner>/<repo>/branches")
def branches(owner: str, repo: str) -> Any:
    found = repository(owner, repo)
    heads = gits.branches(store().git_folder(found))
    return replies.listed([_branch_short(found, *head) for head in heads.items()])


def _branch_short(repo: Data, name: str, sha: str) -> Data:
    url = f"{store().base_url}/repos/{repo['owner']}/{repo['name']}/commits/{sha}"
    return {
        "name": name,
        "commit": {"sha": sha, "url": url},
        "protected": name in repo["protection"] or bool(repo["rulesets"]),
    }


@pages.get("/repos/<owner>/<repo>/branches/<path:branch>")
def branch(owner: str, repo: str, branch: str) -> Data:
    found = repository(owner, repo)
    sha = gits.branches(store().git_folder(found)).get(branch)
    if sha is None:
        refuse(404, "Branch not found")
    url = f"{store().base_url}/repos/{owner}/{repo}/branches/{branch}"
    return {
        **_branch_short(found, branch, sha),
        "commit": commit_view(found, sha),
        "_links": {"html": url, "self": url},
        "protection": {"enabled": branch in found["protection"]},
        "protection_url": f"{url}/protection",
    }


def commit_view(repo: Data, sha: str) -> Data:
    facts = gits.commit_facts(store().git_folder(repo), sha)
    url = f"{store().base_url}/repos/{repo['owner']}/{repo['name']}/commits"
    inner = {
        "url": f"{url}/{sha}",
        "author": facts["author"],
        "committer": facts["author"],
        "message": facts["message"],
        "comment_count": 0,
        "tree": {"sha": facts["tree"], "url": f"{url}/trees/{facts['tree']}"},
    }
    parents = [{"sha": p, "url": f"{url}/{p}", "html_url": f"{url}/{p}"} for p in facts["parents"]]
    return {
        "url": f"{url}/{sha}",
        "html_url": f"{url}/{sha}",
        "comments_url": f"{url}/{sha}/comments",
        "sha": sha,
        "node_id": node_id(repo["id"]),
        "commit": inner,
        "author": user_view(store(), repo["owner"]),
        "committer": user_view(store(), repo["owner"]),
        "parents": parents,
    }


@pages.get("/repos/<owner>/<repo>/commits/<path:ref>")
def commit(owner: str, repo: str, ref: str) -> Data:
    found = repository(owner, repo)
    sha = gits.resolve(store().git_folder(found), ref)
    return commit_view(found, sha) if sha else refuse(422, f"No commit found for SHA: {ref}")


@pages.get("/repos/<owner>/<repo>/tags")
def tags(owner: str, repo: str) -> Any:
    found = repository(owner, repo)
    url = f"{store().base_url}/repos/{owner}/{repo}"
    views = [
        {
            "name": name,
            "commit": {"sha": sha, "url": f"{url}/commits/{sha}"},
            "zipball_url": f"{url}/zipball/{name}",
            "tarball_url": f"{url}/tarball/{name}",
            "node_id": node_id(found["id"]),
        }
        for name, sha in gits.tags(store().git_folder(found)).items()
    ]
    return replies.listed(views)


@pages.get("/repos/<owner>/<repo>/git/ref/<path:ref>")
def git_ref(owner: str, repo: str, ref: str) -> Data:
    found = repository(owner, repo)
    kind, _, name = ref.partition("/")
    folder = store().git_folder(found)
    known = {"heads": gits.branches, "tags": gits.tags}.get(kind)
    sha = known(folder).get(name) if known else None
    return _ref_view(found, ref, sha) if sha else not_found()


@pages.post("/repos/<owner>/<repo>/git/refs")
def create_ref(owner: str, repo: str) -> Any:
    found = repository(owner, repo)
    sent = body("ref", "sha")
    folder = store().git_folder(found)
    if gits.resolve(folder, sent["sha"]) is None:
        refuse(422, "Object does not exist")
    if gits.resolve(folder, sent["ref"]):
        refuse(422, "Reference already exists")
    git("update-ref", sent["ref"], sent["sha"], cwd=folder)
    return _ref_view(found, sent["ref"].removeprefix("refs/"), sent["sha"]), 201


def _ref_view(repo: Data, ref: str, sha: str) -> Data:
    url = f"{store().base_url}/repos/{repo['owner']}/{repo['name']}/git"
    target = {"sha": sha, "type": "commit", "url": f"{url}/commits/{sha}"}
    return {
        "ref": f"refs/{ref}",
        "node_id": node_id(repo["id"]),
        "url": f"{url}/refs/{ref}",
        "object": target,
    }


@pages.get("/repos/<owner>/<repo>/contents/<path:path>")
def contents(owner: str, repo: str, path: str) -> Any:
    found = repository(owner, repo)
    folder = store().git_folder(found)
    sha = gits.resolve(folder, request.args.get("ref") or found["default_branch"])
    if sha is None:
        not_found()
    content = gits.read_file(folder, sha, path)
    if content is not None:
        if "raw" in request.headers.get("Accept", ""):
            return Response(content, content_type="application/octet-stream")
        return {**_entry(found, "file", "", path), **_encoded(content)}
    entries = gits.list_folder(folder, sha, path)
    if entries is None:
        not_found()
    kinds = {"blob": "file", "tree": "dir"}
    return [_entry(found, kinds.get(kind, kind), blob, at) for kind, blob, at in entries]


def _entry(repo: Data, kind: str, sha: str, path: str) -> Data:
    url = f"{store().base_url}/repos/{repo['owner']}/{repo['name']}/contents/{path}"
    links = {"self": url, "git": url, "html": url}
    urls = {"url": url, "git_url": url, "html_url": url, "download_url": url, "_links": links}
    name = path.rsplit("/", 1)[-1]
    return {**urls, "type": kind, "name": name, "path": path, "sha": sha, "size": 0}


def _encoded(content: bytes) -> Data:
    coded = base64.b64encode(content).decode()
    return {"content": coded, "encoding": "base64", "size": len(content), "sha": _blob(content)}


def _blob(content: bytes) -> str:
    import hashlib

    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


@pages.put("/repos/<owner>/<repo>/contents/<path:path>")
def write_content(owner: str, repo: str, path: str) -> Any:
    found = repository(owner, repo)
    sent = body("message", "content")
    folder = store().git_folder(found)
    target = sent.get("branch") or found["default_branch"]
    gits.apply_rules(store(), found)
    if f"refs/heads/{target}\n" in (folder / "protected-refs").read_text(encoding="utf-8"):
        refuse(
            409, "Repository rule violations found\n\nChanges must be made through a pull request."
        )
    head = gits.resolve(folder, target)
    old = gits.read_file(folder, head, path) if head else None
    if old is not None and sent.get("sha") != _blob(old):
        refuse(409 if "sha" in sent else 422, f"{path} does not match {sent.get('sha')}")
    content = base64.b64decode(sent["content"])
    sha = gits.commit_file(folder, target, path, content, sent["message"], caller()["login"])
    view = {**_entry(found, "file", _blob(content), path), **_encoded(content)}
    commit_ = commit_view(found, sha)
    status = 200 if old is not None else 201
    return {"content": view, "commit": {**commit_["commit"], "sha": sha}}, status

"""Releases and their assets."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Blueprint, Response, request

from common.git import git
from sandbox.github import gits, replies
from sandbox.github.replies import body, caller, not_found, refuse, repository, store
from sandbox.github.store import Data, now
from sandbox.github.views import node_id, user_view

pages = Blueprint("releases", __name__)

_AT = "/repos/<owner>/<repo>/releases"
_KEYS = ("name", "body", "draft", "prerelease", "target_commitish", "tag_name")


@pages.get(_AT)
def releases(owner: str, repo: str) -> Any:
    found = repository(owner, repo)
    newest_first = reversed(found["releases"].values())
    return replies.listed([release_view(found, kept) for kept in newest_first])


@pages.get(f"{_AT}/latest")
def latest(owner: str, repo: str) -> Data:
    found = repository(owner, repo)
    public = [r for r in found["releases"].values() if not (r["draft"] or r["prerelease"])]
    return release_view(found, public[-1]) if public else not_found()


@pages.get(f"{_AT}/tags/<path:tag>")
def by_tag(owner: str, repo: str, tag: str) -> Data:
    found = repository(owner, repo)
    for kept in found["releases"].values():
        if kept["tag_name"] == tag and not kept["draft"]:
            return release_view(found, kept)
    return not_found()


@pages.post(_AT)
def create(owner: str, repo: str) -> Any:
    found = repository(owner, repo)
    sent = body("tag_name")
    tag = sent["tag_name"]
    if any(r["tag_name"] == tag and not r["draft"] for r in found["releases"].values()):
        problem = {"resource": "Release", "code": "already_exists", "field": "tag_name"}
        refuse(422, "Validation Failed", [problem])
    target = sent.get("target_commitish") or found["default_branch"]
    if not sent.get("draft"):
        _ensure_tag(found, tag, target)
    number = store().new_id()
    kept = {"name": tag, "body": "", "draft": False, "prerelease": False, "assets": {}}
    kept |= {key: sent[key] for key in _KEYS if key in sent}
    kept |= {"id": number, "author": caller()["login"], "created_at": now()}
    kept["target_commitish"] = target
    found["releases"][str(number)] = kept
    return release_view(found, kept), 201


def _ensure_tag(repo: Data, tag: str, target: str) -> None:
    folder = store().git_folder(repo)
    if tag in gits.tags(folder):
        return
    sha = gits.resolve(folder, target)
    if sha is None:
        problem = {"resource": "Release", "code": "invalid", "field": "target_commitish"}
        refuse(422, "Validation Failed", [problem])
    git("update-ref", f"refs/tags/{tag}", sha, cwd=folder)


def _release(owner: str, repo: str, number: str) -> tuple[Data, Data]:
    found = repository(owner, repo)
    kept = found["releases"].get(number)
    return (found, kept) if kept else not_found()


@pages.get(f"{_AT}/<int:number>")
def release(owner: str, repo: str, number: int) -> Data:
    return release_view(*_release(owner, repo, str(number)))


@pages.patch(f"{_AT}/<int:number>")
def change(owner: str, repo: str, number: int) -> Data:
    found, kept = _release(owner, repo, str(number))
    kept |= {key: value for key, value in body().items() if key in _KEYS}
    if not kept["draft"]:
        _ensure_tag(found, kept["tag_name"], kept["target_commitish"])
    return release_view(found, kept)


@pages.delete(f"{_AT}/<int:number>")
def remove(owner: str, repo: str, number: int) -> Any:
    found, kept = _release(owner, repo, str(number))
    del found["releases"][str(kept["id"])]
    return "", 204


def release_view(repo: Data, kept: Data) -> Data:
    base = f"{store().base_url}/repos/{repo['owner']}/{repo['name']}"
    url = f"{base}/releases/{kept['id']}"
    shown = ("id", "tag_name", "target_commitish", "name", "body", "draft", "prerelease")
    return {
        **{key: kept[key] for key in (*shown, "created_at")},
        **{"url": url, "html_url": url, "assets_url": f"{url}/assets"},
        "upload_url": f"{url}/assets{{?name,label}}",
        **{"tarball_url": f"{url}.tar", "zipball_url": f"{url}.zip"},
        **{"node_id": node_id(kept["id"]), "author": user_view(store(), kept["author"])},
        "published_at": None if kept["draft"] else kept["created_at"],
        "assets": [_asset_view(repo, asset) for asset in kept["assets"].values()],
    }


# --- assets -------------------------------------------------------------------------------------


def _file(asset: Data) -> Any:
    return store().folder / "assets" / str(asset["id"])


def _asset_view(repo: Data, asset: Data) -> Data:
    base = f"{store().base_url}/repos/{repo['owner']}/{repo['name']}"
    url = f"{base}/releases/assets/{asset['id']}"
    return {
        **asset,
        **{"url": url, "browser_download_url": url, "node_id": node_id(asset["id"])},
        **{"state": "uploaded", "download_count": 0, "label": None},
        "updated_at": asset["created_at"],
        "uploader": user_view(store(), repo["owner"]),
    }


@pages.get(f"{_AT}/<int:number>/assets")
def assets(owner: str, repo: str, number: int) -> Any:
    found, kept = _release(owner, repo, str(number))
    return replies.listed([_asset_view(found, asset) for asset in kept["assets"].values()])


@pages.post(f"{_AT}/<int:number>/assets")
def upload(owner: str, repo: str, number: int) -> Any:
    found, kept = _release(owner, repo, str(number))
    name, content = request.args.get("name", ""), request.get_data()
    if not name:
        refuse(400, "Missing name")
    if any(asset["name"] == name for asset in kept["assets"].values()):
        problem = {"resource": "ReleaseAsset", "code": "already_exists", "field": "name"}
        refuse(422, "Validation Failed", [problem])
    asset = {"id": store().new_id(), "name": name, "size": len(content), "created_at": now()}
    asset["content_type"] = request.content_type or "application/octet-stream"
    asset["digest"] = f"sha256:{hashlib.sha256(content).hexdigest()}"
    _file(asset).parent.mkdir(exist_ok=True)
    _file(asset).write_bytes(content)
    kept["assets"][str(asset["id"])] = asset
    return _asset_view(found, asset), 201


def _asset(repo: Data, number: int) -> tuple[Data, Data]:
    for kept in repo["releases"].values():
        if str(number) in kept["assets"]:
            return kept, kept["assets"][str(number)]
    return not_found()


@pages.get(f"{_AT}/assets/<int:number>")
def asset(owner: str, repo: str, number: int) -> Any:
    found = repository(owner, repo)
    _, kept = _asset(found, number)
    if "octet-stream" in request.headers.get("Accept", ""):
        return Response(_file(kept).read_bytes(), content_type="application/octet-stream")
    return _asset_view(found, kept)


@pages.delete(f"{_AT}/assets/<int:number>")
def remove_asset(owner: str, repo: str, number: int) -> Any:
    release_, kept = _asset(repository(owner, repo), number)
    del release_["assets"][str(kept["id"])]
    _file(kept).unlink(missing_ok=True)
    return "", 204

"""Deployments and their statuses."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from sandbox.github import gits, replies
from sandbox.github.replies import body, caller, not_found, refuse, repository, store
from sandbox.github.store import Data, now
from sandbox.github.views import node_id, user_view

pages = Blueprint("deployments", __name__)

_AT = "/repos/<owner>/<repo>/deployments"


@pages.get(_AT)
def deployments(owner: str, repo: str) -> Any:
    found = repository(owner, repo)
    chosen = list(found["deployments"].values())
    for key in ("sha", "ref", "task", "environment"):
        wanted = request.args.get(key)
        chosen = [d for d in chosen if wanted in {None, d[key]}]
    return replies.listed([deployment_view(found, d) for d in reversed(chosen)])


@pages.post(_AT)
def create(owner: str, repo: str) -> Any:
    found = repository(owner, repo)
    sent = body("ref")
    sha = gits.resolve(store().git_folder(found), sent["ref"])
    if sha is None:
        refuse(422, f"No ref found for: {sent['ref']}")
    number = store().new_id()
    kept = {
        **{"id": number, "sha": sha, "ref": sent["ref"], "task": sent.get("task", "deploy")},
        **{"environment": sent.get("environment", "production"), "creator": caller()["login"]},
        **{"payload": sent.get("payload") or {}, "description": sent.get("description")},
        **{"created_at": now(), "statuses": []},
    }
    found["deployments"][str(number)] = kept
    return deployment_view(found, kept), 201


def _deployment(owner: str, repo: str, number: str) -> tuple[Data, Data]:
    found = repository(owner, repo)
    kept = found["deployments"].get(number)
    return (found, kept) if kept else not_found()


@pages.get(f"{_AT}/<number>")
def deployment(owner: str, repo: str, number: str) -> Data:
    return deployment_view(*_deployment(owner, repo, number))


def deployment_view(repo: Data, kept: Data) -> Data:
    base = f"{store().base_url}/repos/{repo['owner']}/{repo['name']}"
    url = f"{base}/deployments/{kept['id']}"
    shown = ("id", "sha", "ref", "task", "environment", "payload", "description", "created_at")
    return {
        **{key: kept[key] for key in shown},
        **{"url": url, "statuses_url": f"{url}/statuses", "repository_url": base},
        **{"node_id": node_id(kept["id"]), "creator": user_view(store(), kept["creator"])},
        "updated_at": kept["created_at"],
    }


@pages.get(f"{_AT}/<number>/statuses")
def statuses(owner: str, repo: str, number: str) -> Any:
    found, kept = _deployment(owner, repo, number)
    return replies.listed([_status_view(found, kept, s) for s in reversed(kept["statuses"])])


@pages.post(f"{_AT}/<number>/statuses")
def add_status(owner: str, repo: str, number: str) -> Any:
    found, kept = _deployment(owner, repo, number)
    sent = body("state")
    status = {"id": store().new_id(), "state": sent["state"], "created_at": now()}
    status |= {"description": sent.get("description", ""), "creator": caller()["login"]}
    kept["statuses"].append(status)
    return _status_view(found, kept, status), 201


def _status_view(repo: Data, kept: Data, status: Data) -> Data:
    view = deployment_view(repo, kept)
    return {
        **{key: status[key] for key in ("id", "state", "description", "created_at")},
        **{"url": f"{view['url']}/statuses/{status['id']}", "node_id": node_id(status["id"])},
        **{"creator": user_view(store(), status["creator"]), "target_url": view["url"]},
        **{"deployment_url": view["url"], "repository_url": view["repository_url"]},
        "updated_at": status["created_at"],
    }

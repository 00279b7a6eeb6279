"""Refusals in GitHub's form, and what every endpoint needs of the current request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn, cast

from flask import current_app, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from sandbox.github.store import Data, Store

DOCS = "https://docs.github.com/rest"


def refuse(status: int, message: str, errors: list[Data] | None = None) -> NoReturn:
    """End the request with GitHub's form of an error."""
    body: Data = {"message": message, "documentation_url": DOCS, "status": str(status)}
    if errors is not None:
        body["errors"] = errors
    answer = Response(json.dumps(body), status=status, content_type="application/json")
    raise HTTPException(response=answer)


def not_found() -> NoReturn:
    refuse(404, "Not Found")


def store() -> Store:
    return cast("Store", current_app.extensions["github"])


def caller() -> Data:
    return cast("Data", g.user)


def body(*required: str) -> Data:
    """The request's JSON object, with the keys GitHub insists on."""
    sent = request.get_json(silent=True)
    if sent is None:
        sent = {}
    if not isinstance(sent, dict):
        refuse(400, "Problems parsing JSON")
    missing = [key for key in required if key not in sent]
    if missing:
        words = "\n\n".join(f'"{key}" wasn\'t supplied.' for key in missing)
        refuse(422, f"Invalid request.\n\n{words}")
    return sent


def permit(sent: Data, allowed: set[str]) -> None:
    """Refuse keys the endpoint does not know, as the strict ones do."""
    unknown = [key for key in sent if key not in allowed]
    if unknown:
        words = "\n\n".join(f'"{key}" is not a permitted key.' for key in unknown)
        refuse(422, f"Invalid request.\n\n{words}")


def repository(owner: str, repo: str) -> Data:
    """The repository of the path; 404 where it is not, or the caller may not see it."""
    found = store().repo(owner, repo)
    if found is None or not may_read(found):
        not_found()
    return found


def may_read(repo: Data) -> bool:
    if "job" in caller():
        return _job_level(repo) is not None
    return not repo["private"] or is_admin(repo) or bool(_team_permission(repo))


def may_write(repo: Data) -> bool:
    if "job" in caller():
        return _job_level(repo) == "write"
    return is_admin(repo) or _team_permission(repo) in {"push", "maintain", "admin"}


def _job_level(repo: Data) -> str | None:
    """How a job may use the files of a repository: only its own, as it declares."""
    grant = caller()["job"]
    mine = grant["repository"] == f"{repo['owner']}/{repo['name']}"
    return str(grant["permissions"].get("contents", "none")) if mine else None


def is_admin(repo: Data) -> bool:
    login = caller()["login"]
    org = store().data["orgs"].get(repo["owner"])
    return login == repo["owner"] or bool(org and login in org["owners"])


def require_admin(repo: Data) -> None:
    if not is_admin(repo):
        refuse(403, "Must have admin rights to Repository.")


def _team_permission(repo: Data) -> str | None:
    login = caller()["login"]
    order = ["pull", "triage", "push", "maintain", "admin"]
    held = [t["permission"] for t in store().teams_of(repo) if login in t["members"]]
    return max(held, key=order.index, default=None)


def page(entries: list[Any]) -> tuple[list[Any], dict[str, str]]:
    """The asked page of a list, and the `Link` header that leads to the next."""
    size = min(max(request.args.get("per_page", 30, type=int), 1), 100)
    number = max(request.args.get("page", 1, type=int), 1)
    shown = entries[(number - 1) * size : number * size]
    if number * size >= len(entries):
        return shown, {}
    from werkzeug.urls import iri_to_uri

    query = "&".join(
        f"{key}={value}" for key, value in request.args.items() if key not in {"page", "per_page"}
    )
    more = f"{query}&" if query else ""
    url = f"{request.base_url}?{more}per_page={size}&page={number + 1}"
    return shown, {"Link": f'<{iri_to_uri(url)}>; rel="next"'}


def counted(key: str, entries: list[Any]) -> tuple[Data, int, dict[str, str]]:
    """A page in the `{"total_count": …, key: […]}` form."""
    shown, headers = page(entries)
    return {"total_count": len(entries), key: shown}, 200, headers


def listed(entries: list[Any]) -> tuple[list[Any], int, dict[str, str]]:
    shown, headers = page(entries)
    return shown, 200, headers

"""The web application: who is asking, what was asked, rate limits, ETags, and the endpoints."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from sandbox.github import (
    accounts,
    comparisons,
    deployments,
    environments,
    issues,
    pulls,
    releases,
    replies,
    repositories,
    rules,
    runs,
    smart_http,
    vault,
)
from sandbox.github.permissions import missing

if TYPE_CHECKING:
    from sandbox.github.store import Store

Interruption = Callable[[int], Response | None]
"""Given the number of the request, the answer to give in place of the right one, or None."""

_GIT_PATHS = ".git/"
_LIMIT = 5000


def create_app(store: Store, interrupt: Interruption | None = None) -> Flask:
    """The sandbox GitHub over `store`.

    Args:
        interrupt: Breaks chosen requests, before they take effect.
    """
    app = Flask("sandbox.github")
    app.extensions["github"] = store
    app.extensions["github_log"] = []
    for module in (accounts, repositories, environments, vault, rules):
        app.register_blueprint(module.pages)
    for module in (releases, deployments, issues, pulls, runs, comparisons, smart_http):
        app.register_blueprint(module.pages)
    app.before_request(_authenticate)
    app.before_request(lambda: _begin(app, interrupt))
    app.after_request(_finish)
    app.teardown_request(_release)
    app.register_error_handler(HTTPException, _as_github)
    return app


def request_log(app: Flask) -> list[str]:
    """`METHOD /path` of every API request so far."""
    log: list[str] = app.extensions["github_log"]
    return log


def _authenticate() -> None:
    if _GIT_PATHS in request.path:
        return
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    known = kind.lower() in {"bearer", "token"} and token
    user = replies.store().user_of_token(token) if known else None
    if user is None:
        replies.refuse(401, "Bad credentials")
    lacks = missing(user["job"], request.method, request.path) if "job" in user else None
    if lacks:
        message = f"Resource not accessible by integration (the job lacks {lacks})"
        replies.refuse(403, message)
    g.user = user


def _begin(app: Flask, interrupt: Interruption | None) -> Response | None:
    if _GIT_PATHS in request.path:
        return None
    log = request_log(app)
    log.append(f"{request.method} {request.path}")
    broken = interrupt(len(log)) if interrupt else None
    if broken is not None:
        return broken
    replies.store().lock.acquire()
    g.locked = True
    return None


def _finish(response: Response) -> Response:
    if _GIT_PATHS in request.path:
        return response
    if request.method not in {"GET", "HEAD"} and response.status_code < 400:
        replies.store().save()
    used = len(request_log(_app()))
    response.headers["X-RateLimit-Limit"] = str(_LIMIT)
    response.headers["X-RateLimit-Remaining"] = str(max(_LIMIT - used, 1))
    response.headers["X-RateLimit-Reset"] = str(int(time.time()) + 3600)
    if request.method == "GET" and response.status_code == 200 and response.is_json:
        digest = hashlib.sha256(response.get_data()).hexdigest()
        response.headers["ETag"] = f'W/"{digest}"'
        if request.headers.get("If-None-Match") == response.headers["ETag"]:
            response.status_code = 304
            response.set_data(b"")
    return response


def _app() -> Flask:
    from flask import current_app

    return current_app


def _release(_: BaseException | None) -> None:
    if g.pop("locked", False):
        replies.store().lock.release()


def _as_github(error: HTTPException) -> Any:
    """GitHub's JSON for the web framework's own refusals (unknown path, wrong method)."""
    if error.response is not None:
        return error.response
    if error.code in {404, 405}:
        return {"message": "Not Found", "documentation_url": replies.DOCS, "status": "404"}, 404
    return {"message": error.description, "status": str(error.code)}, error.code

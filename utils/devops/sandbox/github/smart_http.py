"""git clone and push against the sandbox: git's own http-backend, run as CGI."""

from __future__ import annotations

import base64
import binascii
import subprocess
from typing import TYPE_CHECKING

from flask import Blueprint, Response, current_app, g, request

from common.git import environment
from common.process import find
from sandbox.github import gits, pushes
from sandbox.github.replies import may_read, may_write, store

if TYPE_CHECKING:
    from sandbox.github.store import Data

pages = Blueprint("git", __name__)
_SECONDS = 120


@pages.route("/<owner>/<name>.git/<path:service>", methods=["GET", "POST"])
def backend(owner: str, name: str, service: str) -> Response:
    """Answer git, for whoever the Basic credentials name."""
    user = _user()
    if user is None:
        challenge = {"WWW-Authenticate": 'Basic realm="GitHub"'}
        return Response("Authentication required", 401, challenge)
    g.user = user
    repo = store().repo(owner, name)
    if repo is None or not may_read(repo):
        return Response("Repository not found.", 404)
    pushing = "git-receive-pack" in (service + request.query_string.decode())
    if pushing and not may_write(repo):
        return Response("Write access to repository not granted.", 403)
    with store().lock:
        gits.apply_rules(store(), repo)
    folder = str(store().git_folder(repo))
    executor = current_app.extensions.get("github_executor")
    # As on GitHub, what a job pushes starts nothing.
    if service != "git-receive-pack" or executor is None or "job" in user:
        return _run(folder, service, user["login"])
    with store().lock:
        before = pushes.refs_of(store(), repo)
        answer = _run(folder, service, user["login"])
        if pushes.start_runs(store(), repo, before, user["login"], executor):
            store().save()
    return answer


def _user() -> Data | None:
    kind, _, coded = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        _, _, token = base64.b64decode(coded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return store().user_of_token(token)


def _run(folder: str, service: str, login: str) -> Response:
    env = {
        **environment(),
        "GIT_PROJECT_ROOT": folder,
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{service}",
        "QUERY_STRING": request.query_string.decode(),
        "REQUEST_METHOD": request.method,
        "CONTENT_TYPE": request.content_type or "",
        "CONTENT_LENGTH": "",
        "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        "REMOTE_USER": login,
        "REMOTE_ADDR": "127.0.0.1",
    }
    sent = request.get_data()
    env["CONTENT_LENGTH"] = str(len(sent))
    done = subprocess.run(  # bytes, which the text-only process boundary does not take
        [find("git"), "http-backend"], input=sent, env=env, capture_output=True, timeout=_SECONDS
    )
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    if done.returncode != 0 or not head:
        return Response("git http-backend failed", 500)
    lines = (line.partition(": ") for line in head.decode().splitlines())
    headers = {key: value for key, _, value in lines}
    status = int(headers.pop("Status", "200").split()[0])
    return Response(content, status, headers)

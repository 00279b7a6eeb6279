"""GitHub's own OpenAPI description as a referee: a proxy before the sandbox that validates.

The description and the proxy come from npm, from a committed lock file, into `.cache`. The proxy
says of every request *and* every answer whether it is as GitHub describes it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from common.process import run
from tests.conftest import ROOT

_TOOLS = ROOT / "tests" / "tools" / "github-openapi"
_CACHE = ROOT / ".cache" / "github-openapi"
_FILES = ("package.json", "package-lock.json", ".npmrc")
_REDUCTION = 4
_KEPT = re.compile(
    r"/(user(/repos)?|users/\{username\}|orgs/\{org\}(/(repos|teams).*)?"
    r"|repos/\{owner\}/\{repo\}(/(environments|rulesets|branches|topics|vulnerability-alerts"
    r"|actions/(oidc|runs|workflows)|hooks|teams|contents|commits|tags|git/refs?|releases"
    r"|deployments).*|/issues(/\{issue_number\})?"
    r"|/pulls(/\{pull_number\}(/merge|/reviews)?)?)?)"
)

# github.com takes and keeps this key, and Terraform's provider and go-github have sent it since
# 2023; the description has it in no request. Without it an administrator can pass every gate.
_AMENDMENT = ("/repos/{owner}/{repo}/environments/{environment_name}", "can_admins_bypass")


def tools() -> Path:
    """The folder with the proxy and the reduced description, installed once for each lock file."""
    if shutil.which("npm") is None:
        # Where CI runs, a missing referee must not look like a clean bill.
        (pytest.fail if os.environ.get("CI") else pytest.skip)("npm is not installed")
    digest = hashlib.sha256(b"".join((_TOOLS / name).read_bytes() for name in _FILES))
    folder = _CACHE / f"{digest.hexdigest()[:16]}-{_REDUCTION}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "description.json").exists():
            _install(folder)
    return folder


def _install(folder: Path) -> None:
    for name in _FILES:
        shutil.copy(_TOOLS / name, folder / name)
    home = os.environ.get("BBWS_NPM_HOME") or str(folder / "home")
    env = {**os.environ, "HOME": home}
    run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, env=env, timeout=600)
    generated = folder / "node_modules" / "@octokit" / "openapi" / "generated"
    whole = json.loads((generated / "api.github.com.json").read_text(encoding="utf-8"))
    reduced = folder / "description.tmp"
    reduced.write_text(json.dumps(reduce(whole)), encoding="utf-8")
    shutil.rmtree(generated)  # 400 MB of other servers' descriptions
    reduced.replace(folder / "description.json")


def reduce(whole: dict[str, Any]) -> dict[str, Any]:
    """The part of the description that the toolkit can meet, with all that it refers to."""
    paths = {path: item for path, item in whole["paths"].items() if _KEPT.fullmatch(path)}
    _without_examples(whole["components"], None)
    _without_examples(paths, None)
    path, key = _AMENDMENT
    body = paths[path]["put"]["requestBody"]["content"]["application/json"]["schema"]
    assert key not in body["properties"], "the description has it now: drop the amendment"
    body["properties"][key] = {"type": "boolean"}
    components: dict[str, Any] = {}
    _gather(paths, whole, components)
    info = {"title": "GitHub", "version": whole["info"]["version"]}
    head = {"openapi": whole["openapi"], "info": info, "servers": [{"url": "/"}]}
    return {**head, "paths": paths, "components": components}


def _without_examples(node: Any, parent: str | None) -> None:
    """Examples only slow the proxy down; a *property* of that name stays."""
    if isinstance(node, dict):
        if parent != "properties":
            for key in ("example", "examples"):
                node.pop(key, None)
        for key, value in node.items():
            _without_examples(value, key)
    elif isinstance(node, list):
        for value in node:
            _without_examples(value, None)


def _gather(node: Any, whole: dict[str, Any], components: dict[str, Any]) -> None:
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str):
            _, _, kind, name = reference.split("/", 3)
            if name not in components.setdefault(kind, {}):
                components[kind][name] = whole["components"][kind][name]
                _gather(components[kind][name], whole, components)
        for value in node.values():
            _gather(value, whole, components)
    elif isinstance(node, list):
        for value in node:
            _gather(value, whole, components)


_SLASHED = re.compile(r"(.*?)((?:/contents/|/git/ref/|$))(.*)")


@contextmanager
def proxy(upstream: str) -> Iterator[str]:
    """The validating proxy before `upstream`, and its address."""
    folder = tools()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [shutil.which("node") or "node", "node_modules/@stoplight/prism-cli/dist/index.js"]
    words += ["proxy", "description.json", upstream, "-h", "127.0.0.1", "-p", str(port)]
    child = subprocess.Popen(
        [*words, "-v", "error"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await(port, child)
        yield f"http://127.0.0.1:{port}"
    finally:
        child.terminate()
        child.wait(timeout=10)


def _await(port: int, child: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert child.poll() is None, "the proxy ended"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the proxy did not start")


class Referee(requests.Session):
    """A session that keeps what the proxy had to say."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.violations: list[str] = []
        self.hooks["response"].append(self._note)

    def send(self, request: requests.PreparedRequest, **settings: Any) -> requests.Response:
        # A path parameter of OpenAPI ends at a slash; GitHub's `{path}` and `{ref}` do not.
        head, slashed, tail = _SLASHED.fullmatch(str(request.url)).groups()
        path, question, query = tail.partition("?")
        request.url = head + slashed + path.replace("/", "%2F") + question + query
        return super().send(request, **settings)

    def _note(self, response: requests.Response, *_: Any, **__: Any) -> None:
        request = response.request
        line = f"{request.method} {request.path_url}"
        self.seen.append(line)
        if response.status_code == 304:
            return  # conditional requests are documented for the whole API, not for each path
        found = response.headers.get("sl-violations")
        for violation in json.loads(found) if found else []:
            self.violations.append(f"{line}: {violation['location']} {violation['message']}")
        if response.headers.get("content-type", "").startswith("application/problem+json"):
            self.violations.append(f"{line}: {response.text[:500]}")

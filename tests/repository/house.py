"""The house's GitHub for tests: an organisation with its teams in a sandbox on loopback."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result

from common.github import GitHub
from common.github_retry import Clock
from repo_cli import cli
from repository.model import Slug
from repository.operations import configure, create
from repository.target import Target
from sandbox.github.app import Interruption
from sandbox.github.server import Server
from sandbox.github.store import Store

NAME = "2_bbws_auth_lambda"
PATH = f"/repos/bbws/{NAME}"
SLUG = Slug("bbws", NAME)
TOKEN = "ghs-sandbox-" + "0123456789abcdef" * 2
CI = """\
name: CI
on:
  pull_request:
jobs:
  lint: {runs-on: ubuntu-24.04, steps: [{run: "true"}]}
  gate:
    name: CI gate
    if: ${{ always() }}
    needs: [lint]
    runs-on: ubuntu-24.04
    steps: [{run: "true"}]
"""


@dataclass
class House:
    """A running sandbox GitHub with an administrator `ada` and one person in each team."""

    server: Server
    folder: Path

    @property
    def store(self) -> Any:
        return self.server.store

    @property
    def repo(self) -> Any:
        return self.store.repo("bbws", NAME)

    def connect(self, login: str = "ada", **settings: Any) -> GitHub:
        clock = Clock(sleep=lambda _: None)
        token = self.store.data["users"][login]["token"]
        return GitHub(token, api=self.server.url, clock=clock, **settings)

    def run(self, *words: str, stdin: str | None = None) -> Result:
        """A command line of repo_cli, in this process."""
        return CliRunner().invoke(cli, list(words), input=stdin, prog_name="repo_cli.py")

    def on(self, command: str, *words: str, stdin: str | None = None) -> Result:
        """A command line about the house's repository."""
        return self.run(command, "--name", NAME, "--org", "bbws", *words, stdin=stdin)

    def calls(self, *words: str) -> list[str]:
        """The requests that a command costs."""
        before = len(self.server.requests)
        result = self.on(*words)
        assert result.exit_code == 0, result.stderr
        return self.server.requests[before:]

    def changed(self, *words: str) -> list[str]:
        """The requests of a command that are more than reading."""
        return [line for line in self.calls(*words) if not line.startswith("GET ")]

    def add_workflow(self, text: str = CI, name: str = "ci.yml") -> None:
        content = base64.b64encode(text.encode()).decode()
        body = {"message": "ci", "content": content}
        self.connect().put(f"{PATH}/contents/.github/workflows/{name}", body)

    def world(self) -> str:
        """Everything the sandbox keeps, to compare before and after."""
        import json

        return json.dumps(self.store.data, sort_keys=True)


@contextmanager
def opened(folder: Path, interrupt: Interruption | None = None) -> Iterator[House]:
    """A house of its own; a folder that holds one already is gone on with."""
    with Server(folder / "github", interrupt=interrupt) as server:
        if not server.store.data["users"]:
            _furnish(server.store)
        yield House(server, folder)


def answer(
    request: requests.PreparedRequest, status: int, body: str, **headers: str
) -> requests.Response:
    """An answer to `request` that no server gave."""
    response = requests.Response()
    response.status_code, response.request, response.url = status, request, str(request.url)
    response._content = body.encode()
    response.headers.update({key.replace("_", "-"): value for key, value in headers.items()})
    return response


def _furnish(store: Store) -> None:
    store.add_user("ada", TOKEN)
    members = {"dev-lead": "ben", "business-owner": "cyn", "tech-lead": "dan"}
    for login in members.values():
        store.add_user(login, f"ghs-sandbox-{login}-0123456789")
    store.add_org("bbws", owners=["ada"])
    for slug, login in members.items():
        store.add_team("bbws", slug, [login])


@contextmanager
def at_home(folder: Path) -> Iterator[House]:
    """The house in `folder`, as the GitHub of this process and its directory."""
    with opened(folder) as found, pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_TOKEN", TOKEN)
        patch.setenv("GITHUB_API_URL", found.server.url)
        patch.chdir(folder)
        yield found


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A house with its repository (`made`), and one with its gates too (`gated`), to copy."""
    folder = tmp_path_factory.mktemp("houses")
    with opened(folder / "made") as found:
        create(Target(SLUG, connect=found.connect), None, ())
    shutil.copytree(folder / "made", folder / "gated")
    with opened(folder / "gated") as found:
        configure(Target(SLUG, connect=found.connect))
    return folder


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """The organisation, without any repository."""
    with at_home(tmp_path) as found:
        yield found


@pytest.fixture
def made(tmp_path: Path, prepared: Path) -> Iterator[House]:
    """The house with its repository."""
    shutil.copytree(prepared / "made", tmp_path, dirs_exist_ok=True)
    with at_home(tmp_path) as found:
        yield found


@pytest.fixture
def gated(tmp_path: Path, prepared: Path) -> Iterator[House]:
    """The house with its repository, its environments and their gates."""
    shutil.copytree(prepared / "gated", tmp_path, dirs_exist_ok=True)
    with at_home(tmp_path) as found:
        yield found

"""The house's GitHub for tests: an organisation with its teams in a sandbox on loopback."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from common.github import Clock, GitHub
from repo_cli import cli
from sandbox.github.app import Interruption
from sandbox.github.server import Server

NAME = "2_bbws_auth_lambda"
PATH = f"/repos/bbws/{NAME}"
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
    """A house of its own for one test, or for one module."""
    with Server(folder / "github", interrupt=interrupt) as server:
        store = server.store
        store.add_user("ada", TOKEN)
        members = {"dev-lead": "ben", "business-owner": "cyn", "tech-lead": "dan"}
        for login in members.values():
            store.add_user(login, f"ghs-sandbox-{login}-0123456789")
        store.add_org("bbws", owners=["ada"])
        for slug, login in members.items():
            store.add_team("bbws", slug, [login])
        yield House(server, folder)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with opened(tmp_path) as found:
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        monkeypatch.setenv("GITHUB_API_URL", found.server.url)
        monkeypatch.chdir(tmp_path)
        yield found


@pytest.fixture
def made(house: House) -> House:
    """The house with its repository."""
    assert house.on("create").exit_code == 0
    return house


@pytest.fixture
def gated(made: House) -> House:
    """The house with its repository, its environments and their gates."""
    assert made.on("configure", "--environments").exit_code == 0
    return made

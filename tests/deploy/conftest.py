from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.control import Sandbox
from tests.deploy.aws import Repo, ServiceOnAws, enter
from tests.support.sandboxes import running

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One running sandbox for the whole test run; tests tell themselves apart by services."""
    with running("deploy-tests", tmp_path_factory.mktemp("sandbox-home")) as started:
        yield started


@pytest.fixture
def service() -> str:
    """A service no other test uses."""
    return f"auth{next(_numbers)}"


@pytest.fixture
def repo(tmp_path: Path, service: str, git_identity: None) -> Repo:
    return Repo(tmp_path, service)


@pytest.fixture
def dev(sandbox: Sandbox, service: str, repo: Repo, monkeypatch: pytest.MonkeyPatch):
    """The service in dev, and this process inside its repository."""
    enter(sandbox, monkeypatch, repo.root)
    return ServiceOnAws(sandbox, service)

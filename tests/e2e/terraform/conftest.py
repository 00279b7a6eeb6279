"""Repositories and an AWS for each account, for terraform_cli.py as a user calls it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.aws_server import AwsServer, aws_server
from tests.support.terraform import terraform_environment
from tests.support.terraform_project import BUILT_IN, GIT, Maker, Project, quick

ACCOUNTS = {"dev": "536580886816", "sit": "815856636111", "prod": "093646564004"}
REGIONS = {"dev": "eu-west-1", "sit": "eu-west-1", "prod": "af-south-1"}


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], AwsServer]]:
    """A server for each environment's account, started when a test first needs it."""
    terraform_environment()
    running: dict[str, AwsServer] = {}
    contexts = []

    def server(env: str) -> AwsServer:
        if env not in running:
            context = aws_server(ACCOUNTS[env], tmp_path_factory.mktemp(f"aws-{env}"))
            contexts.append(context)
            running[env] = context.__enter__()
        return running[env]

    yield server
    for context in contexts:
        context.__exit__(None, None, None)


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def bootstrapped() -> set[tuple[str, str]]:
    """Environments and servers that have all a state needs."""
    return set()


@pytest.fixture
def make_project(
    tmp_path: Path,
    servers: Callable[[str], AwsServer],
    shared_cache: Path,
    bootstrapped: set[tuple[str, str]],
) -> Maker:
    """Makes repositories with a remote; `bootstrap` and `init` are done unless told not to."""

    def make(
        configuration: str = BUILT_IN + quick("first"),
        *,
        env: str = "dev",
        server: AwsServer | None = None,
        ready: bool = True,
    ) -> Project:
        name = f"2_bbws_{tmp_path.name.replace('-', '_')[-40:]}_lambda"
        server = server or servers(env)
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path / "home"),
            "XDG_CACHE_HOME": str(shared_cache),
            "NO_COLOR": "1",
            **server.environment(),
            **terraform_environment(),
            **GIT,
        }
        root = tmp_path / "here" / name
        project = Project(root, server, env, variables)
        (root / "terraform" / "environments").mkdir(parents=True)
        for each, account in ACCOUNTS.items():
            (root / "terraform" / "environments" / f"{each}.tfvars").write_text(
                f'environment = "{each}"\n'
                + (
                    f'account_id = "{account}"\nregion = "{REGIONS[each]}"\n'
                    if "account_id" in configuration
                    else ""
                )
            )
        (root / ".gitignore").write_text(".terraform/\n")
        origin = tmp_path / "origin" / f"{name}.git"
        subprocess.run(
            ["git", "init", "-q", "--bare", "-b", "main", str(origin)],
            check=True,
            env={**os.environ, **GIT},
        )
        project.git("init", "-q", "-b", "main")
        project.git("remote", "add", "origin", str(origin))
        project.write(configuration)
        if ready:
            if (env, server.url) not in bootstrapped:
                project.ok("bootstrap")
                bootstrapped.add((env, server.url))
            project.ok("init")
            # The provider lock file that init wrote is part of the service.
            project.write(configuration)
        return project

    return make

"""A generated service, deployed by real Terraform into a sandbox of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from codegen.scaffold import scaffold
from deploy.packaging.package import build
from lld.parse import parse_file
from tests.conftest import ROOT
from tests.support.terraform import terraform_environment

RUNNER = ROOT / "utils" / "devops" / "local_runner.py"
DESIGN = ROOT / "templates" / "examples" / "9.1.1_LLD_Bookmark_Lambda.md"
KEY = "2_bbws_bookmark_lambda/first.zip"


@dataclass(frozen=True)
class World:
    """A sandbox with a deployed service, and the environment that leads into it."""

    environment: dict[str, str]
    root: Path
    package: Path
    digest: str

    def run(self, *words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            cwd=folder or self.root / "terraform",
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def terraform(self, *words: str) -> subprocess.CompletedProcess[str]:
        answer = self.run("terraform", *words)
        assert answer.returncode in (0, 2), answer.stdout[-3000:] + answer.stderr[-3000:]
        return answer

    @property
    def variables(self) -> tuple[str, ...]:
        return (
            "-input=false",
            "-var-file=environments/dev.tfvars",
            f"-var=artifact_key={KEY}",
            f"-var=artifact_sha256={self.digest}",
        )

    def output(self, name: str) -> str:
        return self.terraform("output", "-raw", name).stdout


def sandbox(home: Path, *words: str) -> Any:
    answer = subprocess.run(
        [sys.executable, str(RUNNER), "sandbox", *words, "--name", "e2e", "-o", "json"],
        env={**os.environ, "HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(answer.stdout)


def aws(service: str) -> Any:
    """A client by the variables of this moment; boto3 keeps those of its first call for ever."""
    return boto3.session.Session().client(service)  # type: ignore[call-overload]


def git(root: Path, *words: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    subprocess.run(["git", *identity, *words], cwd=root, check=True, capture_output=True)


@contextmanager
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The service, applied. Everything is over when the block is."""
    providers = terraform_environment()
    home = tmp_path_factory.mktemp("home")
    root = tmp_path_factory.mktemp("repository") / "2_bbws_bookmark_lambda"
    scaffold(parse_file(DESIGN), root)
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "feat: service")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(home / "cache"))
        for name, value in providers.items():
            patch.setenv(name, value)
        package = build(root, home / "package.zip")
        sandbox(home, "start")
        try:
            exports = sandbox(home, "env")
            kept = {k: v for k, v in os.environ.items() if k not in exports["unset"]}
            environment = {**kept, **exports["set"], "AWS_PROFILE": "Tebogo-dev"}
            world = World(environment, root, package.path, package.code_sha256)
        except BaseException:
            sandbox(home, "stop")
            raise
    # The variables are not left in this process: other tests run while the world stands.
    try:
        _apply(world)
        yield world
    finally:
        sandbox(home, "stop")


def _apply(world: World) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in world.environment.items():
            patch.setenv(name, value)
        aws("s3").upload_file(str(world.package), "bbws-artifacts-dev", KEY)
    backend = "-backend-config=environments/dev.s3.tfbackend"
    world.terraform("init", "-reconfigure", "-input=false", backend)
    world.terraform("apply", "-auto-approve", *world.variables)

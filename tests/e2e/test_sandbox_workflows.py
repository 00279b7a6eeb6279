"""A generated workflow runs in the sandbox: gate, approval, OIDC token, role, the tools' steps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from common.github import GitHub
from repository.model import Slug
from repository.operations import configure, create
from repository.target import Target
from tests.conftest import ROOT
from tests.sandbox.support import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("sandbox-workflows")]

TOOLS = ROOT / "utils" / "devops"
NAME = "2_bbws_bookmark_lambda"
PATH = f"/repos/bbws/{NAME}"
ACCOUNTS = {"dev": "536580886816", "sit": "815856636111"}
PATIENCE_S = 240
STAND_IN = """\
import boto3, sys
arn = boto3.session.Session(region_name="eu-west-1").client("sts").get_caller_identity()["Arn"]
print("called:", *sys.argv, "as", arn)
"""
"""In place of a tool of the service's own: says how it was called, and as whom."""


@dataclass(frozen=True)
class World:
    """A sandbox whose GitHub holds the service."""

    environment: dict[str, str]
    github: GitHub

    def tool(self, script: str, *words: str, folder: Path | None = None) -> Any:
        answer = subprocess.run(
            [sys.executable, str(TOOLS / script), *words, "-o", "json"],
            cwd=folder,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return json.loads(answer.stdout)

    def roll_back(self, environment: str) -> str:
        """The path of a dispatched run of the generated workflow."""
        inputs = {"environment": environment, "version": "v1.0.0", "component": "full"}
        made = self.github.post(
            f"{PATH}/actions/workflows/rollback.yml/dispatches",
            {"ref": "main", "inputs": {**inputs, "reason": "test"}, "return_run_details": True},
        )
        return f"{PATH}/actions/runs/{made['workflow_run_id']}"

    def reaches(self, run: str, status: str) -> None:
        eventually(lambda: self.github.get(run)["status"] in {status, "completed"}, PATIENCE_S)
        assert self.github.get(run)["status"] == status

    def log(self, run: str, job: str) -> str:
        found = self.github.listing(f"{run}/jobs", "jobs")
        (number,) = [each["id"] for each in found if each["name"] == job]
        home = Path(self.environment["HOME"]) / ".local/state"
        (path,) = home.rglob(f"logs/{run.rpartition('/')[2]}/{number}.log")
        return path.read_text()


def git(root: Path, *words: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    subprocess.run(["git", *identity, *words], cwd=root, check=True, capture_output=True)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The service's repository with its gates, workflows and dev role in a sandbox of its own."""
    home = tmp_path_factory.mktemp("home")
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "GITHUB_"))}
    outside = World({**plain, "HOME": str(home)}, GitHub("none", api="http://127.0.0.1:9"))
    outside.tool("local_runner.py", "sandbox", "start", "--name", "flows")
    try:
        exports = outside.tool("local_runner.py", "sandbox", "env", "--name", "flows")
        kept = {k: v for k, v in outside.environment.items() if k not in exports["unset"]}
        environment = {**kept, **exports["set"]}
        github = GitHub(environment["GITHUB_TOKEN"], api=environment["GITHUB_API_URL"])
        made = World(environment, github)
        _furnish(made, tmp_path_factory.mktemp("repository") / NAME)
        yield made
    finally:
        outside.tool("local_runner.py", "sandbox", "stop", "--name", "flows")


def _furnish(world: World, root: Path) -> None:
    target = Target(Slug("bbws", NAME), connect=lambda: world.github)
    create(target, None, ())
    configure(target)
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    world.tool("pipeline_cli.py", "create-rollback", "--service", "bookmark", folder=root)
    for name in ("local_runner.py", "deploy_cli.py", "monitor_cli.py"):
        (root / "utils" / "devops" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "utils" / "devops" / name).write_text(STAND_IN)
    git(root, "add", ".")
    git(root, "commit", "-qm", "feat: service")
    git(root, "tag", "v1.0.0")
    _push(world, root)
    facts = world.github.get(PATH)
    owner, number = facts["owner"]["id"], facts["id"]
    names = f"bbws@{owner}/{NAME}@{number}"
    bootstrap = ("terraform_cli.py", "bootstrap", "--env")
    world.tool(*bootstrap, "dev", "--repository", names)
    # SIT trusts a repository that had this name before, with other ids.
    world.tool(*bootstrap, "sit", "--repository", f"bbws@{owner}/{NAME}@{number - 1}")
    for name in ACCOUNTS:
        variable = {"name": "AWS_ROLE_ARN", "value": _role(name)}
        world.github.post(f"{PATH}/environments/{name}/variables", variable)


def _role(environment: str) -> str:
    return f"arn:aws:iam::{ACCOUNTS[environment]}:role/github-{NAME}-{environment}"


def _push(world: World, root: Path) -> None:
    """Put the first commit where the protection of main does not look: into the bare folder."""
    home = Path(world.environment["HOME"]) / ".local/state"
    (bare,) = home.rglob("repositories/*.git")
    git(root, "push", "-q", "--force", "--no-verify", str(bare), "HEAD:refs/heads/main", "v1.0.0")


def test_a_generated_workflow_waits_for_its_approval_and_works_as_its_role(world: World) -> None:
    run = world.roll_back("dev")
    world.reaches(run, "waiting")
    number = run.rpartition("/")[2]
    words = ("sandbox", "approve", "--name", "flows", "--run", number, "--as", "tech-lead")
    approved = world.tool("local_runner.py", *words)
    assert approved["environments"] == ["prod-tech-lead"]
    world.reaches(run, "completed")
    log = world.log(run, "Roll back")
    assert world.github.get(run)["conclusion"] == "success", log
    session = f"arn:aws:sts::536580886816:assumed-role/github-{NAME}-dev/bookmark-{number}"
    assert "called: utils/devops/deploy_cli.py rollback --env dev --service bookmark" in log
    assert f"as {session}" in log


def test_a_role_that_trusts_another_repository_of_this_name_gives_nothing(world: World) -> None:
    run = world.roll_back("sit")
    world.reaches(run, "waiting")
    number = run.rpartition("/")[2]
    for person in ("tech-lead", "dev-lead"):
        words = ("sandbox", "approve", "--name", "flows", "--run", number, "--as", person)
        world.reaches(run, "waiting")
        world.tool("local_runner.py", *words)
    world.reaches(run, "completed")
    log = world.log(run, "Roll back")
    assert world.github.get(run)["conclusion"] == "failure"
    assert "Could not assume" in log
    assert "deploy_cli.py rollback" not in log

"""From DEV to PROD by the generated workflows, in runs of the sandbox's GitHub: canary and all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.github import GitHub
from repository.model import Slug
from repository.operations import configure, create
from repository.target import Target
from sandbox import control
from sandbox.control import Sandbox
from tests.conftest import ROOT
from tests.deploy.aws import Repo, ServiceOnAws
from tests.e2e.promoted import STAND_IN
from tests.sandbox.support import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("promotion-runs")]

TOOLS = ROOT / "utils" / "devops"
SERVICE = "reader"
NAME = f"2_bbws_{SERVICE}_lambda"
PATH = f"/repos/bbws/{NAME}"
PATIENCE_S = 240
IDLE = "raise SystemExit(0)\n"
"""In place of `local_runner.py setup`: the tools' own Python runs here."""


class House:
    """A sandbox whose GitHub and AWS hold the service, and a person's checkout of it."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        exports = sandbox.exports
        kept = {k: v for k, v in os.environ.items() if k not in exports.unset}
        self.environment = {**kept, **exports.variables}
        self.sandbox = sandbox
        self.github = GitHub(
            self.environment["GITHUB_TOKEN"], api=self.environment["GITHUB_API_URL"]
        )
        self.repo = Repo(folder, SERVICE)
        self.aws = {env: ServiceOnAws(sandbox, SERVICE, env) for env in ("dev", "sit", "prod")}

    def tool(self, script: str, *words: str, code: int = 0) -> Any:
        answer = subprocess.run(
            [sys.executable, str(TOOLS / script), *words, "-o", "json"],
            cwd=self.repo.root,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        assert answer.returncode == code, answer.stdout + answer.stderr[-3000:]
        return json.loads(answer.stdout)

    def release(self, version: str, body: str = "pass") -> None:
        """Committed, tagged, on main of GitHub, and live in dev."""
        self.repo.commit(version, body)
        (bare,) = self.sandbox.where.folder.rglob("repositories/*.git")
        self.repo.git("push", "-q", "--force", "--no-verify", str(bare), "HEAD:main", version)
        self.repo.git("fetch", "-q", str(bare), "+refs/heads/*:refs/remotes/origin/*")
        assert self.tool("deploy_cli.py", "dev")["version"] == version

    def promoted(self, env: str, version: str, *approvers: str) -> str:
        """The conclusion of the run that an operator starts and these people approve."""
        words = (f"promote-{env}", "--version", version, "--no-wait")
        run = self.tool("deploy_cli.py", *words)["run"]
        for person in approvers:
            self._reaches(run, "waiting")
            words = ("sandbox", "approve", "--name", "promotions", "--run", run)
            self.tool("local_runner.py", *words, "--as", person)
        self._reaches(run, "completed")
        return self.github.get(f"{PATH}/actions/runs/{run}")["conclusion"] + self._failed(run)

    def _reaches(self, run: str, status: str) -> None:
        path = f"{PATH}/actions/runs/{run}"
        eventually(lambda: self.github.get(path)["status"] in {status, "completed"}, PATIENCE_S)
        assert self.github.get(path)["status"] == status, self._failed(run)

    def _failed(self, run: str) -> str:
        """The logs of the jobs that failed."""
        jobs = self.github.listing(f"{PATH}/actions/runs/{run}/jobs", "jobs")
        bad = [job["id"] for job in jobs if job["conclusion"] == "failure"]
        logs = self.sandbox.where.folder.rglob(f"logs/{run}/*.log")
        return "".join(path.read_text()[-6000:] for path in logs if int(path.stem) in bad)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = str(tmp_path_factory.mktemp("home"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", home)
        patch.delenv("XDG_STATE_HOME", raising=False)
        for name in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{name}_NAME", "ann")
            patch.setenv(f"GIT_{name}_EMAIL", "ann@example.com")
        started, _ = control.start("promotions")
        try:
            made = House(started, tmp_path_factory.mktemp("repository"))
            _furnish(made)
            yield made
        finally:
            control.stop("promotions")


def _furnish(house: House) -> None:
    target = Target(Slug("bbws", NAME), connect=lambda: house.github)
    create(target, None, ())
    configure(target)
    # The timer of prod is GitHub's: five minutes that show nothing here.
    house.github.request("PUT", f"{PATH}/environments/prod", body={"wait_timer": 0})
    root = house.repo.root
    for env in ("sit", "prod"):
        house.tool("pipeline_cli.py", "create-promote", "--env", env, "--service", SERVICE)
    tools = root / "utils" / "devops"
    tools.mkdir(parents=True)
    (tools / "deploy_cli.py").write_text(STAND_IN)
    (tools / "local_runner.py").write_text(IDLE)
    house.repo.git("remote", "add", "origin", f"https://github.com/bbws/{NAME}.git")
    facts = house.github.get(PATH)
    names = f"bbws@{facts['owner']['id']}/{NAME}@{facts['id']}"
    for env, service in house.aws.items():
        house.tool("terraform_cli.py", "bootstrap", "--env", env, "--repository", names)
        role = f"arn:aws:iam::{service.environment.account}:role/github-{NAME}-{env}"
        variable = {"name": "AWS_ROLE_ARN", "value": role}
        house.github.post(f"{PATH}/environments/{env}/variables", variable)


def test_a_release_reaches_prod_through_its_gates_and_the_next_one_through_the_canary(
    house: House,
):
    house.release("v1.0.0")
    assert house.promoted("sit", "v1.0.0", "dev-lead") == "success"
    assert house.promoted("prod", "v1.0.0", "business-owner", "tech-lead") == "success"
    house.release("v1.0.1")
    assert house.promoted("sit", "v1.0.1", "dev-lead") == "success"
    assert house.promoted("prod", "v1.0.1", "business-owner", "tech-lead") == "success"
    assert {env: aws.answers() for env, aws in house.aws.items()} == {
        env: {"v1.0.1"} for env in ("dev", "sit", "prod")
    }
    deployment = house.tool("deploy_cli.py", "status", "--env", "prod")["deployment"]
    assert [text.split()[0] for text in deployment["judged"]] == ["10", "25", "50", "100"]
    assert deployment["approvals"] == [
        "prod-business-owner: approved by business-owner",
        "prod-tech-lead: approved by tech-lead",
    ]
    assert house.tool("deploy_cli.py", "verify")["problems"] == []

"""From DEV to PROD by the generated workflows, in runs of the sandbox's GitHub: canary and all."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.github import GitHub
from deploy.model import Approval, Kind
from repository.model import Slug
from repository.operations import configure, create
from repository.target import Target
from sandbox import control
from sandbox.control import Sandbox
from tests.conftest import ROOT
from tests.deploy.aws import Repo, ServiceOnAws, enter
from tests.deploy.place import Place
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

    @property
    def bare(self) -> Path:
        """Where GitHub keeps the repository."""
        (found,) = self.sandbox.where.folder.rglob("repositories/*.git")
        return found

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
        self.repo.git("push", "-q", "--force", "--no-verify", str(self.bare), "HEAD:main", version)
        self.repo.git("fetch", "-q", str(self.bare), "+refs/heads/*:refs/remotes/origin/*")
        assert self.tool("deploy_cli.py", "dev")["version"] == version

    def promoted(self, env: str, version: str, *approvers: str) -> str:
        """The conclusion of the run that an operator starts and these people approve."""
        words = (f"promote-{env}", "--version", version, "--no-wait")
        run = self.tool("deploy_cli.py", *words)["run"]
        for person in approvers:
            self._reaches(run, "waiting")
            (said,) = self.tool("deploy_cli.py", "status", "--env", env)["waiting"]
            assert said.startswith(f"run {run} (Promote {version} to {env.upper()}) waits for")
            assert f"by {person}" in said
            words = ("sandbox", "approve", "--name", "promotions", "--run", run)
            self.tool("local_runner.py", *words, "--as", person)
        return self.ended(run)

    def ended(self, run: str) -> str:
        """The conclusion, and what the jobs that failed have said."""
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


def test_a_release_reaches_prod_through_its_gates_and_the_canary(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    enter(house.sandbox, monkeypatch, house.repo.root)
    prod = Place(house.sandbox, SERVICE, "prod", create=False)
    prod.deploy("v1.0.0")
    house.release("v1.0.1")
    assert house.promoted("sit", "v1.0.1", "dev-lead") == "success"
    assert house.promoted("prod", "v1.0.1", "business-owner", "tech-lead") == "success"
    assert {env: aws.answers() for env, aws in house.aws.items()} == {
        env: {"v1.0.1"} for env in ("dev", "sit", "prod")
    }
    live = prod.ledger().live()
    assert (live.version, live.kind) == ("v1.0.1", Kind.PROMOTION)
    assert [judged.percent for judged in live.judged] == [10, 25, 50, 100]
    assert live.approvals == (
        Approval("prod-business-owner", "business-owner"),
        Approval("prod-tech-lead", "tech-lead"),
    )
    assert house.tool("deploy_cli.py", "verify")["problems"] == []


def test_a_tag_with_a_workflow_of_its_own_gets_no_further_than_the_gate(house: House):
    before = house.aws["prod"].live()
    workflow = house.repo.root / ".github" / "workflows" / "promote-prod.yml"
    reviewed = workflow.read_text()
    unguarded = re.sub(r"environment:\n +name: prod-[a-z-]+\n +deployment: false", "", reviewed)
    workflow.write_text(unguarded.replace("if ! git merge-base", "if false && ! git merge-base"))
    assert unguarded != reviewed
    house.repo.commit("v6.6.6")
    house.repo.git("push", "-q", "--no-verify", str(house.bare), "v6.6.6")
    house.tool("deploy_cli.py", "dev")
    made = house.github.post(
        f"{PATH}/actions/workflows/promote-prod.yml/dispatches",
        {"ref": "v6.6.6", "inputs": {"version": "v6.6.6"}, "return_run_details": True},
    )
    ended = house.ended(str(made["workflow_run_id"]))
    assert ended.startswith("failure")
    assert "prod-business-owner has not been approved" in ended
    assert "prod-tech-lead has not been approved" in ended
    assert "is not on main, and no pull request merged exactly it" in ended
    assert house.aws["prod"].live() == before

"""`local_runner.py sandbox …` from the command line."""

from __future__ import annotations

import base64
import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result

from common.git import ask_origin, git
from sandbox import control
from sandbox.control import Sandbox

PROMOTE = """\
name: Promote
on: {workflow_dispatch: {}}
jobs:
  owner: {runs-on: x, environment: prod-business-owner, steps: [{run: "true"}]}
"""


def run(*words: str) -> Result:
    cli: Any = importlib.import_module("local_runner").cli
    return CliRunner().invoke(cli, ["sandbox", *words])


@pytest.fixture
def at_home(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The commands of this process find the running sandbox."""
    monkeypatch.setenv("XDG_STATE_HOME", str(sandbox.where.folder.parents[2]))
    monkeypatch.setenv("BBWS_SANDBOX", "tests")
    return sandbox


def test_status_says_where_it_is_and_what_it_does_not_exercise(at_home: Sandbox) -> None:
    answer = run("status", "-o", "json")
    facts = json.loads(answer.stdout)
    assert (answer.exit_code, facts["running"], facts["name"]) == (0, True, "tests")
    assert facts["aws"] == at_home.running.endpoint
    assert facts["requests"]["sts"] >= 3
    assert any("IAM" in gap for gap in facts["not_exercised"])
    text = run("status").stdout
    assert at_home.running.endpoint in text


def test_start_of_one_that_runs_changes_nothing(at_home: Sandbox) -> None:
    answer = run("start", "-o", "json")
    assert answer.exit_code == 0
    found = json.loads(answer.stdout)
    assert (found["started"], found["pid"]) == (False, at_home.running.pid)


def test_env_is_for_the_shell_and_unsets_what_would_lead_astray(at_home: Sandbox) -> None:
    text = run("env").stdout
    assert f"export AWS_ENDPOINT_URL={at_home.running.endpoint}\n" in text
    assert "AWS_SECRET_ACCESS_KEY" in text.splitlines()[0]
    assert text.splitlines()[0].startswith("unset ")
    answer = json.loads(run("env", "-o", "json").stdout)
    assert answer["set"]["GITHUB_API_URL"] == at_home.running.github
    assert not set(answer["set"]) & set(answer["unset"])


def test_git_pushes_to_its_github_with_what_env_prints(
    at_home: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exports = json.loads(run("env", "-o", "json").stdout)["set"]
    api = exports["GITHUB_API_URL"]
    headers = {"Authorization": f"Bearer {exports['GITHUB_TOKEN']}"}
    body = {"name": "pushed", "private": True, "auto_init": True}
    made = requests.post(f"{api}/orgs/bbws/repos", headers=headers, json=body).json()
    for name, value in exports.items():
        monkeypatch.setenv(name, value)
    git("clone", "-q", made["clone_url"], "here", cwd=tmp_path)
    here = tmp_path / "here"
    me = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    git(*me, "commit", "-q", "--allow-empty", "-m", "x", cwd=here)
    git("push", "-q", "origin", "HEAD:main", cwd=here)
    tip = ask_origin("ls-remote", "origin", "main", cwd=here).stdout.split()[0]
    assert tip == git("rev-parse", "HEAD", cwd=here).stdout.strip()
    again = json.loads(run("env", "-o", "json").stdout)["set"]
    assert again["GIT_CONFIG_COUNT"] == exports["GIT_CONFIG_COUNT"]


def test_a_sandbox_that_does_not_run_is_missing_and_named(at_home: Sandbox) -> None:
    assert run("status", "--name", "nobody").exit_code == 1
    missing = run("env", "--name", "nobody", "-o", "json")
    assert missing.exit_code == 4
    assert "sandbox start --name nobody" in json.loads(missing.stdout)["error"]["hint"]
    assert run("stop", "--name", "nobody").exit_code == 0
    assert run("status", "--name", "No Name").exit_code == 2


@pytest.fixture
def waiting(at_home: Sandbox) -> Iterator[int]:
    """A run that waits for the business owner."""
    exports = at_home.exports.variables
    api = exports["GITHUB_API_URL"]
    with requests.Session() as github:
        github.headers["Authorization"] = f"Bearer {exports['GITHUB_TOKEN']}"
        made = github.post(f"{api}/orgs/bbws/repos", json={"name": "shop", "auto_init": True})
        assert made.status_code in (201, 422), made.text
        repo = f"{api}/repos/bbws/shop"
        github.put(
            f"{api}/orgs/bbws/teams/business-owner/repos/bbws/shop", json={"permission": "pull"}
        )
        team = github.get(f"{api}/orgs/bbws/teams/business-owner").json()["id"]
        gate = {"reviewers": [{"type": "Team", "id": team}], "prevent_self_review": True}
        assert github.put(f"{repo}/environments/prod-business-owner", json=gate).ok
        content = base64.b64encode(PROMOTE.encode()).decode()
        path = f"{repo}/contents/.github/workflows/promote.yml"
        github.put(path, json={"message": "ci", "content": content})
        sent = {"ref": "main", "return_run_details": True}
        started = github.post(f"{repo}/actions/workflows/promote.yml/dispatches", json=sent)
        assert started.ok, started.text
        yield int(started.json()["workflow_run_id"])


def test_approve_opens_the_gate_as_the_person_who_may(at_home: Sandbox, waiting: int) -> None:
    refused = run("approve", "--run", str(waiting), "--as", "tech-lead", "-o", "json")
    assert refused.exit_code == 3
    assert "prod-business-owner" in json.loads(refused.stdout)["error"]["hint"]
    assert run("approve", "--run", str(waiting), "--as", "nobody").exit_code == 2
    done = run("approve", "--run", str(waiting), "--as", "business-owner", "-o", "json")
    assert done.exit_code == 0, done.stdout
    assert json.loads(done.stdout) == {
        "repository": "bbws/shop",
        "run": waiting,
        "environments": ["prod-business-owner"],
        "state": "approved",
        "person": "business-owner",
    }
    assert run("approve", "--run", str(waiting), "--as", "business-owner").exit_code == 3


def test_a_run_nobody_knows_is_a_usage_problem(at_home: Sandbox) -> None:
    answer = run("approve", "--run", "1", "--as", "tech-lead")
    assert answer.exit_code == 2
    assert control.find("tests") is not None

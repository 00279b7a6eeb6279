"""Dispatched workflows: jobs by their needs, gates that wait, and who may open them."""

from __future__ import annotations

from typing import Any

import pytest

from common.github_errors import GitHubError
from sandbox.github import engine
from tests.repository.house import PATH, House

PROMOTE = """\
name: Promote to prod
on:
  workflow_dispatch:
    inputs:
      version: {required: true}
jobs:
  owner: {runs-on: x, environment: prod-business-owner, steps: [{run: "true"}]}
  lead: {runs-on: x, needs: owner, environment: prod-tech-lead, steps: [{run: "true"}]}
  deploy: {runs-on: x, needs: [lead], environment: {name: prod}, steps: [{run: "true"}]}
  report: {runs-on: x, needs: deploy, if: "${{ always() }}", steps: [{run: "true"}]}
"""


class Obedient:
    """Ends every job at once, as it was told to."""

    def __init__(self, **conclusions: str) -> None:
        self.conclusions = conclusions
        self.started: list[str] = []

    def start(self, _store: Any, _repo: Any, _run: Any, job: Any) -> str | None:
        self.started.append(job["key"])
        return self.conclusions.get(job["key"], engine.SUCCESS)

    def cancel(self, _run: Any) -> None:
        """Nothing of it runs."""


@pytest.fixture
def workflow(gated: House) -> House:
    gated.add_workflow(PROMOTE, "promote.yml")
    gated.store.settings["minute_seconds"] = 0
    return gated


def executor(house: House, **conclusions: str) -> Obedient:
    found = Obedient(**conclusions)
    house.server.app.extensions["github_executor"] = found
    return found


def dispatch(house: House, login: str = "ada", **body: Any) -> str:
    at = f"{PATH}/actions/workflows/promote.yml/dispatches"
    inputs = body.pop("inputs", {"version": "v1.0.0"})
    sent = {"ref": "main", "inputs": inputs, "return_run_details": True, **body}
    made = house.connect(login).post(at, sent)
    return f"{PATH}/actions/runs/{made['workflow_run_id']}"


def jobs(house: House, run: str) -> dict[str, str]:
    found = house.connect().listing(f"{run}/jobs", "jobs")
    return {job["name"]: job["conclusion"] or job["status"] for job in found}


def approve(house: House, run: str, login: str, state: str = "approved") -> None:
    pending = house.connect(login).listing(f"{run}/pending_deployments")
    ids = [entry["environment"]["id"] for entry in pending]
    body = {"environment_ids": ids, "state": state, "comment": "seen"}
    house.connect(login).request("POST", f"{run}/pending_deployments", body=body)


def test_a_run_waits_at_its_first_gate(workflow: House) -> None:
    found = executor(workflow)
    run = dispatch(workflow)
    assert workflow.connect().get(run)["status"] == "waiting"
    assert found.started == []
    (pending,) = workflow.connect("cyn").listing(f"{run}/pending_deployments")
    assert pending["environment"]["name"] == "prod-business-owner"
    assert pending["current_user_can_approve"] is True


def test_two_approvals_by_two_people_lead_to_production(workflow: House) -> None:
    found = executor(workflow)
    run = dispatch(workflow)
    approve(workflow, run, "cyn")
    assert jobs(workflow, run)["lead"] == "waiting"
    approve(workflow, run, "dan")
    assert found.started == ["owner", "lead", "deploy", "report"]
    assert workflow.connect().get(run)["conclusion"] == "success"
    approvals = workflow.connect().listing(f"{run}/approvals")
    assert [(a["user"]["login"], a["environments"][0]["name"]) for a in approvals] == [
        ("cyn", "prod-business-owner"),
        ("dan", "prod-tech-lead"),
    ]


def test_who_is_no_reviewer_cannot_approve(workflow: House) -> None:
    run = dispatch(workflow)
    with pytest.raises(GitHubError, match="not a required reviewer"):
        approve(workflow, run, "dan")


def test_trap_4_2_who_started_the_run_cannot_approve_it(workflow: House) -> None:
    teams = workflow.store.data["orgs"]["bbws"]["teams"]
    teams["business-owner"]["members"] = ["ada", "cyn"]
    run = dispatch(workflow, "ada")
    with pytest.raises(GitHubError, match="or started it"):
        approve(workflow, run, "ada")
    approve(workflow, run, "cyn")


def test_a_rejection_ends_the_run_and_skips_what_needed_it(workflow: House) -> None:
    found = executor(workflow)
    run = dispatch(workflow)
    approve(workflow, run, "cyn", "rejected")
    assert jobs(workflow, run) == {
        "owner": "failure",
        "lead": "skipped",
        "deploy": "skipped",
        "report": "success",
    }
    assert found.started == ["report"]
    assert workflow.connect().get(run)["conclusion"] == "failure"


def test_a_failed_job_skips_the_rest_but_not_what_always_runs(workflow: House) -> None:
    executor(workflow, owner=engine.FAILURE)
    run = dispatch(workflow)
    approve(workflow, run, "cyn")
    assert jobs(workflow, run)["lead"] == "skipped"
    assert jobs(workflow, run)["report"] == "success"


def test_a_wait_timer_holds_the_job_until_it_is_over(workflow: House) -> None:
    executor(workflow)
    workflow.store.settings["minute_seconds"] = 3600
    run = dispatch(workflow)
    approve(workflow, run, "cyn")
    approve(workflow, run, "dan")
    assert jobs(workflow, run)["deploy"] == "waiting"
    workflow.store.settings["minute_seconds"] = 0
    assert workflow.connect().get(run)["conclusion"] == "success"


def test_a_ref_that_may_not_be_deployed_fails_at_the_gate(workflow: House) -> None:
    executor(workflow)
    sha = workflow.connect().get(f"{PATH}/commits/main")["sha"]
    workflow.connect().post(f"{PATH}/git/refs", {"ref": "refs/heads/feature", "sha": sha})
    run = dispatch(workflow, ref="feature")
    assert jobs(workflow, run)["owner"] == "failure"


def test_a_tag_of_a_version_may_be_deployed(workflow: House) -> None:
    workflow.connect().post(f"{PATH}/releases", {"tag_name": "v1.0.0"})
    run = dispatch(workflow, ref="v1.0.0")
    assert jobs(workflow, run)["owner"] == "waiting"


def test_an_environment_that_is_only_named_comes_into_being_open(workflow: House) -> None:
    workflow.add_workflow(PROMOTE.replace("prod-business-owner", "typo"), "typo.yml")
    executor(workflow)
    at = f"{PATH}/actions/workflows/typo.yml/dispatches"
    workflow.connect().post(at, {"ref": "main", "inputs": {"version": "v1"}})
    assert workflow.repo["environments"]["typo"]["reviewers"] == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"ref": "nowhere"}, "No ref found for: nowhere"),
        ({"inputs": {}}, "Required input 'version' not provided"),
        ({"inputs": {"version": "1", "x": "2"}}, "Unexpected inputs provided"),
    ],
)
def test_a_dispatch_that_cannot_be_is_refused(
    workflow: House, body: dict[str, Any], words: str
) -> None:
    with pytest.raises(GitHubError, match=words):
        dispatch(workflow, **body)


def test_a_workflow_without_that_trigger_is_not_dispatched(workflow: House) -> None:
    workflow.add_workflow("on: push\njobs:\n  a: {}\n", "push.yml")
    with pytest.raises(GitHubError, match="does not have 'workflow_dispatch' trigger"):
        workflow.connect().post(f"{PATH}/actions/workflows/push.yml/dispatches", {"ref": "main"})


def test_without_an_executor_a_job_waits_to_be_finished(workflow: House) -> None:
    run = dispatch(workflow)
    approve(workflow, run, "cyn")
    assert jobs(workflow, run)["owner"] == "in_progress"
    (kept,) = workflow.repo["runs"].values()
    engine.finish_job(workflow.store, workflow.repo, kept, kept["jobs"][0], "success", None)
    assert jobs(workflow, run)["lead"] == "waiting"


def test_a_run_is_cancelled_once(workflow: House) -> None:
    run = dispatch(workflow)
    workflow.connect().post(f"{run}/cancel")
    assert set(jobs(workflow, run).values()) == {"cancelled"}
    with pytest.raises(GitHubError, match="409"):
        workflow.connect().post(f"{run}/cancel")


def test_a_passed_gate_is_a_deployment(workflow: House) -> None:
    executor(workflow)
    run = dispatch(workflow)
    approve(workflow, run, "cyn")
    found = workflow.connect().listing(f"{PATH}/deployments", environment="prod-business-owner")
    assert [deployment["ref"] for deployment in found] == ["main"]

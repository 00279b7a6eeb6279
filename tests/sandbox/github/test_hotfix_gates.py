"""The generated promotion to PROD: two gates, and one for what was started as a hotfix."""

from __future__ import annotations

import pytest

from pipelines.generation.build import Pipeline
from sandbox.github import engine
from tests.pipelines.builders import generated
from tests.repository.house import PATH, House
from tests.sandbox.github.test_runs import approve, executor, jobs

NAMES = {
    "Check the release": "check",
    "Approval of the business owner": "business-owner",
    "Approval of the tech lead": "tech-lead",
    "Deploy to PROD": "deploy",
}


@pytest.fixture
def workflow(gated: House) -> House:
    gated.add_workflow(generated(Pipeline.PROMOTE_PROD), "promote-prod.yml")
    gated.store.settings["minute_seconds"] = 0
    return gated


def dispatch(house: House, **inputs: str) -> str:
    at = f"{PATH}/actions/workflows/promote-prod.yml/dispatches"
    sent = {"ref": "main", "inputs": {"version": "v1.0.1", **inputs}, "return_run_details": True}
    return f"{PATH}/actions/runs/{house.connect('ada').post(at, sent)['workflow_run_id']}"


def ended(house: House, run: str) -> dict[str, str]:
    return {NAMES[name]: how for name, how in jobs(house, run).items()}


@pytest.mark.parametrize("inputs", [{}, {"hotfix": "false"}], ids=["left out", "false"])
def test_a_release_waits_for_both(workflow: House, inputs: dict[str, str]) -> None:
    found = executor(workflow)
    run = dispatch(workflow, **inputs)
    assert workflow.connect().get(run)["display_title"] == "Promote v1.0.1 to PROD"
    approve(workflow, run, "cyn")
    assert ended(workflow, run)["tech-lead"] == "waiting"
    assert "deploy" not in found.started
    approve(workflow, run, "dan")
    assert found.started == ["check", "business-owner", "tech-lead", "deploy"]


def test_a_hotfix_waits_for_the_business_owner_only(workflow: House) -> None:
    found = executor(workflow)
    run = dispatch(workflow, hotfix="true")
    assert workflow.connect().get(run)["display_title"] == "Hotfix v1.0.1 to PROD"
    assert found.started == ["check"]
    approve(workflow, run, "cyn")
    assert found.started == ["check", "business-owner", "deploy"]
    assert ended(workflow, run)["tech-lead"] == "skipped"


@pytest.mark.parametrize("hotfix", ["true", "false"])
def test_whoever_says_no_ends_it(workflow: House, hotfix: str) -> None:
    found = executor(workflow)
    run = dispatch(workflow, hotfix=hotfix)
    approve(workflow, run, "cyn", "rejected")
    assert "deploy" not in found.started
    assert ended(workflow, run)["deploy"] == "skipped"


def test_the_tech_lead_s_no_ends_a_release(workflow: House) -> None:
    found = executor(workflow)
    run = dispatch(workflow)
    approve(workflow, run, "cyn")
    approve(workflow, run, "dan", "rejected")
    assert "deploy" not in found.started


@pytest.mark.parametrize("hotfix", ["true", "false"])
def test_what_was_not_checked_asks_nobody(workflow: House, hotfix: str) -> None:
    found = executor(workflow, check=engine.FAILURE)
    run = dispatch(workflow, hotfix=hotfix)
    assert found.started == ["check"]
    assert ended(workflow, run)["deploy"] == "skipped"

from __future__ import annotations

import json

import pytest

from tests.repository.house import CI, PATH, House


@pytest.fixture
def complete(made: House) -> House:
    """A repository on which every command has been run."""
    made.add_workflow(CI)
    for words in (
        ("configure", "--environments"),
        *(("secrets", "--env", env) for env in ("dev", "sit", "prod")),
        ("branches",),
    ):
        assert made.on(*words).exit_code == 0
    return made


def gates(house: House) -> dict[str, tuple[str, list[str]]]:
    found = json.loads(house.on("status", "-o", "json").stdout)
    return {gate["name"]: (gate["label"], gate["reasons"]) for gate in found["gates"]}


def test_a_complete_repository_has_no_drift_and_only_enforcing_gates(complete: House) -> None:
    result = complete.on("status", "--check", "-o", "json")
    found = json.loads(result.stdout)
    assert found["drift"] == []
    assert {gate["label"] for gate in found["gates"]} == {"enforcing"}
    assert result.exit_code == 0


def test_reading_the_status_changes_nothing(complete: House) -> None:
    before = complete.world()
    complete.on("status")
    assert complete.world() == before


def test_trap_4_10_drift_is_printed_and_check_exits_1(complete: House) -> None:
    complete.repo["settings"]["allow_rebase_merge"] = True
    complete.repo["environments"]["sit"]["wait_timer"] = 30
    assert complete.on("status").exit_code == 0
    result = complete.on("status", "--check")
    assert result.exit_code == 1
    assert "allow_rebase_merge: on → off" in result.stdout
    assert "wait timer in minutes: 30 → 0" in result.stdout


def test_trap_4_10_what_drift_a_command_mends_is_gone_after_it(complete: House) -> None:
    complete.repo["environments"]["prod"]["can_admins_bypass"] = True
    assert complete.on("status", "--check").exit_code == 1
    complete.on("configure", "--environments")
    assert complete.on("status", "--check").exit_code == 0


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("prevent_self_review", False, "self-approval"),
        ("can_admins_bypass", True, "admin bypass"),
        ("reviewers", [], "nobody has to approve"),
        ("reviewers", [{"type": "User", "login": "ada"}], "team tech-lead is not a reviewer"),
        ("deployment_branch_policy", None, "any branch can be deployed"),
    ],
)
def test_trap_4_2_a_gate_that_stops_nobody_is_decorative(
    complete: House, key: str, value: object, reason: str
) -> None:
    complete.repo["environments"]["prod-tech-lead"][key] = value
    label, reasons = gates(complete)["prod-tech-lead"]
    assert label == "decorative"
    assert any(reason in text for text in reasons)


def test_trap_4_3_gates_the_plan_does_not_have_are_decorative(complete: House) -> None:
    complete.store.data["orgs"]["bbws"]["plan"] = "team"
    found = gates(complete)
    assert "not available on this plan for a private repository" in found["sit"][1]
    assert found["dev"][0] == "enforcing"


def test_trap_4_3_a_branch_on_the_free_plan_is_open(complete: House) -> None:
    complete.store.data["orgs"]["bbws"]["plan"] = "free"
    label, reasons = gates(complete)["branch main"]
    assert label == "decorative"
    assert "not available on this plan" in reasons[0]


def test_an_environment_that_is_not_there_is_decorative(complete: House) -> None:
    del complete.repo["environments"]["prod-business-owner"]
    label, reasons = gates(complete)["prod-business-owner"]
    assert (label, reasons[0][:17]) == ("decorative", "it does not exist")


def test_a_ruleset_that_is_switched_off_is_decorative(complete: House) -> None:
    (ruleset,) = complete.repo["rulesets"].values()
    ruleset["enforcement"] = "disabled"
    assert gates(complete)["branch main"][1] == ["the ruleset is disabled"]


def test_whoever_may_push_a_release_tag_is_said_to_reach_production(complete: House) -> None:
    said = complete.on("status").stdout
    assert "whoever may push a tag v* may run what it holds in prod: nobody is asked there" in said
    assert "in sit: nobody is asked" not in said


def test_classic_protection_that_is_missing_is_drift(made: House) -> None:
    made.store.settings["rulesets"] = False
    assert "drift: create branch protection of main" in made.on("status").stdout
    made.on("branches")
    assert "branch protection of main" not in made.on("status").stdout


def test_classic_protection_is_judged_too(made: House) -> None:
    made.store.settings["rulesets"] = False
    made.add_workflow(CI)
    assert gates(made)["branch main"][0] == "decorative"
    made.on("branches")
    assert gates(made)["branch main"][0] == "enforcing"


def test_an_environment_of_somebody_else_is_noted_and_left_alone(complete: House) -> None:
    complete.connect().put(f"{PATH}/environments/preview", {})
    result = complete.on("status", "--check")
    assert "environment preview is not the toolkit's" in result.stdout
    assert result.exit_code == 0

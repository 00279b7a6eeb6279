"""The refusals that make the sandbox worth testing against: GitHub's own, in its own words."""

from __future__ import annotations

import pytest

from common.github_errors import GitHubError, PlanLimitError
from tests.repository.house import PATH, House

CUSTOM = {"protected_branches": False, "custom_branch_policies": True}


def team_id(house: House, slug: str) -> int:
    return int(house.store.data["orgs"]["bbws"]["teams"][slug]["id"])


def put(house: House, name: str, **body: object) -> dict:
    return house.connect().put(f"{PATH}/environments/{name}", body)


def test_trap_4_4_self_review_needs_a_reviewer(made: House) -> None:
    with pytest.raises(GitHubError, match="at least one reviewer to set prevent_self_review"):
        put(made, "prod", prevent_self_review=True)
    assert made.repo["environments"] == {}


def test_trap_4_5_an_unknown_key_is_refused(made: House) -> None:
    with pytest.raises(GitHubError, match='"wait" is not a permitted key'):
        put(made, "prod", wait=3)


def test_trap_4_2_the_defaults_stop_nobody(made: House) -> None:
    made_ = put(made, "prod", reviewers=[{"type": "Team", "id": team_id(made, "tech-lead")}])
    assert made_["can_admins_bypass"] is True
    assert made_["protection_rules"][0]["prevent_self_review"] is False


@pytest.mark.parametrize("key", ["reviewers", "wait_timer"])
def test_trap_4_3_gates_of_private_repositories_need_enterprise(made: House, key: str) -> None:
    made.store.data["orgs"]["bbws"]["plan"] = "team"
    with pytest.raises(PlanLimitError, match="billing plan supports"):
        put(made, "prod", **{key: [] if key == "reviewers" else 0})
    assert put(made, "dev", deployment_branch_policy=CUSTOM)["name"] == "dev"


def test_trap_4_3_a_public_repository_has_them_on_every_plan(made: House) -> None:
    made.store.data["orgs"]["bbws"]["plan"] = "free"
    made.repo["private"] = False
    assert put(made, "prod", wait_timer=5)["protection_rules"][0]["wait_timer"] == 5


def test_a_team_without_access_cannot_review(made: House) -> None:
    made.store.add_team("bbws", "strangers", [])
    with pytest.raises(GitHubError, match="reviewer without access"):
        put(made, "prod", reviewers=[{"type": "Team", "id": team_id(made, "strangers")}])


def test_trap_4_7_classic_protection_wants_every_key(made: House) -> None:
    with pytest.raises(GitHubError, match='"enforce_admins" wasn\'t supplied'):
        made.connect().put(f"{PATH}/branches/main/protection", {"required_status_checks": None})


def test_trap_4_6_a_branch_that_is_not_there_cannot_be_protected(made: House) -> None:
    keys = ("required_status_checks", "enforce_admins", "required_pull_request_reviews")
    body = dict.fromkeys((*keys, "restrictions"))
    with pytest.raises(GitHubError, match="404 Branch not found"):
        made.connect().put(f"{PATH}/branches/trunk/protection", body)


def test_a_name_is_taken_once(made: House) -> None:
    with pytest.raises(GitHubError, match="name already exists on this account"):
        made.connect().post("/orgs/bbws/repos", {"name": PATH.rsplit("/", 1)[1]})


def test_a_variable_is_made_once_and_changed_after(made: House) -> None:
    github = made.connect()
    put(made, "dev")
    at = f"{PATH}/environments/dev/variables"
    github.post(at, {"name": "A", "value": "1"})
    with pytest.raises(GitHubError, match="409"):
        github.post(at, {"name": "A", "value": "2"})
    github.patch(f"{at}/A", {"value": "2"})
    assert github.get(f"{at}/A")["value"] == "2"


def test_trap_5_1_new_repositories_carry_ids_unless_the_switch_is_off(made: House) -> None:
    at = f"{PATH}/actions/oidc/customization/sub"
    assert "@" in made.connect().get(at)["sub_claim_prefix"]
    made.store.settings["immutable_subjects"] = False
    assert "@" not in made.connect().get(at)["sub_claim_prefix"]
    made.connect().put(at, {"use_default": True, "use_immutable_subject": True})
    assert "@" in made.connect().get(at)["sub_claim_prefix"]


def test_trap_5_1_repositories_of_before_carry_names(made: House) -> None:
    made.repo["created_at"] = "2026-07-14T23:59:59Z"
    at = f"{PATH}/actions/oidc/customization/sub"
    assert "@" not in made.connect().get(at)["sub_claim_prefix"]


def test_a_protected_main_takes_no_file_over_the_api_either(made: House) -> None:
    made.on("branches")
    with pytest.raises(GitHubError, match="Changes must be made through a pull request"):
        made.add_workflow()

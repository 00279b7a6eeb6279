from __future__ import annotations

import json

import pytest

from tests.repository.house import NAME, PATH, House


def test_creates_a_private_repository_with_the_houses_settings(house: House) -> None:
    result = house.on("create", "--description", "Signs people in", "--topic", "auth")
    assert result.exit_code == 0, result.stderr
    facts = house.connect().get(PATH)
    assert facts["private"] is True
    assert facts["description"] == "Signs people in"
    assert facts["topics"] == ["auth", "aws-lambda", "bbws", "python", "serverless"]
    assert facts["allow_squash_merge"] is True
    assert facts["allow_merge_commit"] is False
    assert facts["delete_branch_on_merge"] is True
    assert facts["security_and_analysis"]["secret_scanning_push_protection"] == {
        "status": "enabled"
    }
    assert house.repo["vulnerability_alerts"] is True


def test_gives_the_teams_the_access_their_roles_need(made: House) -> None:
    teams = made.connect().listing(f"{PATH}/teams")
    assert {team["slug"]: team["permission"] for team in teams} == {
        "dev-lead": "maintain",
        "business-owner": "pull",
        "tech-lead": "maintain",
    }


def test_names_the_code_owners(made: House) -> None:
    answer = made.connect().get(f"{PATH}/contents/.github/CODEOWNERS")
    import base64

    text = base64.b64decode(answer["content"]).decode()
    assert "@bbws/tech-lead @bbws/dev-lead" in text


def test_a_second_run_changes_nothing_and_says_so(made: House) -> None:
    before = made.world()
    result = made.on("create")
    assert result.exit_code == 0
    assert "nothing to change" in result.stdout
    assert made.world() == before


def test_a_setting_that_drifted_is_set_back(made: House) -> None:
    made.repo["settings"]["allow_merge_commit"] = True
    result = made.on("create")
    assert "allow_merge_commit: on → off" in result.stdout
    assert made.repo["settings"]["allow_merge_commit"] is False


def test_topics_people_added_are_kept(made: House) -> None:
    made.repo["topics"] = ["payments"]
    made.on("create")
    assert "payments" in made.repo["topics"]


def test_a_dry_run_prints_the_changes_and_makes_none(house: House) -> None:
    before = house.world()
    result = house.on("create", "--dry-run")
    assert result.exit_code == 0
    assert f"would create repository bbws/{NAME} (private)" in result.stdout
    assert house.world() == before
    assert [line for line in house.server.requests if not line.startswith("GET ")] == []


def test_a_name_outside_the_pattern_is_refused_before_any_request(house: House) -> None:
    result = house.run("create", "--name", "auth-service")
    assert result.exit_code == 2
    assert "'auth-service' does not follow '2_bbws_{service}_lambda'" in result.stderr
    assert house.server.requests == []


def test_a_name_outside_the_pattern_is_taken_on_request(house: House) -> None:
    result = house.run("create", "--name", "auth-service", "--allow-name")
    assert result.exit_code == 0
    assert house.store.repo("bbws", "auth-service")


@pytest.mark.parametrize("name", ["../x", "a/b", "..", "x y", "-o"])
def test_a_name_that_would_leave_its_place_in_an_address_is_refused(
    house: House, name: str
) -> None:
    result = house.run("create", "--allow-name", f"--name={name}", "--org", "bbws")
    assert result.exit_code == 2
    assert house.server.requests == []


def test_a_public_repository_is_not_made_private_behind_peoples_back(made: House) -> None:
    made.repo["private"] = False
    result = made.on("create")
    assert result.exit_code == 3
    assert "is public" in result.stderr


def test_a_user_can_be_the_owner(house: House) -> None:
    result = house.run("create", "--name", NAME, "--org", "ada")
    assert result.exit_code == 0, result.stderr
    assert house.store.repo("ada", NAME)


def test_an_owner_that_is_nobody_is_explained(house: House) -> None:
    result = house.run("create", "--name", NAME, "--org", "nobody")
    assert result.exit_code == 4
    assert "'nobody' is neither an organisation nor the user of this token" in result.stderr


def test_json_is_one_document_on_failure_too(house: House) -> None:
    result = house.run("create", "--name", NAME, "--org", "nobody", "-o", "json")
    assert json.loads(result.stdout)["error"]["code"] == "unavailable"


def test_a_bad_token_is_explained(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "not-the-token-at-all")
    result = house.on("create")
    assert result.exit_code == 4
    assert "Bad credentials" in result.stderr
    assert "set GITHUB_TOKEN" in result.stderr


def test_trap_4_3_secret_scanning_is_not_asked_for_where_the_plan_lacks_it(house: House) -> None:
    house.store.data["orgs"]["bbws"]["plan"] = "team"
    result = house.on("create")
    assert result.exit_code == 0, result.stderr
    assert "secret scanning" not in result.stdout

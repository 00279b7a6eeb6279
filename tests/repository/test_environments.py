from __future__ import annotations

import pytest

from tests.repository.house import PATH, House


def environment(house: House, name: str) -> dict:
    return house.repo["environments"][name]


def test_makes_the_five_environments_with_their_gates(gated: House) -> None:
    environments = gated.repo["environments"]
    assert list(environments) == ["dev", "sit", "prod-business-owner", "prod-tech-lead", "prod"]
    assert environments["sit"]["reviewers"] == [{"type": "Team", "slug": "dev-lead"}]
    owner, lead = environments["prod-business-owner"], environments["prod-tech-lead"]
    assert owner["reviewers"] == [{"type": "Team", "slug": "business-owner"}]
    assert lead["reviewers"] == [{"type": "Team", "slug": "tech-lead"}]
    assert environments["prod"]["wait_timer"] == 5
    assert environments["dev"]["reviewers"] == []


def test_only_main_and_version_tags_can_be_deployed(gated: House) -> None:
    for found in gated.repo["environments"].values():
        rules = {(p["type"], p["name"]) for p in found["policies"].values()}
        assert rules == {("branch", "main"), ("tag", "v*")}


def test_a_second_run_changes_nothing_and_says_so(gated: House) -> None:
    before = gated.world()
    result = gated.on("configure", "--environments")
    assert "nothing to change" in result.stdout
    assert gated.world() == before


def test_a_dry_run_makes_none_of_it(made: House) -> None:
    before = made.world()
    result = made.on("configure", "--environments", "--dry-run")
    assert "would create environment prod" in result.stdout
    assert made.world() == before


def test_a_ref_somebody_added_is_taken_away(gated: House) -> None:
    path = f"{PATH}/environments/prod/deployment-branch-policies"
    gated.connect().post(path, {"name": "feature/*", "type": "branch"})
    result = gated.on("configure", "--environments")
    assert "delete rule: branch feature/* deploys to prod" in result.stdout
    names = {p["name"] for p in environment(gated, "prod")["policies"].values()}
    assert names == {"main", "v*"}


def test_a_missing_team_is_a_refusal_before_anything_is_created(made: House) -> None:
    del made.store.data["orgs"]["bbws"]["teams"]["tech-lead"]
    before = made.world()
    result = made.on("configure", "--environments")
    assert result.exit_code == 3
    assert "there is no team 'tech-lead' in bbws" in result.stderr
    assert made.world() == before


def test_other_teams_and_users_can_be_named(made: House) -> None:
    made.store.add_team("bbws", "owners", ["cyn"])
    for team in ("owners",):
        made.connect().put(f"/orgs/bbws/teams/{team}{PATH}", {"permission": "pull"})
    words = ("--reviewer", "business-owner=owners", "--reviewer", "dev-lead=@ben")
    result = made.on("configure", "--environments", *words)
    assert result.exit_code == 0, result.stderr
    assert environment(made, "prod-business-owner")["reviewers"][0]["slug"] == "owners"
    assert environment(made, "sit")["reviewers"] == [{"type": "User", "login": "ben"}]


@pytest.mark.parametrize("words", ["boss=x", "dev-lead", "dev-lead=", "dev-lead=@"])
def test_a_reviewer_that_makes_no_sense_is_a_usage_error(made: House, words: str) -> None:
    result = made.on("configure", "--environments", "--reviewer", words)
    assert result.exit_code == 2
    assert "ROLE=TEAM" in result.stderr


def test_a_repository_that_is_not_there_is_explained(house: House) -> None:
    result = house.on("configure", "--environments")
    assert result.exit_code == 4
    assert "repo_cli.py create --name" in result.stderr


def test_trap_4_1_one_of_several_reviewers_is_enough_and_that_is_said(gated: House) -> None:
    result = gated.on("configure", "--environments")
    assert "any one of an environment's reviewers approve" in result.stdout
    environment(gated, "sit")["reviewers"].append({"type": "User", "login": "ada"})
    shown = gated.on("status").stdout
    assert "one of 2: GitHub lets any one of the listed reviewers approve" in shown


def test_trap_4_1_production_has_two_chained_gates_with_one_role_each(gated: House) -> None:
    gates = [environment(gated, f"prod-{role}") for role in ("business-owner", "tech-lead")]
    assert [len(gate["reviewers"]) for gate in gates] == [1, 1]
    assert gates[0]["reviewers"] != gates[1]["reviewers"]


def test_trap_4_2_self_review_and_admin_bypass_are_off(gated: House) -> None:
    for name in ("sit", "prod-business-owner", "prod-tech-lead"):
        assert environment(gated, name)["prevent_self_review"] is True
    for name in ("sit", "prod-business-owner", "prod-tech-lead", "prod"):
        assert environment(gated, name)["can_admins_bypass"] is False


def test_trap_4_2_what_reads_back_otherwise_is_a_failure(
    made: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sandbox.github import environments

    real = environments.environment_view

    def forgetful(repo: dict, env: dict) -> dict:
        return {**real(repo, env), "can_admins_bypass": True}

    monkeypatch.setattr(environments, "environment_view", forgetful)
    result = made.on("configure", "--environments")
    assert result.exit_code == 1
    assert "NOT enforced" in result.stderr
    assert "sit: administrators can bypass: on → off" in result.stderr


def test_trap_4_3_the_plan_is_checked_before_anything_is_created(made: House) -> None:
    made.store.data["orgs"]["bbws"]["plan"] = "team"
    before = made.world()
    result = made.on("configure", "--environments")
    assert result.exit_code == 3
    assert "no required reviewers for private repositories" in result.stderr
    assert made.world() == before


def test_trap_4_3_a_plan_that_cannot_be_seen_fails_loudly(
    made: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sandbox.github import accounts

    made.store.data["orgs"]["bbws"]["plan"] = "team"
    real = accounts.org_view
    monkeypatch.setattr(accounts, "org_view", lambda *a, **k: real(*a, full=False))
    result = made.on("configure", "--environments")
    assert result.exit_code == 4
    assert "NOT applied, the plan of this account does not have it" in result.stderr
    assert "NOT protected: sit, prod-business-owner, prod-tech-lead, prod" in result.stderr


def test_trap_4_4_production_comes_last_with_every_field_in_one_request(made: House) -> None:
    changed = made.changed("configure", "--environments")
    puts = [line.rsplit("/", 1)[1] for line in changed if line.startswith("PUT ")]
    assert puts == ["dev", "sit", "prod-business-owner", "prod-tech-lead", "prod"]


def test_trap_4_4_a_failure_says_what_is_unprotected_and_a_rerun_completes_it(
    made: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sandbox.github import environments

    real = environments._check_policy
    count = iter(range(100))

    def failing(policy: dict) -> None:
        if next(count) == 3:
            environments.refuse(422, "Something else is wrong.")
        real(policy)

    monkeypatch.setattr(environments, "_check_policy", failing)
    result = made.on("configure", "--environments")
    assert result.exit_code == 4
    assert "create environment prod-tech-lead" in result.stderr
    assert "NOT protected: prod-tech-lead, prod" in result.stderr
    assert "prod" not in made.repo["environments"]
    assert made.on("configure", "--environments").exit_code == 0
    assert environment(made, "prod")["wait_timer"] == 5


def test_trap_4_5_an_older_server_that_rejects_the_key_is_reported(made: House) -> None:
    made.store.settings["server"] = "enterprise"
    result = made.on("configure", "--environments")
    assert result.exit_code == 4
    assert "is not a permitted key" in result.stderr
    assert "update GitHub Enterprise Server; nothing was silently left out" in result.stderr
    assert "sit" not in made.repo["environments"]

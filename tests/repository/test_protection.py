from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest

from common.github_errors import Record
from repository.model import Slug
from repository.protection import Demands, classic_as_sent, plan_classic
from tests.repository.house import CI, PATH, TOKEN, House

SLUG = Slug("bbws", "2_bbws_auth_lambda")
DEMANDS = Demands("main", ("CI gate",))


def rules(house: House) -> dict[str, dict]:
    (ruleset,) = house.repo["rulesets"].values()
    return {rule["type"]: rule.get("parameters", {}) for rule in ruleset["rules"]}


def test_makes_a_ruleset_with_the_checks_the_workflow_has(made: House) -> None:
    made.add_workflow()
    result = made.on("branches", "--protect", "main")
    assert result.exit_code == 0, result.stderr
    found = rules(made)
    assert set(found) == {
        "deletion",
        "non_fast_forward",
        "required_linear_history",
        "pull_request",
        "required_status_checks",
    }
    assert found["required_status_checks"]["required_status_checks"] == [{"context": "CI gate"}]
    assert found["pull_request"]["require_code_owner_review"] is True
    assert found["pull_request"]["required_approving_review_count"] == 1


def test_a_second_run_changes_nothing_and_says_so(made: House) -> None:
    made.on("branches")
    before = made.world()
    assert "nothing to change" in made.on("branches").stdout
    assert made.world() == before


def test_a_dry_run_makes_none_of_it(made: House) -> None:
    before = made.world()
    result = made.on("branches", "--dry-run")
    assert "would create ruleset protect-main" in result.stdout
    assert made.world() == before


def test_signed_commits_are_demanded_on_request(made: House) -> None:
    made.on("branches", "--signed")
    assert "required_signatures" in rules(made)


def test_stricter_rules_somebody_set_stay(made: House) -> None:
    made.on("branches")
    (ruleset,) = made.repo["rulesets"].values()
    ruleset["rules"].append({"type": "required_signatures"})
    ruleset["rules"] = [r for r in ruleset["rules"] if r["type"] != "deletion"]
    for rule in ruleset["rules"]:
        if rule["type"] == "pull_request":
            rule["parameters"]["required_approving_review_count"] = 2
    result = made.on("branches")
    assert "+ no deletion" in result.stdout
    assert {"deletion", "required_signatures"} <= set(rules(made))


def test_a_bypass_somebody_added_is_taken_away(made: House) -> None:
    made.on("branches")
    (ruleset,) = made.repo["rulesets"].values()
    ruleset["bypass_actors"] = [
        {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}
    ]
    assert "bypass: RepositoryRole 5 need not follow it" in made.on("status").stdout
    assert made.on("branches").exit_code == 0
    assert ruleset["bypass_actors"] == []


def test_trap_4_6_a_branch_that_is_not_there_is_said_and_nothing_is_made(made: House) -> None:
    result = made.on("branches", "--protect", "mian")
    assert result.exit_code == 4
    assert "has no branch 'mian': nothing would be protected" in result.stderr
    assert made.repo["rulesets"] == {}


def test_a_push_to_a_protected_main_is_refused(made: House, tmp_path: Path) -> None:
    made.on("branches")
    made.on("clone", "--path", "c")
    (tmp_path / "c" / "x.txt").write_text("x")
    pair = base64.b64encode(f"x:{TOKEN}".encode()).decode()
    words = ["-c", f"http.extraHeader=Authorization: Basic {pair}"]
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "add", "."], cwd=tmp_path / "c", check=True)
    subprocess.run(["git", *who, "commit", "-qm", "x"], cwd=tmp_path / "c", check=True)
    answer = subprocess.run(
        ["git", *words, "push", "origin", "HEAD:main"],
        cwd=tmp_path / "c",
        capture_output=True,
        text=True,
    )
    assert answer.returncode != 0
    assert "Changes must be made through a pull request" in answer.stderr


def test_trap_4_8_a_check_no_workflow_reports_is_refused(made: House) -> None:
    made.add_workflow()
    result = made.on("branches", "--check", "CI gat")
    assert result.exit_code == 2
    assert "no workflow reports 'CI gat': it would block all merges" in result.stderr
    assert "reported are: CI gate" in result.stderr


def test_trap_4_8_no_check_is_required_where_none_reports(made: House) -> None:
    result = made.on("branches")
    assert "required_status_checks" not in rules(made)
    assert "no workflow reports a check for pull requests" in result.stdout


def test_trap_4_3_a_plan_without_rulesets_is_protection_not_applied(made: House) -> None:
    made.store.data["orgs"]["bbws"]["plan"] = "free"
    result = made.on("branches")
    assert result.exit_code == 4
    assert "NOT applied, the plan of this account does not have it" in result.stderr


# --- classic protection -------------------------------------------------------------------------


@pytest.fixture
def classic(made: House) -> House:
    """A server without rulesets."""
    made.store.settings["rulesets"] = False
    return made


def test_classic_protection_where_there_are_no_rulesets(classic: House) -> None:
    classic.add_workflow()
    result = classic.on("branches")
    assert result.exit_code == 0, result.stderr
    held = classic.repo["protection"]["main"]
    assert held["enforce_admins"] is True
    assert held["required_status_checks"] == {"strict": True, "contexts": ["CI gate"]}
    assert "nothing to change" in classic.on("branches").stdout


def test_classic_protection_takes_signed_commits_too(classic: House) -> None:
    assert classic.on("branches", "--signed").exit_code == 0
    assert classic.repo["protection"]["main"]["required_signatures"] is True


def test_trap_4_7_every_key_that_put_demands_is_sent() -> None:
    (change,) = plan_classic(SLUG, DEMANDS, None)
    assert change.body is not None
    needed = ("required_status_checks", "enforce_admins", "restrictions")
    assert all(key in change.body for key in (*needed, "required_pull_request_reviews"))
    assert change.body["restrictions"] is None


def test_trap_4_7_settings_people_made_survive_a_change(classic: House) -> None:
    github = classic.connect()
    github.put(
        f"{PATH}/branches/main/protection",
        {
            "required_status_checks": None,
            "enforce_admins": None,
            "required_pull_request_reviews": None,
            "restrictions": {"users": [], "teams": [], "apps": []},
            "lock_branch": False,
            "block_creations": True,
        },
    )
    assert classic.on("branches").exit_code == 0
    assert classic.repo["protection"]["main"]["block_creations"] is True


def test_trap_4_7_what_get_answers_becomes_what_put_takes() -> None:
    held = Record(
        {
            "enforce_admins": Record({"enabled": True, "url": "u"}),
            "required_status_checks": Record({"strict": False, "contexts": ["old"], "url": "u"}),
            "restrictions": Record(
                {
                    "users": [Record({"login": "ada"})],
                    "teams": [Record({"slug": "dev-lead"})],
                    "apps": [],
                }
            ),
            "allow_deletions": Record({"enabled": True}),
        }
    )
    assert classic_as_sent(held) == {
        "required_status_checks": {"strict": False, "contexts": ["old"]},
        "enforce_admins": True,
        "required_pull_request_reviews": None,
        "restrictions": {"users": ["ada"], "teams": ["dev-lead"], "apps": []},
        "allow_deletions": True,
    }


def test_trap_4_7_the_difference_is_shown_before_it_is_made() -> None:
    held = Record({"enforce_admins": Record({"enabled": False})})
    (change,) = plan_classic(SLUG, DEMANDS, held)
    assert "enforce_admins: off → on" in change.details


def test_trap_4_7_what_reads_back_otherwise_is_a_failure(
    classic: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sandbox.github import rules as module

    real = module.protection_view
    lax = {"url": "u", "enabled": False}
    monkeypatch.setattr(module, "protection_view", lambda *a: {**real(*a), "enforce_admins": lax})
    result = classic.on("branches")
    assert result.exit_code == 1
    assert "main is NOT protected as asked: enforce_admins: off → on" in result.stderr


def test_the_workflows_of_a_checkout_can_name_the_checks(made: House, tmp_path: Path) -> None:
    folder = tmp_path / "checkout" / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "ci.yml").write_text(CI)
    result = made.on("branches", "--workflows", str(tmp_path / "checkout"))
    assert result.exit_code == 0, result.stderr
    assert "required_status_checks" in rules(made)

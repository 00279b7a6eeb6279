"""The six steps of a new service, on a small stand-in for the generated files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from common.errors import DevopsError, RefusedError, UnavailableError
from lld.model import Design
from repository.generating import Generated
from repository.model import Slug
from repository.setup import SetupReport, described, name_of, set_up
from repository.target import Target
from tests.repository.house import CI, NAME, House, answer
from tests.support.files import write_tree

DESIGN = Design(
    document="3.1.2_LLD_Auth_Lambda.md",
    title="Auth Lambda - Low-Level Design",
    lld_id="3.1.2",
    repository=NAME,
    service="auth",
)


def make_files(design: Design, folder: Path) -> Generated:
    """Two files, written like a generator does: only what differs."""
    files = {"README.md": f"# {design.title}\n", ".github/workflows/ci.yml": CI}
    missing = {
        name: text
        for name, text in files.items()
        if not (folder / name).exists() or (folder / name).read_text() != text
    }
    write_tree(folder, missing)
    return Generated(len(files), len(missing))


@contextmanager
def quiet(_: str) -> Iterator[None]:
    yield


def setup(house: House, design: Design = DESIGN, **settings: Any) -> SetupReport:
    """One run, in a fresh client, over the folder `work`."""
    session, github = settings.pop("session", None), settings.pop("github", None)
    connect = (lambda: github) if github else lambda: house.connect(session=session)
    target = Target(Slug("bbws", NAME), connect=connect, **settings)
    folder = house.folder / "work"
    return set_up(target, design, folder, quiet, make_files=make_files, sleep=lambda _: None)


def summary(report: SetupReport) -> list[tuple[str, int]]:
    return [(step.name, len(step.changes)) for step in report.steps]


def test_takes_a_design_to_a_protected_repository(house: House) -> None:
    report = setup(house)
    assert summary(report) == [
        ("repository", 7),
        ("generated files", 0),
        ("environments and their gates", 15),
        ("AWS roles", 9),
        ("protection of main", 1),
        ("first push", 1),
    ]
    assert report.url == f"{house.server.url}/bbws/{NAME}"
    facts = house.connect().get(f"/repos/bbws/{NAME}")
    assert facts["description"] == "Auth Lambda · LLD 3.1.2"
    assert "auth" in facts["topics"]
    commit = house.connect().get(f"/repos/bbws/{NAME}/commits/main")
    assert commit["commit"]["message"] == "feat: service from 3.1.2_LLD_Auth_Lambda.md"


def test_ends_with_no_drift_and_only_enforcing_gates(house: House) -> None:
    setup(house)
    result = house.on("status", "--check")
    assert result.exit_code == 0, result.stdout


def test_says_which_subject_each_role_has_to_trust(house: House) -> None:
    notes = setup(house).steps[3].notes
    assert len(notes) == 3
    assert f"github-{NAME}-prod has to trust repo:bbws@" in notes[2]
    assert ":environment:prod: terraform_cli.py bootstrap --env prod " in notes[2]
    assert f"--repository bbws@{house.store.data['orgs']['bbws']['id']}/{NAME}@" in notes[2]


def test_costs_at_most_40_calls_for_a_new_repository(house: House) -> None:
    report = setup(house)
    assert report.api_calls == len(house.server.requests)
    assert report.api_calls <= 40


def test_costs_at_most_15_calls_when_nothing_has_changed(house: House) -> None:
    setup(house)
    before, world = len(house.server.requests), house.world()
    report = setup(house)
    assert [count for _, count in summary(report)] == [0] * 6
    assert [step.notes for step in report.steps] == [()] * 6
    assert len(house.server.requests) - before <= 15
    assert house.world() == world


def test_a_dry_run_makes_nothing_anywhere(house: House) -> None:
    world = house.world()
    report = setup(house, dry_run=True)
    assert sum(count for _, count in summary(report)) == 32
    assert house.world() == world
    assert not (house.folder / "work").exists()


def test_a_design_that_changed_ends_in_a_pull_request_not_in_a_push(house: House) -> None:
    setup(house)
    head = house.connect().get(f"/repos/bbws/{NAME}/commits/main")["sha"]
    report = setup(house, replace(DESIGN, title="Auth, renewed"))
    assert "open a pull request" in report.steps[5].notes[0]
    assert house.connect().get(f"/repos/bbws/{NAME}/commits/main")["sha"] == head


def test_a_checkout_that_is_gone_is_made_again(house: House) -> None:
    import shutil

    setup(house)
    shutil.rmtree(house.folder / "work")
    report = setup(house)
    assert [count for _, count in summary(report)] == [0] * 6
    assert report.steps[5].notes == ()
    assert (house.folder / "work" / ".github" / "CODEOWNERS").exists()


def test_a_repository_that_create_made_is_taken_over(made: House) -> None:
    report = setup(made)
    assert report.steps[0].changes[0].what == f"settings of bbws/{NAME}"
    assert made.on("status", "--check").exit_code == 0


def test_a_missing_team_is_a_refusal_before_anything_is_created(house: House) -> None:
    del house.store.data["orgs"]["bbws"]["teams"]["business-owner"]
    world = house.world()
    with pytest.raises(RefusedError, match="there is no team 'business-owner'"):
        setup(house)
    assert house.world() == world


def test_trap_4_3_a_plan_without_gates_is_refused_before_anything_is_created(
    house: House,
) -> None:
    house.store.data["orgs"]["bbws"]["plan"] = "free"
    world = house.world()
    with pytest.raises(RefusedError, match="would NOT be applied"):
        setup(house)
    assert house.world() == world


class WithoutSecretProtection(requests.Session):
    """GitHub as an organisation sees it that has not bought secret scanning."""

    def send(self, request: requests.PreparedRequest, **settings: Any) -> requests.Response:
        if request.body and b"security_and_analysis" in bytes(request.body):
            words = '{"message": "Secret scanning is not available for this repository."}'
            return answer(request, 422, words)
        return super().send(request, **settings)


def test_trap_4_3_what_is_sold_apart_is_said_to_be_missing_and_ends_nothing(house: House) -> None:
    report = setup(house, session=WithoutSecretProtection())
    assert report.steps[0].notes == (
        "NOT applied: update secret scanning and push protection: on: "
        "Secret scanning is not available for this repository.",
    )
    assert len(report.steps[0].changes) == 6
    assert report.steps[5].notes == ("pushed to main",)
    assert "drift: update secret scanning" in house.on("status").stdout


def test_trap_4_6_the_branch_is_waited_for_within_bounds(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from repository import remote

    answers = iter([False, False, True])
    monkeypatch.setattr(remote.Remote, "has_branch", lambda *_: next(answers))
    waits: list[float] = []
    target = Target(Slug("bbws", NAME), connect=house.connect)
    folder = house.folder / "work"
    set_up(target, DESIGN, folder, quiet, make_files=make_files, sleep=waits.append)
    assert waits == [0.5, 1.0]


def test_a_default_branch_that_is_not_main_is_refused_before_any_gate(made: House) -> None:
    made.repo["default_branch"] = "master"
    with pytest.raises(RefusedError, match=r"the default branch of .* is 'master', not 'main'"):
        setup(made)
    result = made.on("create")
    assert (result.exit_code, made.repo["environments"]) == (3, {})


def test_trap_4_6_a_branch_that_never_comes_names_the_step_and_a_rerun_goes_on(
    house: House,
) -> None:
    from repository import remote

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(remote.Remote, "has_branch", lambda *_: False)
        with pytest.raises(DevopsError, match=r"step 1 of 6 \(repository\): main does not exist"):
            setup(house)
    assert summary(setup(house))[2:] == [
        ("environments and their gates", 15),
        ("AWS roles", 9),
        ("protection of main", 1),
        ("first push", 1),
    ]


def test_trap_4_6_a_server_without_rulesets_gets_classic_protection_after_the_push(
    house: House,
) -> None:
    house.store.settings["rulesets"] = False
    report = setup(house)
    assert report.steps[4].notes == ("no rulesets here: classic protection follows the first push",)
    assert house.repo["protection"]["main"]["enforce_admins"] is True
    assert [count for _, count in summary(setup(house))] == [0] * 6


def test_a_failure_between_push_and_protection_is_seen_and_mended(house: House) -> None:
    setup(house)
    (ruleset,) = house.repo["rulesets"].values()
    ruleset["enforcement"] = "disabled"
    assert summary(setup(house))[5] == ("first push", 1)
    assert ruleset["enforcement"] == "active"


def test_somebody_who_is_no_administrator_is_told_so(house: House) -> None:
    setup(house)
    target = Target(Slug("bbws", NAME), connect=lambda: house.connect("ben"))
    with pytest.raises(UnavailableError, match="this token may not administer"):
        set_up(target, DESIGN, house.folder / "work", quiet, make_files=make_files)


def test_description_and_topics_come_from_the_design() -> None:
    assert described(DESIGN) == ("Auth Lambda · LLD 3.1.2", frozenset({"auth"}))
    assert described(Design(document="x.md")) == (None, frozenset())
    hostile = Design(document="x.md", title="a\nb\t" + "c" * 400, service="A_b!/..")
    description, topics = described(hostile)
    assert description is not None
    assert description.startswith("a b c")
    assert len(description) <= 350
    assert topics == {"a-b"}


def test_the_name_is_the_designs_or_the_houses() -> None:
    assert name_of(DESIGN, None, allow_name=False) == NAME
    derived = replace(DESIGN, repository=None)
    assert name_of(derived, None, allow_name=False) == "2_bbws_auth_lambda"
    with pytest.raises(DevopsError, match="does not follow"):
        name_of(replace(DESIGN, repository="../evil"), None, allow_name=False)
    with pytest.raises(DevopsError, match="names no repository and no service"):
        name_of(Design(document="x.md"), None, allow_name=False)

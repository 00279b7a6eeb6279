"""Every request of the toolkit, and every answer of the sandbox, as GitHub's description has it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from common.github import GitHub
from common.github_errors import GitHubError
from repository.credentials import Aws, Sources, set_credentials
from repository.hooks import Wanted, set_hook
from repository.model import Slug
from repository.operations import Protect, configure, create, protect
from repository.policy import policy
from repository.status import read_status
from repository.target import Target
from tests.repository.house import NAME, PATH, TOKEN, House, opened
from tests.repository.openapi import Referee, proxy
from tests.repository.test_setup import setup

# They go on with one repository, in this order.
pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("github_openapi")]

SLUG = Slug("bbws", NAME)
PROMOTE = """\
on:
  workflow_dispatch:
    inputs: {version: {required: true}}
jobs:
  owner: {runs-on: x, environment: prod-business-owner, steps: [{run: "true"}]}
  lead: {runs-on: x, needs: owner, environment: prod-tech-lead, steps: [{run: "true"}]}
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with opened(tmp_path_factory.mktemp("house")) as found:
        yield found


@pytest.fixture(scope="module")
def address(house: House) -> Iterator[str]:
    with proxy(house.server.url) as found:
        yield found


@pytest.fixture
def referee() -> Referee:
    return Referee()


@pytest.fixture
def github(address: str, referee: Referee) -> GitHub:
    return GitHub(TOKEN, api=address, session=referee)


@pytest.fixture
def target(github: GitHub) -> Target:
    return Target(SLUG, connect=lambda: github)


def test_the_referee_is_awake(github: GitHub, referee: Referee) -> None:
    with pytest.raises(GitHubError):
        github.put(f"{PATH}/environments/x", {"wait_timer": "five", "foo": 1})
    assert any("wait_timer" in line or "foo" in line for line in referee.violations)


def test_the_setup_of_a_repository_is_valid(house: House, github: GitHub, referee: Referee) -> None:
    for _ in range(2):
        setup(House(house.server, house.folder), github=github)
    assert len(referee.seen) == 39 + 14
    assert "\n".join(referee.violations) == ""


def test_the_single_commands_are_valid(
    house: House, target: Target, referee: Referee, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "value-of-the-key")
    create(target, "Something else", ["extra"])
    configure(target)
    house.repo["settings"]["has_wiki"] = True
    house.repo["environments"]["sit"]["prevent_self_review"] = False
    create(target, "Something else", ["extra"])
    configure(target)
    protect(target, Protect("main", signed=True))
    for rotate in (False, True):
        set_credentials(target, "dev", Sources(("KEY",), rotate=rotate), Aws())
    for events in (("push",), ("push", "release")):
        set_hook(target, Wanted("https://ci.example.org/h", events, "KEY"))
    set_hook(target, Wanted("https://ci.example.org/h", (), remove=True))
    assert read_status(target.open()[0], policy(), {}).repository == str(SLUG)
    assert len(referee.seen) > 40
    assert "\n".join(referee.violations) == ""


def test_classic_protection_is_valid(
    house: House, target: Target, referee: Referee, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(house.store.settings, "rulesets", False)
    for _ in range(2):
        protect(target, Protect("main", signed=True))
    assert any(line.startswith("PUT ") for line in referee.seen)
    assert "\n".join(referee.violations) == ""


def test_releases_assets_and_deployments_are_valid(github: GitHub, referee: Referee) -> None:
    release = github.post(f"{PATH}/releases", {"tag_name": "v1.0.0", "draft": True})
    at = f"{PATH}/releases/{release['id']}"
    github.patch(at, {"draft": False, "body": "notes"})
    github.get(f"{PATH}/releases/tags/v1.0.0")
    github.get(f"{PATH}/releases/latest")
    github.listing(f"{PATH}/releases")
    github.listing(f"{at}/assets")
    deployment = github.post(f"{PATH}/deployments", {"ref": "main", "environment": "dev"})
    status = f"{PATH}/deployments/{deployment['id']}/statuses"
    github.post(status, {"state": "success"})
    github.listing(status)
    github.listing(f"{PATH}/deployments")
    github.get(f"{PATH}/git/ref/tags/v1.0.0")
    github.get(f"{PATH}/commits/main")
    github.listing(f"{PATH}/tags")
    github.listing(f"{PATH}/branches")
    github.delete(at)
    assert "\n".join(referee.violations) == ""


def test_issues_are_valid(github: GitHub, referee: Referee) -> None:
    at = f"{PATH}/issues"
    sent = {"title": "Incident", "body": "what happened", "labels": ["incident"]}
    made = github.post(at, sent)
    github.post(at, {"title": "Another"})
    assert [row["title"] for row in github.listing(at, labels="incident")] == ["Incident"]
    github.patch(f"{at}/{made['number']}", {"state": "closed"})
    assert github.get(f"{at}/{made['number']}")["state"] == "closed"
    assert github.listing(at, state="open", labels="incident") == []
    assert "\n".join(referee.violations) == ""


def test_pull_requests_are_valid(
    house: House, address: str, github: GitHub, referee: Referee
) -> None:
    house.repo["rulesets"].clear()
    house.repo["protection"].clear()
    head = github.get(f"{PATH}/commits/main")["sha"]
    github.post(f"{PATH}/git/refs", {"ref": "refs/heads/feature", "sha": head})
    sent = {"message": "x", "content": "eA==", "branch": "feature"}
    github.put(f"{PATH}/contents/new.txt", sent)
    at = f"{PATH}/pulls"
    made = github.post(at, {"title": "New", "head": "feature", "base": "main"})
    one = f"{at}/{made['number']}"
    github.listing(at, state="all")
    approver = GitHub(house.store.data["users"]["ben"]["token"], api=address, session=referee)
    approver.request("POST", f"{one}/reviews", body={"event": "APPROVE"})
    github.listing(f"{one}/reviews")
    assert github.put(f"{one}/merge", {"merge_method": "squash"})["merged"]
    assert github.get(one)["merged_by"]["login"] == "ada"
    for commit in (made["head"]["sha"], github.get(f"{PATH}/commits/main")["sha"]):
        (row,) = github.listing(f"{PATH}/commits/{commit}/pulls")
        assert row["number"] == made["number"]
    assert github.listing(f"{PATH}/commits/{head}/pulls") == []
    assert "\n".join(referee.violations) == ""


def test_runs_gates_and_approvals_are_valid(
    house: House, address: str, github: GitHub, referee: Referee
) -> None:
    house.repo["rulesets"].clear()
    house.repo["protection"].clear()
    house.add_workflow(PROMOTE, "promote.yml")
    github.listing(f"{PATH}/actions/workflows", "workflows")
    at = f"{PATH}/actions/workflows/promote.yml"
    inputs = {"version": "v1.0.0"}
    made = github.post(
        f"{at}/dispatches", {"ref": "main", "inputs": inputs, "return_run_details": True}
    )
    run = f"{PATH}/actions/runs/{made['workflow_run_id']}"
    github.get(run)
    github.listing(f"{at}/runs", "workflow_runs", event="workflow_dispatch")
    github.listing(f"{run}/jobs", "jobs")
    (pending,) = github.listing(f"{run}/pending_deployments")
    token = house.store.data["users"]["cyn"]["token"]
    approver = GitHub(token, api=address, session=referee)
    ids = [pending["environment"]["id"]]
    review = {"environment_ids": ids, "state": "approved", "comment": "go"}
    approver.request("POST", f"{run}/pending_deployments", body=review)
    github.listing(f"{run}/approvals")
    github.post(f"{run}/cancel")
    assert "\n".join(referee.violations) == ""

"""A pull request is judged by its workflows and reviewers, and merged when both are content."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from common.github_errors import GitHubError
from tests.repository.house import NAME, PATH, TOKEN, House
from tests.sandbox.runner.workflows import Run

CI = """
name: CI
on: {pull_request: {branches: [main]}}
jobs:
  gate:
    name: CI gate
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v4
      - run: |
          test "$GITHUB_EVENT_NAME ${{ github.base_ref }}" = "pull_request main"
          test "$GITHUB_REF $GITHUB_HEAD_REF" = "refs/pull/1/merge feature"
          test "${{ github.event.pull_request.number }}" = 1
          test -f new.txt && test -f on-main.txt
"""
ON_MAIN = """
name: Main
on: {push: {branches: [main]}}
jobs:
  work: {runs-on: ubuntu-24.04, steps: [{run: "true"}]}
"""


@pytest.fixture
def clone(machine: House, tmp_path: Path, git_identity: None) -> Path:
    """A checkout of a repository whose workflows listen to pull requests and to main."""
    machine.add_workflow(CI, "ci.yml")
    machine.add_workflow(ON_MAIN, "main.yml")
    url = machine.server.url.replace("http://", f"http://x:{TOKEN}@")
    subprocess.run(
        ["git", "clone", "-q", f"{url}/bbws/{NAME}.git", str(tmp_path / "c")], check=True
    )
    return tmp_path / "c"


def push(clone: Path, branch: str, name: str, content: str = "x") -> None:
    (clone / name).write_text(content)
    words = (("checkout", "-qB", branch), ("add", "."), ("commit", "-qm", name))
    for word in (*words, ("push", "-q", "origin", branch)):
        subprocess.run(["git", *word], cwd=clone, check=True, capture_output=True)


def open_pull(machine: House) -> Any:
    sent = {"title": "feat: new", "head": "feature", "base": "main"}
    return machine.connect().post(f"{PATH}/pulls", sent)


def runs(machine: House, event: str) -> list[Run]:
    rows = machine.connect().listing(f"{PATH}/actions/runs", "workflow_runs", event=event)
    return [Run(machine, f"{PATH}/actions/runs/{row['id']}") for row in rows]


def refusal(machine: House, number: int) -> str:
    with pytest.raises(GitHubError) as caught:
        machine.connect().put(f"{PATH}/pulls/{number}/merge", {"merge_method": "squash"})
    return str(caught.value)


def test_it_is_merged_when_checks_and_reviewers_are_content(machine: House, clone: Path) -> None:
    push(clone, "feature", "new.txt")
    subprocess.run(["git", "checkout", "-q", "main"], cwd=clone, check=True)
    (clone / "new.txt").unlink(missing_ok=True)
    push(clone, "main", "on-main.txt")
    checks = {"strict": False, "contexts": ["CI gate"]}
    reviews = {"required_approving_review_count": 1}
    protection = {"required_status_checks": checks, "enforce_admins": True, "restrictions": None}
    protection["required_pull_request_reviews"] = reviews
    machine.connect().put(f"{PATH}/branches/main/protection", protection)

    number = open_pull(machine)["number"]
    assert "approving review" in refusal(machine, number)
    machine.connect("ben").post(f"{PATH}/pulls/{number}/reviews", {"event": "APPROVE"})
    (judged,) = runs(machine, "pull_request")
    assert judged.ended() == "success", judged.log("CI gate")

    before = len(runs(machine, "push"))
    machine.connect().put(f"{PATH}/pulls/{number}/merge", {"merge_method": "squash"})
    found = machine.connect().get(f"{PATH}/pulls/{number}")
    assert (found["state"], found["merged"]) == ("closed", True)
    assert len(runs(machine, "push")) == before + 1
    assert machine.connect().get(f"{PATH}/contents/new.txt")["path"] == "new.txt"


def test_a_push_to_its_branch_is_judged_again_and_the_check_is_of_the_newest(
    machine: House, clone: Path
) -> None:
    push(clone, "feature", "new.txt")
    number = open_pull(machine)["number"]
    push(clone, "feature", "more.txt")
    assert len(runs(machine, "pull_request")) == 2
    head = machine.connect().get(f"{PATH}/pulls/{number}")["head"]["sha"]
    newest, oldest = (run.facts()["head_sha"] for run in runs(machine, "pull_request"))
    assert newest == head != oldest


def test_who_opened_it_does_not_approve_it(machine: House, clone: Path) -> None:
    push(clone, "feature", "new.txt")
    number = open_pull(machine)["number"]
    with pytest.raises(GitHubError, match="own pull request"):
        machine.connect().post(f"{PATH}/pulls/{number}/reviews", {"event": "APPROVE"})


def test_a_conflict_is_told_and_not_merged(machine: House, clone: Path) -> None:
    push(clone, "feature", "new.txt", "mine")
    subprocess.run(["git", "checkout", "-q", "main"], cwd=clone, check=True)
    push(clone, "main", "new.txt", "theirs")
    number = open_pull(machine)["number"]
    assert machine.connect().get(f"{PATH}/pulls/{number}")["mergeable_state"] == "dirty"
    assert "not mergeable" in refusal(machine, number)
    assert runs(machine, "pull_request") == []

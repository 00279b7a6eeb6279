"""A push starts the workflows that listen to it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from sandbox.github.pushes import listens
from tests.repository.house import NAME, PATH, TOKEN, House
from tests.sandbox.runner.workflows import Run

ON_PUSH = """
name: Pushed
on: {push: {branches: ["feature/**", "!feature/quiet"]}}
jobs:
  work:
    runs-on: ubuntu-24.04
    steps: [{run: 'test "$GITHUB_EVENT_NAME $GITHUB_REF" = "push refs/heads/feature/new"'}]
"""


@pytest.mark.parametrize(
    ("filters", "kind", "name", "expected"),
    [
        (None, "branches", "main", True),
        (None, "tags", "v1", True),
        ({"branches": ["main"]}, "branches", "main", True),
        ({"branches": ["main"]}, "branches", "other", False),
        ({"branches": ["main"]}, "tags", "v1", False),
        ({"tags": ["v*"]}, "tags", "v1.0.0", True),
        ({"branches-ignore": ["docs/*"]}, "branches", "docs/x", False),
        ({"branches": ["rel/**", "!rel/old"]}, "branches", "rel/old", False),
        ({"paths": ["src/**"]}, "branches", "main", True),
    ],
)
def test_branches_and_tags_are_told_apart(
    filters: dict[str, list[str]] | None, kind: str, name: str, expected: bool
) -> None:
    assert listens({"push": filters}, kind, name) is expected


def test_a_pushed_branch_runs_its_workflows(
    machine: House, tmp_path: Path, git_identity: None
) -> None:
    machine.add_workflow(ON_PUSH, "pushed.yml")
    url = machine.server.url.replace("http://", f"http://x:{TOKEN}@")
    folder = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", f"{url}/bbws/{NAME}.git", str(folder)], check=True)
    for branch in ("feature/quiet", "feature/new", "else"):
        words = ["git", "push", "-q", "origin", f"HEAD:refs/heads/{branch}"]
        subprocess.run(words, cwd=folder, check=True, capture_output=True)
    runs = machine.connect().listing(f"{PATH}/actions/runs", "workflow_runs")
    (number,) = [run["id"] for run in runs if run["event"] == "push"]
    assert Run(machine, f"{PATH}/actions/runs/{number}").ended() == "success"

"""The script that finds a release, run by bash over a real repository with a stand-in for `gh`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from common.git import git
from pipelines.generation.build import Pipeline
from tests.pipelines.builders import generated_flows

AUTHOR = ("-c", "user.name=x", "-c", "user.email=x@example.com")


def script(pipeline: Pipeline) -> str:
    (step,) = [s for s in generated_flows()[pipeline].jobs["check"].steps if s.id is not None]
    assert step.run is not None
    return step.run.text


def commit(folder: Path, message: str, tag: str | None = None) -> str:
    git(*AUTHOR, "commit", "--quiet", "--allow-empty", "-m", message, cwd=folder)
    if tag:
        git("tag", tag, cwd=folder)
    return git("rev-parse", "HEAD", cwd=folder).stdout.strip()


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """main with v1.0.0 and a commit after it, and a hotfix v1.0.1 from v1.0.0."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git("init", "--quiet", "--initial-branch=main", cwd=folder)
    commit(folder, "feat: one", "v1.0.0")
    git("branch", "hotfix/v1.0.1", cwd=folder)
    commit(folder, "feat: two")
    git("update-ref", "refs/remotes/origin/main", "main", cwd=folder)
    git("switch", "--quiet", "hotfix/v1.0.1", cwd=folder)
    commit(folder, "fix: it", "v1.0.1")
    return folder


def find(folder: Path, version: str, gh: str = "exit 1") -> tuple[int, str, str]:
    """Exit code, what was said, and what the step hands on."""
    tools = folder.parent / "bin"
    tools.mkdir()
    (tools / "gh").write_text(f"#!/bin/sh\n{gh}\n")
    (tools / "gh").chmod(0o755)
    output, summary = folder.parent / "output", folder.parent / "summary"
    answer = subprocess.run(
        ["bash", "-e", "-c", script(Pipeline.PROMOTE_PROD)],
        cwd=folder,
        env={
            "PATH": os.pathsep.join([str(tools), os.environ["PATH"]]),
            "VERSION": version,
            "GITHUB_REPOSITORY": "bbws/2_bbws_auth_lambda",
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.returncode, answer.stdout, output.read_text() if output.exists() else ""


def test_a_release_of_main_is_found_without_asking_github(released: Path) -> None:
    code, _, handed = find(released, "v1.0.0")
    assert code == 0
    assert handed == f"commit={git('rev-parse', 'v1.0.0', cwd=released).stdout}"


def test_a_hotfix_that_was_reviewed_and_merged_is_found(released: Path) -> None:
    asked = released.parent / "asked"
    code, _, handed = find(released, "v1.0.1", f'echo "$*" > {asked}; echo true')
    head = git("rev-parse", "v1.0.1", cwd=released).stdout.strip()
    assert (code, handed) == (0, f"commit={head}\n")
    assert asked.read_text().startswith(f"api repos/bbws/2_bbws_auth_lambda/commits/{head}/pulls ")


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq reads what gh has built in")
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, 0),
        ({"merged_at": None}, 3),
        ({"base": {"ref": "hotfix/v1.0.1"}}, 3),
        ({"head": {"sha": "0" * 40}}, 3),
    ],
    ids=["merged", "open", "into another branch", "then changed"],
)
def test_only_the_head_of_a_pull_request_merged_into_main_counts(
    released: Path, change: dict[str, object], expected: int
) -> None:
    head = git("rev-parse", "v1.0.1", cwd=released).stdout.strip()
    merged = {"merged_at": "2026-11-01T00:00:00Z", "base": {"ref": "main"}, "head": {"sha": head}}
    pulls = json.dumps([{**merged, **change}])
    assert find(released, "v1.0.1", f"echo '{pulls}' | jq \"$4\"")[0] == expected


@pytest.mark.parametrize("gh", ["echo false", "exit 1", "echo true; exit 1"])
def test_a_hotfix_that_nobody_merged_or_cannot_be_asked_about_is_refused(
    released: Path, gh: str
) -> None:
    code, said, handed = find(released, "v1.0.1", gh)
    assert (code, handed) == (3, "")
    assert "::error title=Not reviewed::the commit of v1.0.1 is not on main" in said


@pytest.mark.parametrize("version", ["1.0.0", "v1.0.0$(touch x)", "v1.0.0;id", "main", "v1", ""])
def test_trap_6_1_what_is_no_release_tag_is_refused(released: Path, version: str) -> None:
    code, said, handed = find(released, version)
    assert (code, handed) == (2, "")
    assert "::error title=Not a release::" in said
    assert not (released / "x").exists()


def test_a_tag_that_is_not_there_is_refused(released: Path) -> None:
    assert find(released, "v9.9.9")[0] == 3


def test_a_rollback_finds_releases_by_the_same_script() -> None:
    assert (
        script(Pipeline.ROLLBACK) == script(Pipeline.PROMOTE_SIT) == script(Pipeline.PROMOTE_PROD)
    )

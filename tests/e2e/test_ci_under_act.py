"""`pipeline_test.py ci` with the real act, on this machine itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent, indent
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.conftest import ROOT
from tests.pipelines.tools import call, require

pytestmark = pytest.mark.e2e

SCRIPT = ROOT / "utils" / "devops" / "pipeline_test.py"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    require("act")
    root = tmp_path / "repository"
    (root / ".github" / "workflows").mkdir(parents=True)
    call("git", "init", "--quiet", cwd=root)
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    call("git", *identity, "commit", "--quiet", "--allow-empty", "-m", "x", cwd=root)
    return root


def words(root: Path, *more: str) -> list[str]:
    path = root / ".github" / "workflows" / "ci.yml"
    return [sys.executable, str(SCRIPT), "ci", "--workflow", str(path), "--engine", "host", *more]


def write(root: Path, jobs: str) -> None:
    text = f"name: Demo\non: push\njobs:\n{indent(dedent(jobs), '  ')}"
    (root / ".github" / "workflows" / "ci.yml").write_text(text)


def ci(root: Path, *more: str, **env: str) -> tuple[int, Any, str]:
    """Exit code, the JSON document, and standard error."""
    answer = subprocess.run(
        [*words(root, "-o", "json"), *more],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return answer.returncode, json.loads(answer.stdout), answer.stderr


def test_jobs_run_in_a_clean_environment_and_everything_is_kept(
    repository: Path, tmp_path: Path
) -> None:
    write(
        repository,
        """\
          test:
            runs-on: ubuntu-24.04
            strategy: {matrix: {python: ["3.11", "3.12"]}}
            steps:
              - run: |
                  echo "session=[$AWS_SESSION_TOKEN] given=[$GIVEN] file=[$FROM_FILE]"
                  echo '{"coverage": 81.5}' >> "$GITHUB_STEP_SUMMARY"
        """,
    )
    (repository / ".env").write_text("FROM_FILE=leaked\n")
    code, data, said = ci(
        repository, "--fail-under", "80", "--variable", "GIVEN", "--reports", str(tmp_path / "r"),
        AWS_SESSION_TOKEN="leaked", GIVEN="""it's "$HOME" \\1""",
    )  # fmt: skip
    assert (code, data["ok"]) == (0, True), said
    assert sorted(job["matrix"] for job in data["jobs"]) == ["3.11", "3.12"]
    assert data["coverage"]["percent"] == 81.5
    logs = "".join(path.read_text() for path in (tmp_path / "r").glob("test*.log"))
    assert logs.count('session=[] given=[it\'s "$HOME" \\1] file=[]') == 2
    suites = ElementTree.parse(tmp_path / "r" / "junit.xml").getroot().findall("testsuite")
    assert [suite.get("failures") for suite in suites] == ["0", "0"]
    assert json.loads((tmp_path / "r" / "report.json").read_text()) == data
    assert "without a container" in said
    assert {gap["subject"] for gap in data["not_exercised"]} >= {"runner", "token permissions"}


def test_a_failure_is_1_and_the_jobs_after_it_are_skipped(repository: Path) -> None:
    write(
        repository,
        """\
          first: {runs-on: ubuntu-24.04, steps: [{run: "echo why; exit 3"}]}
          then: {needs: first, runs-on: ubuntu-24.04, steps: [{run: "true"}]}
        """,
    )
    code, data, _ = ci(repository)
    assert code == 1
    assert [(job["id"], job["result"]) for job in data["jobs"]] == [
        ("first", "failure"),
        ("then", "skipped"),
    ]


def test_low_coverage_fails_and_a_missing_runner_is_no_pass(repository: Path) -> None:
    write(
        repository,
        'test: {runs-on: ubuntu-24.04, steps: [{run: "echo TOTAL 10 5 50%"}]}',
    )
    assert ci(repository, "--fail-under", "80")[0] == 1
    write(repository, 'test: {runs-on: windows-latest, steps: [{run: "true"}]}\n')
    code, data, _ = ci(repository)
    assert (code, data["jobs"][0]["result"]) == (4, "not run")


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM], ids=lambda sign: sign.name)
def test_an_interrupt_ends_act_and_its_steps(
    repository: Path, tmp_path: Path, sign: signal.Signals
) -> None:
    pids = tmp_path / "pid"
    write(
        repository,
        f'test: {{runs-on: ubuntu-24.04, steps: [{{run: "echo $$ > {pids}; sleep 60"}}]}}\n',
    )
    child = subprocess.Popen(
        words(repository), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 30
    while not (pids.is_file() and pids.read_text().strip()) and time.monotonic() < deadline:
        time.sleep(0.05)
    child.send_signal(sign)
    assert child.wait(timeout=30) == 130
    step = int(pids.read_text())
    while Path(f"/proc/{step}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{step}").exists()

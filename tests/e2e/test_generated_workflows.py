"""Generated workflows before the public checkers, and the CI workflow running under act.

act runs in host mode, on this machine and without containers. Marketplace actions have local
stand-ins, since nothing is fetched. Lint, tests, scans and Terraform are the real ones.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from codegen.scaffold import scaffold
from common.home import HOME
from lld.parse import parse_file
from local.project import Kind, Project
from local.rehearsal import default_design, service_python
from pipelines.generation.build import COVERAGE, Pipeline
from pipelines.generation.pins import pins
from pipelines.validation.validate import validate
from tests.pipelines.builders import flow
from tests.pipelines.corpus_cases import all_cases, write_case
from tests.pipelines.tools import call, require
from tests.support.terraform import terraform_environment

pytestmark = pytest.mark.e2e

DESIGNS = HOME / "templates" / "examples"
PIPELINE_TEST = HOME / "utils" / "devops" / "pipeline_test.py"


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The whole repository of every example design."""
    base = tmp_path_factory.mktemp("repositories")
    found = []
    for document in sorted(DESIGNS.glob("*_LLD_*.md")):
        design = parse_file(document)
        root = base / str(design.repository)
        scaffold(design, root)
        call("git", "init", "--quiet", cwd=root)
        found.append(root)
    return found


@pytest.fixture(scope="module")
def files(repositories: list[Path]) -> list[Path]:
    """All their workflows."""
    found = [path for root in repositories for path in sorted(root.glob(".github/workflows/*.yml"))]
    assert len(found) == len(repositories) * len(Pipeline) > 0
    return found


def test_actionlint_finds_nothing(repositories: list[Path]) -> None:
    shellcheck, actionlint = require("shellcheck"), require("actionlint")
    for root in repositories:
        answer = call(actionlint, f"-shellcheck={shellcheck}", cwd=root)
        assert (answer.returncode, answer.stdout) == (0, "")


def test_zizmor_finds_nothing_even_pedantically(files: list[Path], tmp_path: Path) -> None:
    words = ("--pedantic", "--offline", "--format=json-v1", "--no-progress")
    answer = call(require("zizmor"), *words, *files, cwd=tmp_path)
    assert (answer.returncode, json.loads(answer.stdout)) == (0, []), answer.stderr
    assert len(re.findall(r"completed \S+\.yml", answer.stderr)) == len(files)


def test_trap_6_10_what_is_ignored_is_one_line_with_its_reason(repositories: list[Path]) -> None:
    for root in repositories:
        text = "".join(path.read_text() for path in root.glob(".github/workflows/*.yml"))
        assert len(re.findall(r"zizmor: ignore", text)) == 1
        assert "not known to act" in text


def test_the_published_schema_accepts_them(files: list[Path], tmp_path: Path) -> None:
    words = ("--builtin-schema", "vendor.github-workflows", *files)
    answer = call(require("check-jsonschema"), *words, cwd=tmp_path)
    assert answer.returncode == 0, answer.stdout


def test_shellcheck_accepts_every_script(files: list[Path], tmp_path: Path) -> None:
    scripts = [
        (path, step.run)
        for path in files
        for job in flow(path.read_text(), path.name).jobs.values()
        for step in job.steps
        if step.run
    ]
    assert len(scripts) > 10 * len(files) / len(Pipeline)
    for number, (path, script) in enumerate(scripts):
        # Expressions are replaced by text before bash sees a script.
        text = re.sub(r"\$\{\{.*?\}\}", "x", script.text)
        name = f"{number}-{path.parents[2].name}-{path.stem}-{script.line}.sh"
        (tmp_path / name).write_text(f"#!/usr/bin/env bash\n{text}")
    answer = call(require("shellcheck"), "--shell=bash", *tmp_path.glob("*.sh"), cwd=tmp_path)
    assert (answer.returncode, answer.stdout) == (0, "")


def test_both_linters_run_in_parallel_and_find_nothing(repositories: list[Path]) -> None:
    require("actionlint")
    require("zizmor")
    report = validate(repositories[0])
    assert [(f.file, f.line, f.rule) for f in report.findings] == []
    assert [(engine.name, engine.ran) for engine in report.engines] == [
        ("actionlint", True),
        ("zizmor", True),
    ]


def test_actionlint_accepts_the_correct_twins_of_the_corpus(tmp_path: Path) -> None:
    actionlint = require("actionlint")
    paths = [write_case(case, tmp_path / case.name, case.twin) for case in all_cases()]
    answer = call(actionlint, "-oneline", "-shellcheck=", *paths, cwd=tmp_path)
    assert (answer.returncode, answer.stdout) == (0, "")


# --- under act ---------------------------------------------------------------------------------

STAND_INS = {
    "actions/checkout": "echo checked out by act",
    # What setup-python's cache does for a second run: the environment is there already.
    "actions/setup-python": 'ln -sfn "$PREPARED" .venv',
    "actions/upload-artifact": "echo kept",
    "actions/cache": "echo no cache",
    "hashicorp/setup-terraform": "echo terraform is on PATH",
}


@dataclass(frozen=True)
class Ci:
    """A generated service whose CI workflow runs under act, started by `pipeline_test.py ci`."""

    root: Path
    words: tuple[str, ...]
    env: dict[str, str]

    def run(self) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Run all jobs: exit code, result by job, and the whole report."""
        answer = subprocess.run(
            self.words,
            cwd=self.root,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=600,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        report = json.loads(answer.stdout)
        assert "jobs" in report, answer.stdout + answer.stderr
        results = {job["name"]: job["result"] for job in report["jobs"]}
        return answer.returncode, results, report


@pytest.fixture(scope="module")
def ci(tmp_path_factory: pytest.TempPathFactory) -> Ci:
    """The smallest example design as a service with its tools, ready to run under act."""
    require("act")
    terraform = terraform_environment()
    base = tmp_path_factory.mktemp("act")
    root = base / "2_bbws_bookmark_lambda"
    scaffold(parse_file(default_design()), root)
    _carry_tools(root)
    python = service_python(Project(root, Kind.SERVICE))
    _stand_ins(base / "actions")
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message=x"]):
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
        call("git", *identity, *words, cwd=root)
    words = [sys.executable, str(PIPELINE_TEST), "ci", "--workflow", Pipeline.CI.path]
    words += ["--event", "push", "--engine", "host", "--fail-under", str(COVERAGE), "-o", "json"]
    for action in STAND_INS:
        folder = base / "actions" / action
        words += ["--action", f"{action}@{pins()[action].sha}={folder}"]
    known = {"PREPARED": str(python.parent.parent), **terraform}
    words += [word for name in known for word in ("--variable", name)]
    env = {
        "PATH": os.pathsep.join([str(_only_python(base, python)), os.environ["PATH"]]),
        "HOME": str(base),
        **known,
    }
    return Ci(root, tuple(words), env)


def _failures(report: dict[str, Any]) -> str:
    """The end of the logs of the failed jobs."""
    failed = [job["name"] for job in report["jobs"] if job["result"] == "failure"]
    logs = [Path(report["reports"], f"{name.replace(' ', '-')}.log") for name in failed]
    return "\n".join(path.read_text()[-3000:] for path in logs if path.is_file())


def _only_python(base: Path, python: Path) -> Path:
    """A folder with `python` alone, the one that a runner's setup-python would put on PATH."""
    folder = base / "bin"
    folder.mkdir()
    (folder / "python").symlink_to(python.resolve())
    return folder


def _carry_tools(root: Path) -> None:
    """The tools that travel in a service's repository, with what they require."""
    target = root / "utils" / "devops"
    if not target.exists():
        shutil.copytree(
            HOME / "utils" / "devops", target, ignore=shutil.ignore_patterns("__pycache__")
        )
        needed = (HOME / "requirements.txt").read_text().split("# --- tests")[0]
        (target / "requirements.txt").write_text(needed)


def _stand_ins(folder: Path) -> None:
    for action, command in STAND_INS.items():
        (folder / action).mkdir(parents=True)
        (folder / action / "action.yml").write_text(
            "name: stand-in\ndescription: x\nruns:\n  using: composite\n  steps:\n"
            f"    - shell: bash\n      run: {command}\n"
        )


def test_ci_is_green_on_a_generated_service(ci: Ci) -> None:
    code, results, report = ci.run()
    assert code == 0, _failures(report)
    assert results == dict.fromkeys(
        ["Lint and types", "Test", "Security scan", "Terraform", "CI gate"], "success"
    )
    assert report["coverage"]["percent"] >= COVERAGE
    assert "runner" in {gap["subject"] for gap in report["not_exercised"]}


def test_ci_and_its_gate_are_red_when_a_test_is_broken(ci: Ci) -> None:
    broken = ci.root / "tests" / "unit" / "test_broken.py"
    broken.write_text("def test_broken() -> None:\n    raise AssertionError\n")
    try:
        code, results, report = ci.run()
    finally:
        broken.unlink()
    assert code == 1
    assert results["Test"] == "failure", _failures(report)
    assert results["CI gate"] == "failure"
    assert results["Security scan"] == "success"

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from common.errors import ExitCode
from common.git import git
from common.home import HOME
from common.process import Completed, run
from local.checks import exit_code, run_gates, unscanned
from local.project import Kind, Project, find_project
from local.verdicts import of_bandit
from local_runner import cli
from tests.support.files import write_tree

PYTHON = Path(sys.executable)


def test_clean_service_passes_every_gate(service: Project) -> None:
    assert {o.name: o.passed for o in run_gates(service, PYTHON)} == {
        "ruff check": True,
        "ruff format": True,
        "mypy": True,
        "bandit": True,
    }


@pytest.mark.parametrize(
    ("gate", "code"),
    [
        ("ruff check", "import os\n"),
        ("ruff format", "x = [1,\n  2]\n"),
        ("mypy", 'x: int = "one"\n'),
        ("bandit", "import subprocess\n\nsubprocess.call('ls', shell=True)\n"),
    ],
)
def test_each_gate_finds_its_own_kind_of_fault(service: Project, gate: str, code: str) -> None:
    (service.root / "src" / "faulty.py").write_text(code)
    (outcome,) = run_gates(service, PYTHON, names=(gate,))
    assert not outcome.passed
    assert "faulty.py" in outcome.output


def test_fix_mends_what_can_be_mended(service: Project) -> None:
    faulty = service.root / "src" / "faulty.py"
    faulty.write_text("import os\nx = [1,\n  2]\n")
    assert all(outcome.passed for outcome in run_gates(service, PYTHON, fix=True))
    assert faulty.read_text() == "x = [1, 2]\n"


def test_what_no_gate_looks_at_is_never_called_scanned() -> None:
    left = ("dependencies", "infrastructure", "container images")
    assert unscanned(Kind.TOOLKIT) == left
    assert unscanned(Kind.SERVICE) == ("secrets", *left)


@pytest.mark.parametrize(
    ("code", "expected"), [("x = 1\n", 0), ("import pickle\n\npickle.loads(b'')\n", 1)]
)
def test_security_says_what_it_scanned_and_what_not(
    service: Project, code: str, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (service.root / "src" / "more.py").write_text(code)
    monkeypatch.chdir(service.root)
    monkeypatch.setattr("local.setup.prepared_python", lambda _: PYTHON)
    result = CliRunner().invoke(cli, ["security", "-o", "json"])
    found = json.loads(result.stdout)
    assert (result.exit_code, [gate["name"] for gate in found["gates"]]) == (expected, ["bandit"])
    assert found["ok"] is (expected == 0)
    assert found["not_scanned"][:2] == ["secrets", "dependencies"]


def test_gate_that_cannot_run_is_never_clean(service: Project, tmp_path: Path) -> None:
    toolless = tmp_path / "python"
    toolless.write_text("#!/bin/sh\necho 'No module named ruff' >&2\nexit 1\n")
    toolless.chmod(0o755)
    outcomes = run_gates(service, toolless)
    assert {outcome.word for outcome in outcomes} == {"could not run"}
    assert outcomes[0].output == "No module named ruff"
    assert exit_code(outcomes) is ExitCode.UNAVAILABLE


def call(service: Project, monkeypatch: pytest.MonkeyPatch, *words: str) -> Result:
    monkeypatch.chdir(service.root)
    monkeypatch.setattr("local.setup.prepared_python", lambda _: PYTHON)
    return CliRunner().invoke(cli, words)


UNREADABLE = "def x(:\nimport pickle\npickle.loads(b'')\n"


def test_trap_8_1_file_that_bandit_skipped_is_not_scanned(
    service: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    (service.root / "src" / "zz.py").write_text(UNREADABLE)
    result = call(service, monkeypatch, "security")
    assert result.exit_code == 4
    assert "src/zz.py: not scanned: syntax error" in result.stderr
    assert re.search(r"^bandit +could not run$", result.stdout, re.MULTILINE)
    document = json.loads(call(service, monkeypatch, "security", "-o", "json").stdout)
    assert (document["ok"], document["error"]["code"]) == (False, "unavailable")
    assert document["gates"][0]["complete"] is False


def test_trap_8_1_finding_beside_a_skipped_file_is_a_finding(service: Project) -> None:
    (service.root / "src" / "zz.py").write_text(UNREADABLE)
    (service.root / "src" / "more.py").write_text("import pickle\n\npickle.loads(b'')\n")
    (outcome,) = run_gates(service, PYTHON, names=("bandit",))
    assert (outcome.found, outcome.complete) == (True, False)
    assert "src/more.py:3: B301 (medium)" in outcome.output
    assert "src/zz.py: not scanned" in outcome.output


@pytest.mark.parametrize(
    ("code", "stdout"),
    [
        (0, ""),
        (0, '{"results": [], "errors": [], "metrics": {"_totals": {}}}'),
        (1, '{"results": [], "errors": [], "metrics": {"a.py": {}, "_totals": {}}}'),
        (2, '{"results": [], "errors": [], "metrics": {"a.py": {}, "_totals": {}}}'),
    ],
    ids=["no report", "nothing scanned", "findings by exit code only", "failed"],
)
def test_trap_8_10_report_and_exit_code_of_bandit_must_agree(code: int, stdout: str) -> None:
    verdict = of_bandit(Completed(("bandit",), code, stdout))
    assert (verdict.found, verdict.complete) == (False, False)


@pytest.mark.e2e
def test_every_gate_runs_although_one_could_not(
    service: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    (service.root / "src" / "zz.py").write_text("def x(:\n")
    result = call(service, monkeypatch, "lint")
    assert result.exit_code == 1
    words = dict(line.rsplit("  ", 1) for line in result.stdout.splitlines()[2:])
    assert [name.strip() for name in words] == ["ruff check", "ruff format", "mypy", "bandit"]
    assert result.stderr.startswith("ruff check:\n")
    assert "invalid-syntax" in result.stderr


@pytest.fixture
def moved_secret(tmp_path: Path) -> Project:
    """A toolkit with a known secret that is no longer on the line the baseline names."""
    root = tmp_path / "kit"
    write_tree(root, {"access.py": f"key = '{'AKIA' + 'QYLPMN5HNM4OWFXZ'}'\n"})
    git("init", "--quiet", cwd=root)
    scanned = run([PYTHON, "-m", "detect_secrets", "scan", "access.py"], cwd=root).stdout
    (root / ".secrets.baseline").write_text(scanned)
    (root / "access.py").write_text("\n\n" + (root / "access.py").read_text())
    git("add", "--all", cwd=root)
    return Project(root, Kind.TOOLKIT)


def test_trap_8_4_moved_secret_is_no_finding_and_no_reason_to_write(moved_secret: Project) -> None:
    baseline = moved_secret.root / ".secrets.baseline"
    before = baseline.read_bytes()
    (outcome,) = run_gates(moved_secret, PYTHON, names=("detect-secrets",))
    assert (outcome.passed, baseline.read_bytes()) == (True, before)
    (outcome,) = run_gates(moved_secret, PYTHON, names=("detect-secrets",), fix=True)
    assert outcome.passed
    mended = baseline.read_text()
    assert '"line_number": 3' in mended
    assert "/tmp" not in mended
    assert '"filename": ".secrets.baseline"' in mended


def test_trap_8_4_new_secret_is_a_finding_and_a_broken_baseline_is_not(
    moved_secret: Project,
) -> None:
    (moved_secret.root / "new.py").write_text(f"key = '{'AKIA' + 'ZZLPMN5HNM4OWFXY'}'\n")
    git("add", "--all", cwd=moved_secret.root)
    (outcome,) = run_gates(moved_secret, PYTHON, names=("detect-secrets",))
    assert (outcome.found, outcome.output.splitlines()[0]) == (True, "new.py:1: AWS Access Key")
    (moved_secret.root / ".secrets.baseline").write_text("{}")
    (outcome,) = run_gates(moved_secret, PYTHON, names=("detect-secrets",))
    assert (outcome.found, outcome.complete) == (False, False)


def test_project_is_the_service_around_the_folder(service: Project) -> None:
    assert find_project(service.root / "src" / "handlers") == service


def test_project_elsewhere_is_the_toolkit(tmp_path: Path) -> None:
    assert find_project(tmp_path) == Project(HOME, Kind.TOOLKIT)

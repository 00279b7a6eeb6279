from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from common.errors import UnavailableError
from local.junit import RunReport
from local.project import Project
from local.testing import RunOptions, from_here, run_tests
from tests.conftest import ROOT
from tests.local.conftest import stand_in_environment

pytestmark = pytest.mark.e2e

PYTHON = Path(sys.executable)


def test_report_counts_what_happened(service: Project) -> None:
    (service.root / "tests" / "test_more.py").write_text(
        "import pytest\n\n\ndef test_bad():\n    assert False\n\n\n"
        "@pytest.mark.skip\ndef test_later():\n    pass\n"
    )
    report = run_tests(service, PYTHON, RunOptions())
    assert (report.passed, report.failed, report.skipped, report.ok) == (1, 1, 1, False)
    assert report.failures == ("tests.test_more::test_bad: assert False",)


def test_coverage_is_measured_and_can_fail_the_run(service: Project) -> None:
    (service.root / "src" / "unused.py").write_text("def f() -> int:\n    return 1\n")
    assert run_tests(service, PYTHON, RunOptions(coverage=True)).coverage == pytest.approx(50)
    assert not run_tests(service, PYTHON, RunOptions(fail_under=60)).ok
    assert run_tests(service, PYTHON, RunOptions(fail_under=40)).ok


@pytest.mark.parametrize(
    ("options", "passed"),
    [
        (RunOptions(paths=("tests/test_add.py",)), 1),
        (RunOptions(keyword="add"), 1),
        (RunOptions(parallel=True), 1),
        (RunOptions(failed_first=True), 1),
    ],
)
def test_options_reach_pytest(service: Project, options: RunOptions, passed: int) -> None:
    assert run_tests(service, PYTHON, options).passed == passed


def test_nothing_to_run_is_not_a_success(service: Project) -> None:
    with pytest.raises(UnavailableError, match="no test was found"):
        run_tests(service, PYTHON, RunOptions(keyword="nothing_is_called_this"))


def call(service: Project, *words: str) -> tuple[int, dict[str, str]]:
    """Exit code and error of `local_runner.py test WORDS` in the service."""
    stand_in_environment(service)
    argv = [sys.executable, ROOT / "utils/devops/local_runner.py", "test", "-o", "json", *words]
    answer = subprocess.run(argv, cwd=service.root, capture_output=True, text=True, check=False)
    return answer.returncode, json.loads(answer.stdout)["error"]


@pytest.mark.parametrize(
    ("folder", "path"),
    [
        ("tests", "test_add.py"),
        ("tests", "."),
        ("", "tests"),
        ("src", "../tests/test_add.py::test_add"),
    ],
)
def test_paths_are_those_of_the_current_directory(service: Project, folder: str, path: str) -> None:
    chosen = from_here((path,), service.root / folder)
    assert run_tests(service, PYTHON, RunOptions(paths=chosen)).passed == 1


@pytest.mark.parametrize(
    "words",
    [
        ("tests/test_ad.py",),
        ("--", "--no-such-option"),
        ("-k", "add ("),
        ("tests/test_add.py::test_missing",),
        ("--fail-under", "nan"),
        ("--fail-under", "101"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_asked_is_a_mistake_of_usage(
    service: Project, words: tuple[str, ...]
) -> None:
    code, error = call(service, *words)
    assert (code, error["code"], "\n" in error["message"]) == (2, "usage", False)


def test_broken_conftest_is_named_with_its_error(service: Project) -> None:
    (service.root / "tests" / "conftest.py").write_text("import is_not_there\n")
    code, error = call(service)
    assert code == 4
    assert error["message"].endswith(
        "tests/conftest.py cannot be loaded: ModuleNotFoundError: No module named 'is_not_there'"
    )
    assert error["hint"] == "mend it, then run the same command again"


def test_environment_without_pytest_is_unavailable(service: Project, tmp_path: Path) -> None:
    bare = tmp_path / "python"
    bare.write_text("#!/bin/sh\necho 'No module named pytest' >&2\nexit 1\n")
    bare.chmod(0o755)
    with pytest.raises(UnavailableError, match="could not run: No module named pytest"):
        run_tests(service, bare, RunOptions())


def test_only_skipped_tests_are_not_a_success() -> None:
    assert not RunReport(passed=0, failed=0, skipped=3, seconds=0, exit_code=0).ok


def test_tests_of_one_group_stay_in_one_worker(tmp_path: Path) -> None:
    # pytest 9.2 and pytest-xdist 3.8 do not: what a group shares was then made in each worker.
    (tmp_path / "test_them.py").write_text(
        "import os, pathlib, pytest\n"
        "@pytest.mark.xdist_group('one')\n"
        "@pytest.mark.parametrize('number', range(8))\n"
        "def test_it(number):\n"
        "    name = os.environ['PYTEST_XDIST_WORKER']\n"
        "    (pathlib.Path(__file__).parent / f'ran-{name}').touch()\n"
    )
    words = ["--numprocesses=2", "--dist=loadgroup", "-p", "no:cacheprovider", "-q"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "-c", os.devnull, f"--rootdir={tmp_path}", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert len(list(tmp_path.glob("ran-*"))) == 1

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from common.errors import UnavailableError
from local.junit import RunReport
from local.project import Project
from local.testing import RunOptions, run_tests

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


def test_pytest_that_cannot_run_is_unavailable(service: Project) -> None:
    with pytest.raises(UnavailableError, match="pytest could not run"):
        run_tests(service, PYTHON, RunOptions(paths=("--no-such-option",)))


def test_only_skipped_tests_are_not_a_success() -> None:
    assert not RunReport(passed=0, failed=0, skipped=3, seconds=0, exit_code=0).ok

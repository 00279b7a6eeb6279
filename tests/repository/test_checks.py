from __future__ import annotations

import pytest

from common.errors import UnavailableError
from repository.checks import required_checks
from tests.repository.house import CI

JOBS = "jobs:\n  lint: {name: Lint}\n  test: {}\n"


@pytest.mark.parametrize(
    "trigger",
    ["on: pull_request", "on: [push, pull_request]", "on:\n  pull_request:\n    branches: [main]"],
)
def test_trap_4_8_required_names_come_from_the_workflows_jobs(trigger: str) -> None:
    assert required_checks({"ci.yml": f"{trigger}\n{JOBS}"}).names == ("Lint", "test")


def test_trap_4_8_a_job_that_always_reports_speaks_for_the_others() -> None:
    assert required_checks({"ci.yml": CI}).names == ("CI gate",)


def test_trap_4_8_a_path_filtered_workflow_is_never_required() -> None:
    text = f"on:\n  pull_request:\n    paths: ['src/**']\n{JOBS}"
    found = required_checks({"ci.yml": text})
    assert found.names == ()
    assert found.unusable == ("ci.yml: paths leave its checks pending for ever",)


def test_trap_4_8_a_matrix_job_reports_no_name_of_its_own() -> None:
    text = "on: pull_request\njobs:\n  test: {strategy: {matrix: {v: [1, 2]}}}\n  lint: {}\n"
    assert required_checks({"ci.yml": text}).names == ("lint",)


def test_workflows_that_do_not_run_on_pull_requests_report_nothing() -> None:
    assert required_checks({"deploy.yml": f"on: push\n{JOBS}"}).names == ()


@pytest.mark.parametrize("text", ["jobs: [", "- a\n", "on: push\n"])
def test_what_is_no_workflow_is_explained(text: str) -> None:
    with pytest.raises(UnavailableError, match=r"'ci\.yml' is not"):
        required_checks({"ci.yml": text})

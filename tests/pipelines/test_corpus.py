"""Every planted fault of the corpus is found on its line, and its correct twin passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.validation.validate import validate
from tests.pipelines.corpus_cases import Case, all_cases, write_case

CASES = all_cases()
PARAMETERS = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


def test_the_corpus_is_large_enough() -> None:
    assert len(CASES) >= 60


@PARAMETERS
def test_the_fault_is_found_on_its_line(case: Case, tmp_path: Path) -> None:
    path = write_case(case, tmp_path, case.faulty)

    report = validate(path, external=False)

    found = [(finding.rule, finding.line) for finding in report.findings]
    assert (case.rule, case.line) in found


@PARAMETERS
def test_the_correct_twin_passes(case: Case, tmp_path: Path) -> None:
    path = write_case(case, tmp_path, case.twin)

    report = validate(path, external=False)

    assert [(f.rule, f.line, f.message) for f in report.findings] == []

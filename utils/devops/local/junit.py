"""What pytest wrote about a test run: how many tests ended how, and why some failed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree  # nosec B405 - reads only what our own pytest wrote

from common.errors import UnavailableError

_RAISED = "E   "
"""How pytest starts the lines that show what was raised."""


@dataclass(frozen=True, slots=True)
class RunReport:
    """How many tests ended how; `coverage` in percent, where it was measured.

    `failures` has a line for each test that failed: its name and the assertion or error.
    """

    passed: int
    failed: int
    skipped: int
    seconds: float
    exit_code: int
    coverage: float | None = None
    failures: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return self.exit_code == 0 and self.passed > 0


def read_report(junit: Path, coverage: Path, exit_code: int) -> RunReport:
    """The report of a run that ended with this exit code of pytest's.

    Args:
        junit: What `--junitxml` wrote.
        coverage: What `--cov-report=json:` wrote, if it was asked to.

    Raises:
        UnavailableError: There is no report in the file.
    """
    suite = ElementTree.parse(junit).getroot().find("testsuite")  # noqa: S314 # nosec B314
    if suite is None:
        raise UnavailableError("pytest wrote no report", hint="run it with --debug")
    total, failed, skipped = (
        int(suite.get("tests", 0)),
        int(suite.get("failures", 0)) + int(suite.get("errors", 0)),
        int(suite.get("skipped", 0)),
    )
    return RunReport(
        passed=max(total - failed - skipped, 0),
        failed=failed,
        skipped=skipped,
        seconds=float(suite.get("time", 0)),
        exit_code=exit_code,
        coverage=_percent(coverage),
        failures=tuple(_failures(suite)),
    )


def _failures(suite: ElementTree.Element) -> Iterator[str]:
    for case in suite.iter("testcase"):
        for child in case:
            if child.tag in ("failure", "error"):
                name = "::".join(filter(None, (case.get("classname"), case.get("name"))))
                yield f"{name}: {_reason(child)}"


def _reason(failure: ElementTree.Element) -> str:
    raised = [line for line in (failure.text or "").splitlines() if line.startswith(_RAISED)]
    said = raised[0].removeprefix(_RAISED) if raised else failure.get("message", "")
    return said.strip().partition("\n")[0] or failure.tag


def _percent(path: Path) -> float | None:
    if not path.is_file():
        return None
    measured: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return float(measured["totals"]["percent_covered"])

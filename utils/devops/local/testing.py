"""Run a project's tests with pytest and read off what happened."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from common.errors import UnavailableError
from common.process import run
from local.junit import RunReport, read_report
from local.project import Kind, Project

_SOURCE = {Kind.TOOLKIT: "utils/devops", Kind.SERVICE: "src"}
_LIMIT_S = 80 * 60
_RAN = {0, 1}
_INTERRUPTED = 2
_NOTHING_COLLECTED = 5


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the user asked of a test run."""

    paths: tuple[str, ...] = ()
    markers: str | None = None
    keyword: str | None = None
    coverage: bool = False
    fail_under: float | None = None
    parallel: bool = False
    failed_first: bool = False


def run_tests(
    project: Project, python: Path, options: RunOptions, *, stream: IO[str] | None = None
) -> RunReport:
    """Run pytest in the project; its own output goes to `stream`, or nowhere.

    Raises:
        UnavailableError: pytest could not run, or found no test.
    """
    with tempfile.TemporaryDirectory(prefix="bbws-test-") as folder:
        junit, coverage = Path(folder, "junit.xml"), Path(folder, "coverage.json")
        words = [str(python), "-m", "pytest", *_words(project, options, junit, coverage)]
        answer = run(
            words,
            cwd=project.root,
            env=_environment(),
            check=False,
            stream=stream,
            timeout=_LIMIT_S,
        )
        if answer.code == _INTERRUPTED and not junit.exists():
            raise KeyboardInterrupt
        if answer.code == _NOTHING_COLLECTED:
            raise UnavailableError("no test was found", hint="check the path, -m and -k")
        if answer.code not in _RAN and not junit.exists():
            said = (answer.stderr or answer.stdout).strip().splitlines()
            raise UnavailableError(
                f"pytest could not run: {said[-1] if said else f'exit code {answer.code}'}",
                hint="python utils/devops/local_runner.py setup",
            )
        return read_report(junit, coverage, answer.code)


def _environment() -> dict[str, str]:
    """The caller's, without what would make the child run as part of this tool."""
    hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if name not in hidden}


def _words(project: Project, options: RunOptions, junit: Path, coverage: Path) -> list[str]:
    words = [f"--junitxml={junit}", *options.paths]
    if options.markers:
        words += ["-m", options.markers]
    if options.keyword:
        words += ["-k", options.keyword]
    if options.parallel:
        words += ["--numprocesses=auto", "--dist=loadgroup"]
    if options.failed_first:
        words += ["--failed-first"]
    if options.coverage or options.fail_under is not None:
        words += [f"--cov={_SOURCE[project.kind]}", "--cov-report=term-missing:skip-covered"]
        words += [f"--cov-report=json:{coverage}"]
    if options.fail_under is not None:
        words += [f"--cov-fail-under={options.fail_under:g}"]
    if sys.stdout.isatty():
        words += ["--color=yes"]
    return words

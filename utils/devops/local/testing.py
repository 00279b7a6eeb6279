"""Run a project's tests with pytest and read off what happened."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from common.errors import DevopsError, UnavailableError, UsageProblemError
from common.process import Completed, run
from local.junit import RunReport, read_report
from local.project import Kind, Project

_SOURCE = {Kind.TOOLKIT: "utils/devops", Kind.SERVICE: "src"}
_LIMIT_S = 80 * 60
_INTERRUPTED = 2
_NOT_STARTED = 4
_NOTHING_COLLECTED = 5
_BROKEN_CONFTEST = "ImportError while loading conftest"


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


def from_here(paths: tuple[str, ...], here: Path) -> tuple[str, ...]:
    """The paths as seen from the folder `here`, with what follows `::` kept, as absolute ones.

    Raises:
        UsageProblemError: There is no such file or folder.
    """
    found = []
    for given in paths:
        name, colons, node = given.partition("::")
        path = here / name
        if not path.exists():
            raise UsageProblemError(
                f"no such file or folder: {name!r}",
                hint="PATHS are relative to the current directory",
            )
        found.append(f"{path.resolve()}{colons}{node}")
    return tuple(found)


def run_tests(
    project: Project, python: Path, options: RunOptions, *, stream: IO[str] | None = None
) -> RunReport:
    """Run pytest in the project; its own output goes to `stream`, or nowhere.

    Raises:
        UnavailableError: pytest could not run, found no test, or could not load a conftest.
        UsageProblemError: pytest does not understand an option's value.
    """
    with tempfile.TemporaryDirectory(prefix="bbws-test-") as folder:
        junit, coverage = Path(folder, "junit.xml"), Path(folder, "coverage.json")
        words = [str(python), "-m", "pytest", *_words(project, options, junit, coverage)]
        answer = _pytest(words, project, stream)
        if answer.code == _INTERRUPTED and not junit.exists():
            raise KeyboardInterrupt
        if answer.code == _NOTHING_COLLECTED:
            raise UnavailableError("no test was found", hint="check the path, -m and -k")
        if answer.code == _NOT_STARTED:
            # What it streamed is gone; collecting alone ends in the same way, and quickly.
            raise _not_started(_pytest([*words, "--collect-only"], project, None))
        if not junit.exists():
            raise UnavailableError(
                f"pytest could not run: {_last_line(answer)}",
                hint="python utils/devops/local_runner.py setup",
            )
        return read_report(junit, coverage, answer.code)


def _pytest(words: list[str], project: Project, stream: IO[str] | None) -> Completed:
    return run(
        words,
        cwd=project.root,
        env=_environment(),
        check=False,
        stream=stream,
        timeout=_LIMIT_S,
    )


def _not_started(answer: Completed) -> DevopsError:
    """Why pytest ended before it collected: a conftest of the project, or what it was asked."""
    lines = [line.strip() for line in answer.stderr.splitlines()]
    broken = next((line for line in lines if line.startswith(_BROKEN_CONFTEST)), None)
    if broken:
        raised = [line.removeprefix("E ").strip() for line in lines if line.startswith("E ")]
        name = broken.removeprefix(_BROKEN_CONFTEST).strip(" '.")
        return UnavailableError(
            f"{name} cannot be loaded: {raised[-1] if raised else 'it fails'}",
            hint="mend it, then run the same command again",
        )
    errors = [line for line in lines if "error: " in line.lower()]
    reason = errors[-1].partition("rror: ")[2] if errors else _last_line(answer)
    return UsageProblemError(f"pytest: {reason}", hint="local_runner.py test --help")


def _last_line(answer: Completed) -> str:
    said = (answer.stderr or answer.stdout).strip().splitlines()
    return said[-1] if said else f"exit code {answer.code}"


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

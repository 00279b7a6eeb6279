"""The rehearsal: a design becomes a service that passes its own checks, stage by stage.

Stages, in order: read the design, generate the repository, prepare the service's environment, run
its gates, run its tests. A stage is reported after it happened; the first that fails is the last.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from common.errors import ExitCode, UnavailableError
from common.home import HOME
from common.output import note
from local.checks import Outcome, exit_code, run_gates, unavailable
from local.project import Kind, Project
from local.testing import RunOptions, RunReport, run_tests
from local.virtualenv import PreparationError, digest, prepare, requirement_files

if TYPE_CHECKING:
    from lld.model import Design

EXAMPLES = HOME / "templates" / "examples"
_ENVIRONMENTS = HOME / ".cache" / "environments"

T = TypeVar("T")
Show = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage that happened: whether it went well, what came of it, and how long it took."""

    name: str
    passed: bool
    result: str
    seconds: float
    details: str = ""


def rehearse(lld: Path, folder: Path, show: Show) -> Iterator[Stage]:
    """Go through the stages for the design `lld`, generating into `folder`, until one fails.

    Args:
        show: Shows a stage's name while it runs.

    Raises:
        DevopsError: The design cannot be read, or something the stages need is missing.
    """
    design, seconds = _timed(lambda: _read(lld), show(f"reading {lld.name}"))
    yield Stage("read", True, what_was_read(design), seconds)

    root = folder / (design.repository or "service")
    written, seconds = _timed(lambda: _generate(design, root), show(f"generating {root.name}"))
    yield Stage("generate", True, f"{written} files in {root}", seconds)

    project = Project(root, Kind.SERVICE)
    python, seconds = _timed(lambda: service_python(project), show("preparing its environment"))
    yield Stage("prepare", True, "its own requirements installed", seconds)

    outcomes, seconds = _timed(lambda: run_gates(project, python), show("running lint and types"))
    if exit_code(outcomes) is ExitCode.UNAVAILABLE:
        raise unavailable(outcomes)
    failed = [outcome for outcome in outcomes if not outcome.passed]
    names = ", ".join(outcome.name for outcome in failed or outcomes)
    verdict = f"{names}: {'failed' if failed else 'clean'}"
    yield Stage("lint and types", not failed, verdict, seconds, _outputs(failed))
    if failed:
        return

    report, seconds = _timed(lambda: _test(project, python), show("running its tests"))
    yield Stage("test", report.ok, summary(report), seconds)


def default_design() -> Path:
    """The smallest example design that ships with the toolkit.

    Raises:
        UnavailableError: This copy of the tools travels in a service and has no generators.
    """
    designs = list(EXAMPLES.glob("*_LLD_*.md"))
    if not designs:
        raise _no_generators()
    return min(designs, key=lambda path: path.stat().st_size)


def _no_generators() -> UnavailableError:
    return UnavailableError(
        "this copy of the tools cannot generate services", hint="rehearse in the toolkit"
    )


def service_python(project: Project) -> Path:
    """The interpreter of an environment with the service's requirements, shared by equal services.

    Raises:
        UnavailableError: The requirements could not be installed.
    """
    files = requirement_files(project.root)
    try:
        return prepare(_ENVIRONMENTS / digest(files)[:16], files, note)
    except PreparationError as error:
        raise UnavailableError(str(error), hint=error.hint) from error


def what_was_read(design: Design) -> str:
    """`5 functions, 5 endpoints, …; 2 warnings`: the counts a reader checks first."""
    counts = {
        "functions": len(design.functions),
        "endpoints": len(design.endpoints),
        "tables": len(design.tables),
        "models": len(design.models),
        "test scenarios": len(design.test_scenarios),
    }
    parts = [f"{count} {name if count != 1 else name[:-1]}" for name, count in counts.items()]
    severities = Counter(problem.severity.value for problem in design.problems)
    parts += [f"{count} {name}{'s' * (count != 1)}" for name, count in sorted(severities.items())]
    return ", ".join(parts)


def summary(report: RunReport) -> str:
    """`41 passed, 1 failed, 93 % covered`, leaving out what is zero or was not measured."""
    parts = [f"{report.passed} passed"]
    parts += [f"{report.failed} failed"] if report.failed else []
    parts += [f"{report.skipped} skipped"] if report.skipped else []
    parts += [f"{report.coverage:.0f} % covered"] if report.coverage is not None else []
    return ", ".join(parts)


def _timed(work: Callable[[], T], shown: AbstractContextManager[None]) -> tuple[T, float]:
    started = time.monotonic()
    with shown:
        result = work()
    return result, time.monotonic() - started


def _read(lld: Path) -> Design:
    try:
        from lld.parse import parse_file
    except ImportError as error:
        raise _no_generators() from error
    return parse_file(lld)


def _generate(design: Design, root: Path) -> int:
    from codegen.scaffold import scaffold

    return len(scaffold(design, root).changes)


def _test(project: Project, python: Path) -> RunReport:
    return run_tests(project, python, RunOptions(coverage=True))


def _outputs(failed: list[Outcome]) -> str:
    return "\n\n".join(f"{outcome.name}:\n{outcome.output}" for outcome in failed)

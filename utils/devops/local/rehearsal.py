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

from common.errors import DevopsError, ExitCode, UnavailableError
from common.home import HOME
from common.output import note
from local.checks import Outcome, exit_code, run_gates, unavailable
from local.project import Kind, Project
from local.testing import RunOptions, run_tests
from local.virtualenv import PreparationError, digest, is_ready, prepare, requirement_files

if TYPE_CHECKING:
    from codegen.plan import Plan
    from lld.model import Design
    from local.junit import RunReport

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


def rehearse(lld: Path, folder: Path, show: Show, *, kept: bool = True) -> Iterator[Stage]:
    """Go through the stages for the design `lld`, generating into `folder`, until one fails.

    Args:
        show: Shows a stage's name while it runs.
        kept: The folder stays when the rehearsal is over, so that it is worth naming.

    Raises:
        DevopsError: The design cannot be read, or something the stages need is missing.
    """
    design, seconds = _timed(lambda: _read(lld), show(f"reading {lld.name}"))
    yield Stage("read", True, what_was_read(design), seconds)

    root = folder / (design.repository or "service")
    plan, seconds = _timed(lambda: _generate(design, root), show(f"generating {root.name}"))
    conflicts = "\n".join(f"{root / one.path}: compare it with its .new" for one in plan.conflicts)
    yield Stage("generate", not conflicts, what_was_written(plan, kept=kept), seconds, conflicts)
    if conflicts:
        return

    project = Project(root, Kind.SERVICE)
    yield from _stages_of_the_service(project, show)


def _stages_of_the_service(project: Project, show: Show) -> Iterator[Stage]:
    files = requirement_files(project.root)
    ready = is_ready(_environment(files), files)
    python, seconds = _timed(lambda: service_python(project), show("preparing its environment"))
    prepared = "were already there" if ready else "installed"
    yield Stage("prepare", True, f"its own requirements {prepared}", seconds)

    outcomes, seconds = _timed(lambda: run_gates(project, python), show("running lint and types"))
    if exit_code(outcomes) is ExitCode.UNAVAILABLE:
        note(_outputs([outcome for outcome in outcomes if not outcome.complete]))
        raise unavailable(outcomes)
    failed = [outcome for outcome in outcomes if not outcome.passed]
    names = ", ".join(outcome.name for outcome in failed or outcomes)
    verdict = f"{names}: {'failed' if failed else 'clean'}"
    yield Stage("lint and types", not failed, verdict, seconds, _outputs(failed))
    if failed:
        return

    report, seconds = _timed(lambda: _test(project, python), show("running its tests"))
    yield Stage("test", report.ok, summary(report), seconds, "\n".join(report.failures))


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
        return prepare(_environment(files), files, note)
    except PreparationError as error:
        raise UnavailableError(str(error), hint=error.hint) from error


def _environment(files: list[Path]) -> Path:
    return _ENVIRONMENTS / digest(files)[:16]


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


def what_was_written(plan: Plan, *, kept: bool) -> str:
    """`98 files in PATH`, and what became of them where they were not all new."""
    verbs = Counter(change.verb.value for change in plan.changes)
    counts = "" if set(verbs) == {"create"} else f" ({_joined(verbs)})"
    place = str(plan.root) if kept else f"{plan.root.name}, removed at the end without --keep"
    return f"{len(plan.changes)} files{counts} in {place}"


def _joined(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))


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


def _generate(design: Design, root: Path) -> Plan:
    from codegen.scaffold import scaffold

    try:
        return scaffold(design, root)
    except DevopsError as error:
        # The folder that the generator calls its output is the one to keep here.
        error.hint = error.hint and error.hint.replace("--output", "--keep")
        raise


def _test(project: Project, python: Path) -> RunReport:
    return run_tests(project, python, RunOptions(coverage=True))


def _outputs(failed: list[Outcome]) -> str:
    return "\n\n".join(f"{outcome.name}:\n{outcome.output}" for outcome in failed)

"""A list of checks, each with a verdict that a person can act on, and the exit code of them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from common.errors import DevopsError, ExitCode, RefusedError, UnavailableError
from common.progress import step
from pipelines.simulation.simulate_report import not_exercised

if TYPE_CHECKING:
    from pipelines.simulation.fidelity import Gap


class Verdict(IntEnum):
    """How a check came out; the worst one decides."""

    PASSED = 0
    SKIPPED = 1
    """It does not apply here."""
    UNKNOWN = 2
    """It could not be looked at, which is no pass."""
    FAILED = 3


_MARKS = {
    Verdict.PASSED: "✓",
    Verdict.SKIPPED: "-",
    Verdict.UNKNOWN: "?",
    Verdict.FAILED: "✗",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `details` has a line a problem, or says what was found."""

    name: str
    verdict: Verdict
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """All checks of one rehearsal, and what it did not exercise."""

    title: str
    checks: tuple[Check, ...]
    not_exercised: tuple[Gap, ...]

    @property
    def exit_code(self) -> ExitCode:
        worst = max((check.verdict for check in self.checks), default=Verdict.UNKNOWN)
        if worst is Verdict.FAILED:
            return ExitCode.FAILED
        return ExitCode.UNAVAILABLE if worst is Verdict.UNKNOWN else ExitCode.DONE


def judged(name: str, problems: Sequence[str], found: str = "") -> Check:
    """A check that failed with these problems, or passed with what was found."""
    if problems:
        return Check(name, Verdict.FAILED, tuple(problems))
    return Check(name, Verdict.PASSED, (found,) if found else ())


def looked_at(name: str, look: Callable[[], Check]) -> Check:
    """Run one check and show it; what is missing or unreachable makes it unknown, never passed.

    Raises:
        RefusedError: A safety rule said no, which ends everything.
    """
    try:
        with step(f"checking {name}"):
            return look()
    except RefusedError:
        raise
    except UnavailableError as error:
        return Check(name, Verdict.UNKNOWN, _lines(error))
    except DevopsError as error:
        return Check(name, Verdict.FAILED, _lines(error))


def _lines(error: DevopsError) -> tuple[str, ...]:
    return (error.message, *((error.hint,) if error.hint else ()))


def as_text(checked: Checked) -> str:
    """A line a check, its details below it, and what this did not exercise."""
    lines = [checked.title, ""]
    for check in checked.checks:
        first, *rest = check.details or ("",)
        lines.append(f"{_MARKS[check.verdict]} {check.name}{': ' if first else ''}{first}")
        lines += [f"    {line}" for line in rest]
    return "\n".join([*lines, "", *not_exercised(checked.not_exercised)])


def as_data(checked: Checked) -> dict[str, Any]:
    """The checks for programs."""
    return {
        "ok": checked.exit_code == ExitCode.DONE,
        "title": checked.title,
        "checks": [
            {"name": c.name, "verdict": c.verdict.name.lower(), "details": list(c.details)}
            for c in checked.checks
        ],
        "not_exercised": [asdict(gap) for gap in checked.not_exercised],
    }

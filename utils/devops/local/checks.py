"""The quality gates: which tools run over a project, and what they said.

Each gate is data, so that `lint`, the rehearsal and the test suite run the very same ones.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from common.errors import ExitCode, UnavailableError
from common.git import git
from common.process import Completed, run
from local.project import Kind, Project
from local.verdicts import Verdict, by_exit_code, of_bandit, of_detect_secrets


@dataclass(frozen=True, slots=True)
class Gate:
    """One tool, started as `python -m WORDS`.

    `fix` are its words where it can mend what it finds; with `on_tracked_files` it is given the
    names of all files that git tracks.
    """

    name: str
    words: tuple[str, ...]
    fix: tuple[str, ...] | None = None
    on_tracked_files: bool = False
    read: Callable[[Completed], Verdict] = by_exit_code
    rewrites: str | None = None
    """A file of the project that the tool brings up to date: it gets a copy unless it may mend."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one gate said; `output` is for people.

    A gate that is not `complete` could not run, or not over everything; it is never clean.
    """

    name: str
    found: bool
    output: str
    complete: bool = True

    @property
    def passed(self) -> bool:
        return self.complete and not self.found

    @property
    def word(self) -> str:
        """`ok`, `FAILED`, or `could not run`."""
        if self.found:
            return "FAILED"
        return "ok" if self.complete else "could not run"

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "passed": self.passed,
            "complete": self.complete,
            "output": self.output,
        }


def exit_code(outcomes: Iterable[Outcome]) -> ExitCode:
    """1 when something was found, else 4 when a gate could not look, else 0."""
    outcomes = list(outcomes)
    if any(outcome.found for outcome in outcomes):
        return ExitCode.FAILED
    return ExitCode.DONE if all(one.complete for one in outcomes) else ExitCode.UNAVAILABLE


def unavailable(outcomes: Iterable[Outcome]) -> UnavailableError:
    """The error for gates that could not run, where nothing was found."""
    names = ", ".join(outcome.name for outcome in outcomes if not outcome.complete)
    return UnavailableError(f"{names} could not run, or not over every file", hint=_HINT)


_HINT = "mend the files that are named, or: python utils/devops/local_runner.py setup"
_BASELINE = ".secrets.baseline"
_RUFF = (
    Gate("ruff check", ("ruff", "check"), fix=("ruff", "check", "--fix")),
    Gate("ruff format", ("ruff", "format", "--check"), fix=("ruff", "format")),
)
_BANDIT = ("bandit", "--quiet", "--format=json", "--recursive")
GATES: dict[Kind, tuple[Gate, ...]] = {
    Kind.TOOLKIT: (
        *_RUFF,
        Gate("mypy", ("mypy",)),
        # Skipped: asserts of invariants, and processes, which take words and never a shell line.
        Gate(
            "bandit",
            (*_BANDIT, "--skip=B101,B404,B603,B606", "utils/devops"),
            read=of_bandit,
        ),
        Gate(
            "detect-secrets",
            ("detect_secrets.pre_commit_hook", "--json", "--baseline", _BASELINE),
            on_tracked_files=True,
            read=of_detect_secrets,
            rewrites=_BASELINE,
        ),
    ),
    Kind.SERVICE: (
        *_RUFF,
        Gate("mypy", ("mypy", "--strict", "src")),
        Gate("bandit", (*_BANDIT, "src"), read=of_bandit),
    ),
}

SCANS = ("bandit", "detect-secrets")
"""The gates that look for weaknesses."""

_SCANNED_BY = {"detect-secrets": "secrets"}  # pragma: allowlist secret
_NOBODY_SCANS = ("dependencies", "infrastructure", "container images")


def unscanned(kind: Kind) -> tuple[str, ...]:
    """What no gate of such a project looks for weaknesses in."""
    there = {gate.name for gate in GATES[kind]}
    missing = [what for gate, what in _SCANNED_BY.items() if gate not in there]
    return (*missing, *_NOBODY_SCANS)


def run_gates(
    project: Project, python: Path, *, fix: bool = False, names: tuple[str, ...] = ()
) -> list[Outcome]:
    """Run the project's gates with the tools of `python`, all of them even when one cannot run.

    Args:
        fix: Let the gates that can mend what they find do so.
        names: Only these gates.
    """
    chosen = [gate for gate in GATES[project.kind] if not names or gate.name in names]
    return [_run_gate(gate, project.root, python, fix=fix) for gate in chosen]


def _run_gate(gate: Gate, root: Path, python: Path, *, fix: bool) -> Outcome:
    words = gate.fix if fix and gate.fix else gate.words
    try:
        files = _tracked(root, without=gate.rewrites) if gate.on_tracked_files else []
        if gate.rewrites:
            answer = _run_on_copy(gate.rewrites, root, [python, "-m", *words, *files], keep=fix)
        else:
            answer = run([python, "-m", *words, *files], cwd=root, check=False)
    except UnavailableError as error:
        return Outcome(gate.name, found=False, output=error.message, complete=False)
    verdict = gate.read(answer)
    return Outcome(gate.name, verdict.found, verdict.output, verdict.complete)


def _tracked(root: Path, *, without: str | None) -> list[str]:
    names = git("ls-files", "-z", cwd=root).stdout.split("\0")[:-1]
    return [name for name in names if name != without]


def _run_on_copy(name: str, root: Path, words: list[str | Path], *, keep: bool) -> Completed:
    """Run the tool with a copy in place of the file `name`; `keep` takes over what it wrote."""
    if not (root / name).is_file():
        raise UnavailableError(f"{name!r} is missing")
    with tempfile.TemporaryDirectory(prefix="bbws-gate-") as folder:
        copy = Path(folder, name)
        shutil.copyfile(root / name, copy)
        given = copy.read_bytes()
        at = words.index(name)
        answer = run([*words[:at], copy, *words[at + 1 :]], cwd=root, check=False)
        if keep and copy.read_bytes() != given:
            # The tool notes under which name it was given the file.
            written = copy.read_text(encoding="utf-8").replace(str(copy), name)
            (root / name).write_text(written, encoding="utf-8")
    return answer

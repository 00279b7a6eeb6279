"""The quality gates: which tools run over a project, and what they said.

Each gate is data, so that `lint`, the rehearsal and the test suite run the very same ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from common.errors import UnavailableError
from common.git import git
from common.process import run
from local.project import Kind, Project


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
    clean: frozenset[int] = frozenset({0})
    """Exit codes that mean nothing was found."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one gate said; `output` is for people."""

    name: str
    passed: bool
    output: str


_RUFF = (
    Gate("ruff check", ("ruff", "check"), fix=("ruff", "check", "--fix")),
    Gate("ruff format", ("ruff", "format", "--check"), fix=("ruff", "format")),
)
GATES: dict[Kind, tuple[Gate, ...]] = {
    Kind.TOOLKIT: (
        *_RUFF,
        Gate("mypy", ("mypy",)),
        # Skipped: asserts of invariants, and processes, which take words and never a shell line.
        Gate(
            "bandit",
            ("bandit", "--quiet", "--recursive", "--skip=B101,B404,B603,B606", "utils/devops"),
        ),
        Gate(
            "detect-secrets",
            ("detect_secrets.pre_commit_hook", "--baseline", ".secrets.baseline"),
            on_tracked_files=True,
            clean=frozenset({0, 3}),  # 3: known findings moved to other lines
        ),
    ),
    Kind.SERVICE: (
        *_RUFF,
        Gate("mypy", ("mypy", "--strict", "src")),
        Gate("bandit", ("bandit", "--quiet", "--recursive", "src")),
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
    """Run the project's gates with the tools of `python`, all of them even when one fails.

    Args:
        fix: Let the gates that can mend what they find do so.
        names: Only these gates.

    Raises:
        UnavailableError: A gate's tool is not installed or could not run.
    """
    chosen = [gate for gate in GATES[project.kind] if not names or gate.name in names]
    return [_run_gate(gate, project.root, python, fix=fix) for gate in chosen]


def _run_gate(gate: Gate, root: Path, python: Path, *, fix: bool) -> Outcome:
    words = gate.fix if fix and gate.fix else gate.words
    files = git("ls-files", "-z", cwd=root).stdout.split("\0")[:-1] if gate.on_tracked_files else []
    answer = run([python, "-m", *words, *files], cwd=root, check=False)
    output = "\n".join(text for text in (answer.stdout.strip(), answer.stderr.strip()) if text)
    passed = answer.code in gate.clean
    if (answer.code > 1 and not passed) or "No module named" in answer.stderr:
        # 1 is "I found something"; above that the tool itself did not work, which is never clean.
        raise UnavailableError(
            f"{gate.name} could not run: {output.splitlines()[-1] if output else answer.code}",
            hint="python utils/devops/local_runner.py setup",
        )
    return Outcome(gate.name, passed, output)

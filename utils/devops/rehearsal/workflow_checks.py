"""What a deploying workflow's own text tells: its faults, its targets, the scripts it calls."""

from __future__ import annotations

import ast
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import UsageProblemError
from common.process import run
from pipelines.checks.house import deployment, targets
from pipelines.simulation.start import load, root_of
from pipelines.validation.validate import validate
from pipelines.workflow.findings import Severity
from pipelines.workflow.model import Repository, Workflow
from rehearsal.checks import Check, Verdict, judged

if TYPE_CHECKING:
    from common.environments import Environment
    from pipelines.workflow.model import Job, Step

_SCRIPT = re.compile(
    r"(?:^|[\s;&|(])((?:python3?|bash|sh)\s+(?:-\w+\s+)*)?([\w./${}-]+\.(?:py|sh))\b"
)
_TOOL = re.compile(r"python3?\s+(utils/devops/\w+\.py)\s+([a-z][a-z-]*)")
_HELP_S = 60


@dataclass(frozen=True, slots=True)
class Deploying:
    """A workflow that deploys to an environment, the jobs that do, and its repository."""

    path: Path
    flow: Workflow
    root: Path
    jobs: tuple[Job, ...]
    environment: Environment

    @property
    def steps(self) -> list[Step]:
        """The steps of all jobs, those of the repository's own workflows that it calls included."""
        return [step for job in self.all_jobs() for step in job.steps]

    def all_jobs(self) -> Iterator[Job]:
        """The jobs, and those of the repository's own workflows that they call."""
        repository = Repository(self.root)
        for job in self.flow.jobs.values():
            yield job
            called = repository.workflow(job.uses.text) if job.uses is not None else None
            yield from called.jobs.values() if called is not None else ()


def deploying(path: Path, environment: Environment) -> Deploying:
    """Read a workflow and find its jobs that deploy to the environment.

    Raises:
        UsageProblemError: It deploys nothing there.
        UnavailableError: It cannot be read.
    """
    flow, root = load(path), root_of(path)
    name = environment.name.removesuffix("-dr")
    all_of_them = [job for job in flow.jobs.values() if deployment(job)]
    jobs = tuple(j for j in all_of_them if name in targets(j) or _anywhere(j))
    if not jobs:
        others = sorted({target for job in all_of_them for target in targets(job)})
        raise UsageProblemError(
            f"{str(path)!r} deploys nothing to {environment.name}",
            hint=f"it deploys to: {', '.join(others) or 'nothing'}",
        )
    return Deploying(path, flow, root, jobs, environment)


def _anywhere(job: Job) -> bool:
    """Its environment is an input of the run."""
    return job.environment is not None and "${{" in job.environment.text


def check_text(found: Deploying) -> Check:
    """All checks of `validate`."""
    report = validate(found.path)
    errors = [
        f"{f.file}:{f.line}: {f.message} [{f.rule}]"
        for f in report.findings
        if f.severity is Severity.ERROR
    ]
    skipped = [f"{engine.name} {engine.skipped}" for engine in report.engines if not engine.ran]
    if report.crashed and not errors:
        return Check("workflow", Verdict.UNKNOWN, tuple(skipped))
    return judged("workflow", errors, "; ".join(["no errors", *skipped]))


def check_scripts(found: Deploying) -> Check:
    """Every script that a step calls is there and can be read; our own tools know the command."""
    problems: list[str] = []
    known = 0
    for name in sorted({name for step in found.steps for name in _scripts(step)}):
        if "$" in name:
            continue
        known += 1
        problems += _script_problems(found.root, name)
    if not problems:
        problems += _command_problems(found)
    return judged("scripts", problems, f"{known} scripts, all there")


def _scripts(step: Step) -> Iterator[str]:
    for line in (step.run.text if step.run is not None else "").splitlines():
        if not line.lstrip().startswith("#"):
            for match in _SCRIPT.finditer(line):
                if match[1] or match[2].startswith("./"):
                    yield match[2]


def _script_problems(root: Path, name: str) -> Iterator[str]:
    path = (root / name).resolve()
    if not path.is_relative_to(root.resolve()) or not path.is_file():
        yield f"{name} is not in the repository"
        return
    if path.suffix == ".py":
        try:
            ast.parse(path.read_bytes(), name)
        except (SyntaxError, ValueError) as error:
            yield f"{name} is not valid Python: {error}"


def _command_problems(found: Deploying) -> Iterator[str]:
    """Ask each of the toolkit's scripts for the help of the command that is called."""
    calls = {
        (match[1], match[2])
        for step in found.steps
        for match in _TOOL.finditer(step.run.text if step.run is not None else "")
    }
    for script, command in sorted(calls):
        words = [sys.executable, str(found.root / script), command, "--help"]
        if not run(words, cwd=found.root, check=False, timeout=_HELP_S).ok:
            yield f"{shlex.join([script, command])}: there is no such command"

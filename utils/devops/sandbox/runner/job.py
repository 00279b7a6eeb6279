"""One job: its steps in order, each with what the ones before it have left."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.github.conditions import holds, text_of
from sandbox.github.store import now
from sandbox.runner.actions import perform
from sandbox.runner.hashing import hash_files
from sandbox.runner.step import Facts, Step, StepError
from sandbox.runner.step_files import StepFileError, StepFiles

if TYPE_CHECKING:
    from sandbox.runner.job_log import JobLog
    from sandbox.runner.processes import Processes

SUCCESS, FAILURE, SKIPPED, CANCELLED = "success", "failure", "skipped", "cancelled"
_MINUTES = 360.0
_SHELLS = {
    "": ["bash", "-e"],
    "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"],
    "sh": ["sh", "-e"],
    "python": ["python"],
}


@dataclass(frozen=True, slots=True)
class JobOrder:
    """What a job is told: nothing of it changes while it runs.

    Attributes:
        contexts: `github`, `inputs`, `vars`, `secrets`, `needs`.
        minute: How many seconds a minute of a time limit has.
    """

    key: str
    definition: Mapping[str, Any]
    workflow: Mapping[str, Any]
    contexts: Mapping[str, Any]
    facts: Facts
    variables: Mapping[str, str]
    folder: Path
    minute: float = 60.0


@dataclass(slots=True)
class JobRun:
    """A job at work."""

    order: JobOrder
    log: JobLog
    processes: Processes
    report: Callable[[list[dict[str, Any]]], None] = lambda _steps: None
    status: str = SUCCESS
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    exported: dict[str, str] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    views: list[dict[str, Any]] = field(default_factory=list)
    deadline: float = 0.0

    def run(self) -> str:
        """Run every step whose condition holds; how the job ended."""
        minutes = float(self.order.definition.get("timeout-minutes") or _MINUTES)
        self.deadline = time.monotonic() + minutes * self.order.minute
        self.workspace.mkdir(parents=True)
        (self.order.folder / "home").mkdir()
        for number, facts in enumerate(self.order.definition.get("steps") or (), start=1):
            self._step(number, facts)
        return self.status

    def outputs(self) -> dict[str, str]:
        """The job's `outputs:`."""
        contexts = self._contexts({})
        declared = self.order.definition.get("outputs") or {}
        return {name: text_of(raw, contexts) for name, raw in declared.items()}

    @property
    def workspace(self) -> Path:
        return self.order.folder / "workspace"

    def _step(self, number: int, facts: Mapping[str, Any]) -> None:
        if self.processes.stopped:
            self.status = CANCELLED
        variables = self._variables({})
        contexts = self._contexts(variables)
        name = text_of(facts.get("name") or facts.get("uses") or facts.get("run", ""), contexts)
        view = {"name": name.splitlines()[0] if name else str(number), "number": number}
        view |= {"status": "in_progress", "conclusion": None, "started_at": now()}
        view |= {"completed_at": None}
        self.views.append(view)
        self.report(self.views)
        self.log.say(f"##[group]{view['name']}")
        outcome = SKIPPED
        outputs: dict[str, str] = {}
        if holds(facts.get("if"), contexts, [self.status]):
            outcome, outputs = self._attempt(number, facts)
        forgiven = outcome == FAILURE and text_of(facts.get("continue-on-error", ""), contexts)
        conclusion = SUCCESS if forgiven == "true" else outcome
        if facts.get("id"):
            self.steps[str(facts["id"])] = {
                **{"outputs": outputs, "outcome": outcome, "conclusion": conclusion}
            }
        if conclusion == FAILURE and self.status == SUCCESS:
            self.status = FAILURE
        self.log.say(f"##[endgroup]{conclusion}")
        view |= {"status": "completed", "conclusion": conclusion, "completed_at": now()}
        self.report(self.views)

    def _attempt(self, number: int, facts: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        """Do the step; its outcome and its outputs."""
        files = StepFiles(self.order.folder / "files" / str(number))
        files.create()
        try:
            variables = {**self._variables(facts.get("env") or {}), **files.variables()}
            if "uses" in facts:
                return SUCCESS, self._use(facts, variables)
            code = self._call(facts, variables, files)
            self.exported |= files.environment()
            self.paths = [*files.paths(), *self.paths]
            for line in files.summary().splitlines():
                self.log.say(f"summary: {line}")
            if code != 0:
                self.log.say(f"##[error]Process completed with exit code {code}.")
            return (SUCCESS if code == 0 else FAILURE), files.outputs()
        except (StepError, StepFileError, OSError) as error:
            self.log.say(f"##[error]{error}")
            return FAILURE, {}

    def _use(self, facts: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, str]:
        contexts = self._contexts(variables)
        given = {k: text_of(v, contexts) for k, v in (facts.get("with") or {}).items()}
        step = Step(
            facts=self.order.facts,
            workspace=self.workspace,
            given=given,
            variables=variables,
            say=self.log.say,
            hide=self.log.hide,
        )
        perform(str(facts["uses"]), step)
        self.exported |= step.exported
        return step.outputs

    def _call(
        self, facts: Mapping[str, Any], variables: Mapping[str, str], files: StepFiles
    ) -> int:
        contexts = self._contexts(variables)
        defaults = self.order.definition.get("defaults") or self.order.workflow.get("defaults")
        settings = {**((defaults or {}).get("run") or {}), **facts}
        shell = str(settings.get("shell", ""))
        if shell not in _SHELLS:
            raise StepError(f"the sandbox runs no shell {shell!r}; it has: bash, sh, python")
        script = files.folder / "script"
        script.write_text(text_of(facts["run"], contexts), encoding="utf-8")
        folder = self.workspace / text_of(settings.get("working-directory", "."), contexts)
        if not folder.is_dir():
            raise StepError(f"there is no folder {settings.get('working-directory')!r}")
        left = self.deadline - time.monotonic()
        if "timeout-minutes" in facts:
            left = min(left, float(facts["timeout-minutes"]) * self.order.minute)
        return self.processes.run(
            [*_SHELLS[shell], str(script)],
            folder=folder,
            environment=variables,
            seconds=max(left, 0.0),
            say=self.log.say,
        )

    def _variables(self, own: Mapping[str, Any]) -> dict[str, str]:
        """The environment of a step: machine, workflow, job, what steps exported, its own."""
        found = {**self.order.variables}
        for layer in (self.order.workflow.get("env"), self.order.definition.get("env")):
            found |= _filled(layer or {}, self._contexts(found))
        found |= self.exported
        found |= _filled(own, self._contexts(found))
        found["PATH"] = os.pathsep.join([*self.paths, found["PATH"]])
        return found

    def _contexts(self, variables: Mapping[str, str]) -> dict[str, Any]:
        temporary = str(self.order.folder / "home")
        return {
            **self.order.contexts,
            "env": dict(variables),
            "steps": self.steps,
            "job": {"status": self.status},
            "runner": {"os": "Linux", "arch": "X64", "name": "sandbox", "temp": temporary},
            "matrix": {},
            "strategy": {},
            "hashfiles()": lambda patterns: hash_files(self.workspace, patterns),
        }


def _filled(layer: Mapping[str, Any], contexts: Mapping[str, Any]) -> dict[str, str]:
    return {name: text_of(raw, contexts) for name, raw in layer.items()}

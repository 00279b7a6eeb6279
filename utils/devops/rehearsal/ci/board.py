"""What act's log says of each job and step, kept up to date line by line."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from common.masking import mask

_TAIL = 30
_NOISE = ("unable to get git ", "Couldn't get a valid docker connection")
_OWN_STEPS = ("Set up job", "Complete job")


class Result(StrEnum):
    """How a job or step ended, or that it has not."""

    RUNNING = "running"
    SUCCESS = "success"
    FAILURE = "failure"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    NOT_RUN = "not run"


@dataclass(slots=True)
class StepRun:
    """One step that ran; `tail` is the end of what it printed."""

    name: str
    result: Result = Result.RUNNING
    seconds: float = 0.0
    tail: list[str] = field(default_factory=list)


@dataclass(slots=True)
class JobRun:
    """One job, or one leg of its matrix."""

    id: str
    name: str
    leg: str = ""
    result: Result = Result.RUNNING
    steps: list[StepRun] = field(default_factory=list)
    note: str = ""
    trouble: str = ""
    """The last error that act told of it."""

    @property
    def failed_steps(self) -> list[StepRun]:
        return [step for step in self.steps if step.result is Result.FAILURE]

    @property
    def label(self) -> str:
        return f"{self.name} [{self.leg}]" if self.leg else self.name

    @property
    def seconds(self) -> float:
        return sum(step.seconds for step in self.steps)

    @property
    def current(self) -> StepRun | None:
        """The step that runs now, or ran last."""
        return self.steps[-1] if self.steps else None


@dataclass(frozen=True, slots=True)
class Event:
    """What one line meant: the job it is about and the text for the job's log."""

    job: JobRun | None
    text: str
    changed: bool = False
    """A job or step started or ended."""


class Board:
    """All jobs that act has spoken of, in the order in which they started."""

    def __init__(self) -> None:
        self.jobs: dict[str, JobRun] = {}
        self.summaries: list[str] = []
        self.printed: list[str] = []
        self.complaints: list[str] = []

    def take(self, line: str) -> Event | None:
        """Note one line of act's JSON log; None where it says nothing to anybody."""
        entry = _parsed(line)
        if entry is None:
            self.complaints.append(mask(line.removeprefix("Error: ")))
            return Event(None, mask(line))
        text = mask(str(entry.get("msg", "")).rstrip("\n"))
        if not text or text.startswith(_NOISE):
            return None
        if "job" not in entry:
            if entry.get("level") == "error":
                self.complaints.append(text)
            return Event(None, text)
        job = self._job(entry)
        if entry.get("level") == "error":
            job.trouble = text
        return Event(job, text, changed=self._note(job, entry, text))

    def _job(self, entry: dict[str, Any]) -> JobRun:
        key = str(entry["job"]).strip()
        if key not in self.jobs:
            leg = ", ".join(str(value) for value in (entry.get("matrix") or {}).values())
            name = key.split("/", 1)[-1].strip()
            if leg and name.rpartition("-")[2].isdigit():
                name = name.rpartition("-")[0]
            self.jobs[key] = JobRun(str(entry.get("jobID", key)), name, leg)
        return self.jobs[key]

    def _note(self, job: JobRun, entry: dict[str, Any], text: str) -> bool:
        if entry.get("command") == "summary":
            self.summaries.append(str(entry.get("content", "")))
            return False
        if "unsupported platform" in text:
            job.result, job.note = Result.NOT_RUN, "there is no such runner here"
            return True
        if "jobResult" in entry:
            job.result = _result(entry["jobResult"])
            return True
        name = str(entry.get("step", ""))
        if not name or (name in _OWN_STEPS and entry.get("stepResult") != "failure"):
            return False
        step = self._step(job, name)
        if entry.get("raw_output"):
            step.tail = [*step.tail, *text.splitlines()][-_TAIL:]
            self.printed += text.splitlines()
            return False
        if "stepResult" in entry:
            step.result = _result(entry["stepResult"])
            step.seconds += float(entry.get("executionTime", 0)) / 1e9
            return True
        if entry.get("level") == "error":
            step.tail = [*step.tail, text][-_TAIL:]
        return text.startswith("⭐")

    def _step(self, job: JobRun, name: str) -> StepRun:
        found = next((step for step in job.steps if step.name == name), None)
        if found is None:
            found = StepRun(name)
            job.steps.append(found)
        return found

    def close(self) -> None:
        """act has ended: what still seems to run was cut off, or never ran."""
        for job in self.jobs.values():
            if job.result is Result.RUNNING:
                job.result, job.note = Result.CANCELLED, "act ended before the job did"
            elif job.result is Result.FAILURE and not job.failed_steps:
                job.result = Result.NOT_RUN
                job.note = job.trouble or (self.complaints or ["act could not prepare it"])[-1]
            for step in job.steps:
                if step.result is Result.RUNNING:
                    ended = job.result in (Result.SUCCESS, Result.FAILURE)
                    step.result = Result.SKIPPED if ended else Result.CANCELLED


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def _result(word: object) -> Result:
    known = {one.value for one in Result}
    return Result(str(word)) if word in known else Result.FAILURE

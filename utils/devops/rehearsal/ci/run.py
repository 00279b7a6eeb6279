"""Run a workflow's jobs with act and say how each ended; logs are kept."""

from __future__ import annotations

import re
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from common.errors import ExitCode
from common.interrupts import hear_first_only
from common.output import warn
from common.process import follow
from pipelines.simulation.fidelity import Extent, Gap, gaps
from pipelines.simulation.simulate import Asked as AskedOf
from pipelines.simulation.simulate import simulate
from pipelines.simulation.start import load, root_of
from rehearsal.ci.board import Board, JobRun, Result
from rehearsal.ci.coverage import Coverage, find_coverage
from rehearsal.ci.engine import Asked, start
from rehearsal.ci.live import Show
from rehearsal.ci.safety import require_harmless

if TYPE_CHECKING:
    from pipelines.simulation.plan import PlannedJob
    from rehearsal.ci.engine import Start

_LIMIT_S = 3600


@dataclass(frozen=True, slots=True)
class CiRun:
    """How a local run ended: its jobs, those that never ran included; where its logs are."""

    workflow: str
    event: str
    extent: Extent
    jobs: tuple[JobRun, ...]
    coverage: Coverage | None
    wanted_coverage: float | None
    reports: Path
    trouble: str
    """What act itself complained of; empty when it ended as its jobs did."""
    not_exercised: tuple[Gap, ...]

    @property
    def failed(self) -> bool:
        """A job failed, or the coverage is below what was asked for."""
        low = (
            self.coverage and self.wanted_coverage and self.coverage.percent < self.wanted_coverage
        )
        return bool(low) or any(job.result is Result.FAILURE for job in self.jobs)

    @property
    def incomplete(self) -> bool:
        """A job that should have run did not, or nobody measured the coverage asked for."""
        unmeasured = self.wanted_coverage is not None and self.coverage is None
        cut = any(job.result in (Result.NOT_RUN, Result.CANCELLED) for job in self.jobs)
        return unmeasured or cut or bool(self.trouble) or not self.jobs

    @property
    def exit_code(self) -> ExitCode:
        if self.failed:
            return ExitCode.FAILED
        return ExitCode.UNAVAILABLE if self.incomplete else ExitCode.DONE


def run_ci(asked: Asked, reports: Path, wanted_coverage: float | None = None) -> CiRun:
    """Run the jobs; everything they print goes to `<reports>/<job>.log`.

    Raises:
        RefusedError: A job would deploy, enter an environment or sign in.
        UnavailableError: act is missing, or the workflow cannot be read.
    """
    flow, root = load(asked.workflow), root_of(asked.workflow)
    chosen = require_harmless(flow, root, asked.job)
    planned = simulate(asked.workflow, AskedOf(asked.event or None, asked.inputs))
    asked = replace(asked, event=planned.event)
    labels = list(dict.fromkeys(leg.runner for job in planned.jobs for leg in job.legs))
    reports.mkdir(parents=True, exist_ok=True)
    artifacts, board = reports / "artifacts", Board()
    with tempfile.TemporaryDirectory(prefix="bbws-ci-") as home:
        began = start(asked, root, labels, Path(home), artifacts)
        if began.extent is Extent.HOST:
            warn("steps run on this machine itself, without a container, as this user")
        code = _followed(began, board, reports)
    board.close()
    wanted = [job for job in planned.jobs if job.legs or job.runs is not True]
    wanted = [job for job in wanted if job.id.split(" / ")[0] in chosen]
    jobs = (*board.jobs.values(), *_missing(board, wanted))
    failed = any(job.result is Result.FAILURE for job in jobs)
    trouble = "" if code == 0 or failed else (board.complaints or ["act failed"])[-1]
    found = find_coverage(artifacts, board.summaries, board.printed)
    return CiRun(
        str(asked.workflow), asked.event, began.extent, jobs, found, wanted_coverage, reports,
        trouble, tuple(gaps(flow, began.extent)),
    )  # fmt: skip


def _followed(began: Start, board: Board, reports: Path) -> int:
    with ExitStack() as stack:
        logs: dict[str, IO[str]] = {}

        def log(name: str, text: str) -> None:
            if name not in logs:
                path = reports / f"{_file_name(name)}.log"
                logs[name] = stack.enter_context(path.open("w", encoding="utf-8"))
            logs[name].write(text + "\n")
            logs[name].flush()

        show = stack.enter_context(Show(board))

        def take(line: str) -> None:
            event = board.take(line)
            if event is not None:
                log(event.job.label if event.job else "act", event.text)
                show.update(event)

        hear_first_only()
        return follow(began.words, take, cwd=began.home, env=began.env, timeout=_LIMIT_S).code


def _missing(board: Board, planned: list[PlannedJob]) -> list[JobRun]:
    """The jobs that act never spoke of: skipped by a condition, or after a failure."""
    seen = {job.id for job in board.jobs.values()}
    failed = any(job.result is Result.FAILURE for job in board.jobs.values())
    found = []
    for job in planned:
        if job.id.rsplit(" / ", 1)[-1] in seen:
            continue
        result, reason = Result.NOT_RUN, "act left it out"
        if job.runs is not True or failed:
            result = Result.SKIPPED
            reason = "a job before it failed" if job.runs else f"condition: {job.condition}"
        found.append(JobRun(job.id, job.name, "", result, note=reason))
    return found


def _file_name(label: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", label).strip("-.") or "job"

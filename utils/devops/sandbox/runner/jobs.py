"""Executes the jobs of the sandbox's GitHub on this machine, each in a thread and a folder."""

from __future__ import annotations

import shutil
import threading
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.github import engine
from sandbox.runner.job import FAILURE, JobRun
from sandbox.runner.job_log import JobLog
from sandbox.runner.orders import order_for
from sandbox.runner.processes import Processes

if TYPE_CHECKING:
    from sandbox.github.store import Data, Store
    from sandbox.runner.job import JobOrder
    from sandbox.runner.machine import Machine

_END_S = 10


def log_of(folder: Path, run: int, job: int) -> Path:
    """Where the log of a job lies in GitHub's folder."""
    return folder / "logs" / str(run) / f"{job}.log"


@dataclass(slots=True)
class _Work:
    thread: threading.Thread
    processes: Processes


@dataclass(slots=True)
class LocalRunner:
    """The machine that takes every job at once."""

    machine: Machine
    _works: dict[int, _Work] = field(default_factory=dict)

    def start(self, store: Store, repo: Data, run: Data, job: Data) -> str | None:
        """Begin a job; the store's lock is held."""
        folder = self.machine.folder / str(job["id"])
        log = JobLog(log_of(store.folder, run["id"], job["id"]))
        token = store.job_token(repo, job)
        order = order_for(store, repo, run, job, self.machine, folder, token)
        for secret in (*order.contexts["secrets"].values(), token):
            log.hide(secret)
        processes = Processes()
        thread = threading.Thread(
            target=self._execute,
            args=(store, repo, run, job, order, JobRun(order, log, processes)),
            name=f"job-{job['id']}",
            daemon=True,
        )
        self._works[job["id"]] = _Work(thread, processes)
        thread.start()
        return None

    def cancel(self, run: Data) -> None:
        """End what runs of it."""
        for job in run["jobs"]:
            work = self._works.get(job["id"])
            if work is not None:
                work.processes.stop()

    def close(self) -> None:
        """End every job, with all that its steps started."""
        works = list(self._works.values())
        for work in works:
            work.processes.stop()
        for work in works:
            work.thread.join(_END_S)

    def _execute(
        self, store: Store, repo: Data, run: Data, job: Data, order: JobOrder, at_work: JobRun
    ) -> None:
        def report(steps: list[dict[str, Any]]) -> None:
            with store.lock:
                job["steps"] = [dict(step) for step in steps]

        at_work.report = report
        outputs: dict[str, str] = {}
        try:
            conclusion = at_work.run()
            outputs = at_work.outputs()
        except Exception:  # whatever it is, it is this job's failure and in this job's log
            at_work.log.say(traceback.format_exc())
            conclusion = FAILURE
        finally:
            at_work.log.close()
            shutil.rmtree(order.folder, ignore_errors=True)
        with store.lock:
            store.forget_token(order.facts.token)
            self._works.pop(job["id"], None)
            job["outputs"] = outputs
            if job["status"] != "completed":
                engine.finish_job(store, repo, run, job, conclusion, self)
            store.save()


def abandon(store: Store) -> None:
    """Cancel jobs whose machine was gone when the sandbox started again."""
    with store.lock:
        for repo in store.data["repos"].values():
            for run in repo["runs"].values():
                lost = [job for job in run["jobs"] if job["status"] == "in_progress"]
                if lost:
                    engine.cancel(run)
        store.save()

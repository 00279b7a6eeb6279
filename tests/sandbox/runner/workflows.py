"""Dispatches workflows in tests and waits for what comes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.repository.house import PATH, House
from tests.sandbox.support import eventually

PATIENCE_S = 120


@dataclass(frozen=True)
class Run:
    """A workflow run, seen from outside."""

    house: House
    path: str

    def facts(self) -> Any:
        return self.house.connect().get(self.path)

    def ended(self) -> str:
        """How it ended, as soon as it has."""
        eventually(lambda: self.facts()["status"] == "completed", PATIENCE_S)
        return str(self.facts()["conclusion"])

    def waits(self) -> None:
        """Wait until it waits."""
        eventually(lambda: self.facts()["status"] == "waiting", PATIENCE_S)

    def jobs(self) -> dict[str, str]:
        found = self.house.connect().listing(f"{self.path}/jobs", "jobs")
        return {job["name"]: job["conclusion"] or job["status"] for job in found}

    def steps(self, job: str) -> dict[str, str]:
        """How the steps of a job ended, by name."""
        found = self.house.connect().listing(f"{self.path}/jobs", "jobs")
        (steps,) = [each["steps"] for each in found if each["name"] == job]
        return {step["name"]: step["conclusion"] for step in steps}

    def log(self, job: str) -> str:
        found = self.house.connect().listing(f"{self.path}/jobs", "jobs")
        (number,) = [each["id"] for each in found if each["name"] == job]
        run = self.path.rpartition("/")[2]
        return str((self.house.store.folder / "logs" / run / f"{number}.log").read_text())


def dispatch(house: House, workflow: str, **inputs: str) -> Run:
    """Add the workflow as `work.yml` and start it on main."""
    house.add_workflow(workflow, "work.yml")
    sent = {"ref": "main", "inputs": inputs, "return_run_details": True}
    made = house.connect().post(f"{PATH}/actions/workflows/work.yml/dispatches", sent)
    return Run(house, f"{PATH}/actions/runs/{made['workflow_run_id']}")

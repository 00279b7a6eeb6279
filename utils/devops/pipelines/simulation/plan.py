"""What a workflow would do: jobs in their order, the legs of each, the steps of each leg."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.simulation.fidelity import Gap


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step: `runs` is None when that is only known at run time."""

    label: str
    runs: bool | None
    condition: str = ""
    command: str = ""
    action: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[PlannedStep, ...] = ()
    """The steps of an action of the repository itself."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One combination of a job's matrix; without a matrix there is one leg and no label."""

    label: str
    runner: str
    steps: tuple[PlannedStep, ...]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """One job in its place in the order; `stage` counts from 1, jobs of a stage run together."""

    id: str
    name: str
    stage: int
    needs: tuple[str, ...]
    runs: bool | None
    condition: str = ""
    environment: str = ""
    waits_for: tuple[str, ...] = ()
    legs: tuple[Leg, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    uploads: tuple[str, ...] = ()
    downloads: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class DryRun:
    """Everything a workflow would do for one event, and what this did not exercise."""

    path: str
    name: str
    event: str
    starts: bool
    inputs: Mapping[str, str]
    jobs: tuple[PlannedJob, ...]
    not_exercised: tuple[Gap, ...]

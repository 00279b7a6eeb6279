"""What a workflow would do, in order. Nothing is executed, fetched or written.

Stages: choose the event and its inputs; order the jobs; for each job decide its `if:` and its
matrix; for each step fill in what is known. What is only known at run time stays visible as such.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.environments import environments
from common.masking import mask
from pipelines.checks.matrix import combinations
from pipelines.simulation.evaluate import Unknown, condition, fill_in, render, value_of
from pipelines.simulation.fidelity import Extent, gaps
from pipelines.simulation.plan import DryRun, Leg, PlannedJob, PlannedStep
from pipelines.simulation.start import (
    chosen_event,
    given_inputs,
    load,
    root_of,
    starting_contexts,
)
from pipelines.workflow.model import EMPTY, Action, Job, Repository, Step, Workflow

if TYPE_CHECKING:
    from pipelines.workflow.yaml_tree import Node

_DEEPEST = 4
_STATUS = ("success(", "failure(", "always(", "cancelled(")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user wants to see: an event, and values for its inputs."""

    event: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)


def simulate(path: Path, asked: Asked) -> DryRun:
    """Work out what the workflow would do.

    Raises:
        UnavailableError: The file cannot be read as a workflow.
        UsageProblemError: The event or an input is not one of the workflow's.
    """
    flow = load(path)
    event = chosen_event(flow, asked.event)
    inputs = given_inputs(flow, event, asked.inputs)
    planner = _Planner(flow, starting_contexts(flow, event, inputs), root_of(path))
    return DryRun(
        path=str(path),
        name=flow.name,
        event=event,
        starts=event in flow.events,
        inputs={name: render(value) for name, value in inputs.items()},
        jobs=tuple(planner.jobs()),
        not_exercised=tuple(gaps(flow, Extent.NOTHING)),
    )


class _Planner:
    """Plans the jobs of one workflow, those of the workflows it calls included."""

    def __init__(
        self, flow: Workflow, contexts: Mapping[str, Any], root: Path, *, prefix: str = ""
    ) -> None:
        self._flow = flow
        self._contexts = contexts
        self._repository = Repository(root)
        self._prefix = prefix
        self._skipped: set[str] = set()
        self._behind_skipped: set[str] = set()
        """Jobs with a skipped one somewhere before them."""

    def jobs(self, depth: int = 0, first_stage: int = 1) -> Iterator[PlannedJob]:
        """The jobs in an order in which they can run."""
        for stage, job in _ordered(self._flow):
            if any(n in self._skipped or n in self._behind_skipped for n in job.need_ids):
                self._behind_skipped.add(job.id)
            contexts = {**self._contexts, "needs": self._needs(job)}
            planned = self._job(job, stage + first_stage - 1, contexts)
            if planned.runs is False:
                self._skipped.add(job.id)
            yield planned
            if job.uses is not None and planned.runs is not False and depth < _DEEPEST:
                yield from self._called(job, planned, contexts, depth)

    def _needs(self, job: Job) -> dict[str, Any]:
        results = {}
        for need in job.need_ids:
            target = self._flow.jobs.get(need)
            names = target.outputs if target is not None and target.outputs else frozenset()
            results[need] = {
                "result": "skipped" if need in self._skipped else "success",
                "outputs": {name: Unknown(f"needs.{need}.outputs.{name}") for name in names}
                or Unknown(f"needs.{need}.outputs"),
            }
        return results

    def _job(self, job: Job, stage: int, contexts: dict[str, Any]) -> PlannedJob:
        runs, text = self._decide(job, contexts)
        legs, note = self._legs(job, contexts) if runs is not False else ((), "")
        environment = fill_in(job.environment.text, contexts) if job.environment else ""
        uploads, downloads = _artifacts(legs)
        outputs = job.node.get("outputs") or EMPTY
        first = {**contexts, "matrix": {}, "steps": Unknown("steps"), "env": {}}
        named = job.node.get("name")
        return PlannedJob(
            id=self._prefix + job.id,
            name=fill_in(named.text, first) if named is not None else job.id,
            stage=stage,
            needs=tuple(self._prefix + need for need in job.need_ids),
            runs=runs,
            condition=text,
            environment=environment,
            waits_for=_waits_for(environment),
            legs=legs,
            outputs={name: fill_in(value.text, first) for name, value in outputs.pairs()},
            uploads=uploads,
            downloads=downloads,
            note=note or (f"calls {job.uses.text}" if job.uses is not None else ""),
        )

    def _decide(self, job: Job, contexts: dict[str, Any]) -> tuple[bool | None, str]:
        """Whether a job runs: its `if:`, and the fate of all jobs before it, near or far."""
        text = job.condition.text.strip() if job.condition is not None else ""
        needs_skipped = job.id in self._behind_skipped
        asks_status = any(name in text for name in _STATUS)
        if needs_skipped and not asks_status:
            return False, text or "a job it needs is skipped"
        if not text:
            return True, ""
        return condition(text, {**contexts, "success()": not needs_skipped}), text

    def _legs(self, job: Job, contexts: dict[str, Any]) -> tuple[tuple[Leg, ...], str]:
        if job.uses is not None:
            return (), ""
        combined = combinations(job) or self._dynamic_legs(job, contexts)
        if combined is None:
            legs = (self._leg(job, {}, contexts, unknown_matrix=True),)
            return legs, "its matrix is only known at run time; one leg is shown"
        return tuple(self._leg(job, values, contexts) for values in combined), ""

    def _dynamic_legs(self, job: Job, contexts: dict[str, Any]) -> list[dict[str, Any]] | None:
        """The legs of a matrix that an expression makes, where its value is known already."""
        matrix = job.matrix
        if matrix is None or not matrix.is_scalar:
            return None
        value = value_of(matrix.text, contexts)
        if not isinstance(value, dict) or any(not isinstance(v, list) for v in value.values()):
            return None
        legs: list[dict[str, Any]] = [{}]
        for name, values in value.items():
            legs = [{**leg, name: each} for leg in legs for each in values]
        return legs[:256]

    def _leg(
        self,
        job: Job,
        values: Mapping[str, Any],
        contexts: dict[str, Any],
        *,
        unknown_matrix: bool = False,
    ) -> Leg:
        there: dict[str, Any] = {
            **contexts,
            "matrix": Unknown("matrix") if unknown_matrix else dict(values),
            "strategy": Unknown("strategy"),
            "runner": {"os": Unknown("runner.os")},
            "job": {"status": "success"},
            "steps": {},
        }
        env = _filled(self._flow.root.get("env"), there)
        env |= _filled(job.node.get("env"), {**there, "env": env})
        there["env"] = env
        runner = job.node.get("runs-on") or EMPTY
        labels = [fill_in(node.text, there) for node in runner.texts()]
        steps = tuple(self._steps(job.steps, there))
        label = ", ".join(render(value) for value in values.values())
        masked = {name: mask(value) for name, value in env.items()}
        return Leg(label, ", ".join(labels), steps, masked)

    def _steps(
        self, steps: Sequence[Step], contexts: dict[str, Any], depth: int = 0
    ) -> Iterator[PlannedStep]:
        known: dict[str, Any] = dict(contexts.get("steps") or {})
        for step in steps:
            there = {**contexts, "steps": known}
            planned = self._step(step, there, depth)
            if step.id is not None:
                outputs = Unknown(f"steps.{step.id.text}.outputs")
                outcome = "skipped" if planned.runs is False else "success"
                known[step.id.text] = {
                    "outputs": outputs if planned.runs is not False else {},
                    "outcome": outcome,
                    "conclusion": outcome,
                }
            yield planned

    def _step(self, step: Step, contexts: dict[str, Any], depth: int) -> PlannedStep:
        text = step.condition.text.strip() if step.condition is not None else ""
        own = _filled(step.env, contexts)
        there = {**contexts, "env": {**contexts["env"], **own}}
        inputs = {name: fill_in(value.text, there) for name, value in step.inputs.pairs()}
        planned = PlannedStep(
            label=fill_in(step.label, there),
            runs=condition(text, there) if text else True,
            condition=text,
            command=mask(fill_in(step.run.text, there)).rstrip() if step.run is not None else "",
            action=step.uses.text if step.uses is not None else "",
            inputs={name: mask(value) for name, value in inputs.items()},
            env={name: mask(value) for name, value in own.items()},
        )
        action = self._own_action(step)
        if action is None or depth >= _DEEPEST:
            return planned
        inner = {**there, "inputs": _action_inputs(action, inputs), "steps": {}}
        return replace(planned, steps=tuple(self._steps(action.steps, inner, depth + 1)))

    def _own_action(self, step: Step) -> Action | None:
        if step.uses is None or not step.uses.text.startswith(("./", "$/")):
            return None
        return self._repository.action(step.uses.text)

    def _called(
        self, job: Job, planned: PlannedJob, contexts: dict[str, Any], depth: int
    ) -> Iterator[PlannedJob]:
        reference = job.uses.text if job.uses is not None else ""
        callee = (
            self._repository.workflow(reference) if reference.startswith(("./", "$/")) else None
        )
        if callee is None:
            return
        given = job.node.get("with") or EMPTY
        values: dict[str, Any] = {n: value_of(v.text, contexts) for n, v in given.pairs()}
        for name, settings in callee.inputs("workflow_call").pairs():
            default = settings.get("default")
            values.setdefault(name, default.plain() if default is not None else None)
        inner = {**self._contexts, "inputs": values}
        planner = _Planner(callee, inner, self._repository.root, prefix=f"{planned.id} / ")
        yield from planner.jobs(depth + 1, planned.stage)


def _ordered(flow: Workflow) -> Iterator[tuple[int, Job]]:
    """Jobs with their stage; those that wait for each other, or for one of these, come last."""
    waits = {name: {n for n in job.need_ids if n in flow.jobs} for name, job in flow.jobs.items()}
    after: dict[str, list[str]] = {name: [] for name in flow.jobs}
    for name, needs in waits.items():
        for need in needs:
            after[need].append(name)
    stages = {name: 1 for name, needs in waits.items() if not needs}
    ready = list(stages)
    while ready:
        name = ready.pop()
        for later in after[name]:
            waits[later].discard(name)
            if not waits[later]:
                before = (stages[n] for n in flow.jobs[later].need_ids if n in stages)
                stages[later] = 1 + max(before)
                ready.append(later)
    last = 1 + max(stages.values(), default=0)
    for job in sorted(flow.jobs.values(), key=lambda job: stages.get(job.id, last)):
        yield stages.get(job.id, last), job


def _filled(node: Node | None, contexts: Mapping[str, Any]) -> dict[str, Any]:
    pairs = node.pairs() if node is not None and node.is_mapping else ()
    return {name: _one_line(fill_in(value.text, contexts)) for name, value in pairs}


def _one_line(text: str) -> str:
    return " ".join(text.split()) if "\n" in text else text


def _action_inputs(action: Action, given: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, settings in action.inputs.items():
        default = settings.get("default")
        values[name] = default.plain() if default is not None else ""
    return {**values, **{name.lower(): value for name, value in given.items()}}


def _waits_for(environment: str) -> tuple[str, ...]:
    """Whose approval an environment waits for, as the house configures its environments."""
    known = environments()
    prod = {f"prod-{role}": (role,) for role in known["prod"].approvals}
    if environment in prod:
        return prod[environment]
    if environment == "prod":
        return ("wait timer",)
    return known[environment].approvals if environment in known else ()


def _artifacts(legs: Sequence[Leg]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    steps = [step for leg in legs for step in leg.steps if step.runs is not False]
    named = {
        kind: tuple(
            dict.fromkeys(
                step.inputs.get("name", "artifact" if kind == "upload" else "all artifacts")
                for step in steps
                if step.action.startswith(f"actions/{kind}-artifact@")
            )
        )
        for kind in ("upload", "download")
    }
    return named["upload"], named["download"]

"""The steps of a deployment, decided before the first one is taken. Pure: no I/O.

The same plan is printed by `--dry-run` and walked by the engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from deploy.canary.strategy import Hold, Strategy
from deploy.model import Deployment, Kind
from deploy.states import Position, State

if TYPE_CHECKING:
    from deploy.resources import Resources


class Action(Enum):
    """What the engine does in a step."""

    CHECK = "check"
    SAVE = "save"
    RELEASE = "release"
    HOLD = "hold"
    SMOKE = "smoke"
    FINISH = "finish"


class Component(Enum):
    """What a rollback is to bring back."""

    LAMBDA = "lambda"
    API = "api"
    TERRAFORM = "terraform"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: the position it stands for, what it does, and the calls that change something."""

    position: Position
    action: Action
    title: str
    calls: tuple[str, ...] = ()
    hold: Hold | None = None


def plan_release(
    deployment: Deployment, strategy: Strategy, resources: Resources
) -> tuple[Step, ...]:
    """The steps that bring a release in."""
    return (
        Step(Position(State.CHECKED), Action.CHECK, "check everything before the first change"),
        Step(
            Position(State.BACKED_UP),
            Action.SAVE,
            "save what may be needed",
            _saves(deployment, resources),
        ),
        Step(
            Position(State.APPLIED),
            Action.RELEASE,
            "apply the infrastructure and publish the code, without traffic",
            _releases(resources),
        ),
        *(_hold(hold, deployment.first, resources) for hold in _holds(deployment, strategy)),
        Step(Position(State.SMOKE, 100), Action.SMOKE, "test what callers get"),
        Step(Position(State.SUCCEEDED, 100), Action.FINISH, "tell everybody", _tells()),
    )


def plan_rollback(component: Component, resources: Resources) -> tuple[Step, ...]:
    """The steps back to a release that was live before: at once, without judging it again."""
    steps = [Step(Position(State.CHECKED), Action.CHECK, "check that the release can be restored")]
    code = component in (Component.LAMBDA, Component.FULL)
    percent = 100 if code else 0
    if code:
        steps.append(_hold(Hold(100, 0), True, resources))
    if component is not Component.LAMBDA:
        what = "rest" if code else component.value
        title = f"bring the {what} of that release back"
        calls = _brought_back(component)
        steps.append(Step(Position(State.APPLIED, percent), Action.RELEASE, title, calls))
    steps += [
        Step(Position(State.SMOKE, percent), Action.SMOKE, "test what callers get"),
        Step(Position(State.SUCCEEDED, percent), Action.FINISH, "tell everybody", _tells()),
    ]
    return tuple(steps)


def remaining(steps: tuple[Step, ...], position: Position) -> tuple[Step, ...]:
    """The steps that are left at a position: from the one begun there, or after the one done."""
    for index, step in enumerate(steps):
        if (step.position.state, step.position.percent) == (position.state, position.percent):
            return steps[index + 1 :] if position.done else steps[index:]
    return steps if position.state in (State.REQUESTED, State.BLOCKED) else ()


def _holds(deployment: Deployment, strategy: Strategy) -> tuple[Hold, ...]:
    """A first version has nothing to shift from, and nothing to be compared with."""
    if deployment.first or deployment.kind is Kind.ROLLBACK:
        return (Hold(100, 0),)
    return strategy.holds


def _hold(hold: Hold, direct: bool, resources: Resources) -> Step:
    state = State.CANARY if hold.judged and hold.percent <= 10 else State.SHIFT
    watched = f", watch it {hold.seconds / 60:g} min, judge it" if hold.judged else ""
    at_once = " at once" if direct else ""
    return Step(
        Position(state, hold.percent),
        Action.HOLD,
        f"move {hold.percent} % of the traffic{at_once}{watched}",
        tuple(f"lambda:UpdateAlias {name}:live {hold.percent} %" for name in resources.functions),
        hold,
    )


def _saves(deployment: Deployment, resources: Resources) -> tuple[str, ...]:
    tables = resources.tables if deployment.environment.startswith("prod") else ()
    api = (
        (f"apigateway:CreateDeployment {resources.api_name} (snapshot)",)
        if resources.api_id
        else ()
    )
    asked = ("events:PutEvents bbws.devops BackupRequested",)
    return (*asked, *(f"dynamodb:CreateBackup {table}" for table in tables), *api)


def _releases(resources: Resources) -> tuple[str, ...]:
    code = [
        call
        for name in resources.functions
        for call in (f"lambda:UpdateFunctionCode {name}", f"lambda:PublishVersion {name}")
    ]
    api = (
        (f"apigateway:CreateDeployment {resources.api_name} (snapshot)",)
        if resources.api_id
        else ()
    )
    return ("s3:PutObject package", "terraform apply", *code, *api)


def _brought_back(component: Component) -> tuple[str, ...]:
    stage, apply = "apigateway:UpdateStage", "terraform apply (of that release's configuration)"
    calls = {Component.API: (stage,), Component.TERRAFORM: (apply,), Component.FULL: (apply, stage)}
    return calls.get(component, ())


def _tells() -> tuple[str, ...]:
    return ("s3:PutObject evidence", "sns:Publish", "events:PutEvents", "github: deployment status")

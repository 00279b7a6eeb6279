"""Find the service in dev, lock it, and try the experiments one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.aws_lambda import Functions
from common.errors import ExitCode, RefusedError, UsageProblemError
from common.interrupts import hear_first_only
from deploy.execution.operation import owner_name
from deploy.ledger.heartbeat import Heartbeat
from deploy.site import Where, open_site, prober_for
from rehearsal.chaos.experiments import EXPERIMENTS, Subject
from rehearsal.chaos.faults import Hands
from rehearsal.chaos.laboratory import Laboratory, Outcome, Result
from rehearsal.chaos.records import BucketRecords, Record
from rehearsal.chaos.watching import FunctionCaller

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.clock import Clock
    from deploy.resources import Resources
    from deploy.site import Site


_WAY_S = 5.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says."""

    where: Where
    experiments: tuple[str, ...] = ()
    function: str | None = None
    variable: str | None = None
    path: str | None = None
    seconds: int = 300


@dataclass(frozen=True, slots=True)
class ChaosRun:
    """What the experiments showed, and what earlier runs had left."""

    service: str
    results: tuple[Result, ...]
    undone: tuple[Record, ...]

    @property
    def exit_code(self) -> ExitCode:
        outcomes = [result.outcome for result in self.results]
        if Outcome.REFUTED in outcomes:
            return ExitCode.FAILED
        return ExitCode.UNAVAILABLE if Outcome.NOTHING_LEARNED in outcomes else ExitCode.DONE


def require_dev(environment: str) -> None:
    """Faults are made in dev and nowhere else.

    Raises:
        RefusedError: It is another environment; nothing was asked of AWS.
    """
    if environment != "dev":
        raise RefusedError(
            f"faults are never made in {environment}", hint="chaos goes with --env dev"
        )


def run_chaos(asked: Asked, clock: Clock | None = None) -> ChaosRun:
    """Undo what is left over, then try the experiments.

    Raises:
        RefusedError: Not dev, wrong account, or the service is being deployed.
        FailedError: The service is not steady.
        UnavailableError: A fault could not be undone; its record is kept.
    """
    require_dev(asked.where.environment.name)
    chosen = [EXPERIMENTS[name] for name in asked.experiments or EXPERIMENTS]
    hear_first_only()
    site = open_site(asked.where, clock)
    with _laboratory(site, asked) as (laboratory, subject):
        undone = laboratory.undo_leftovers()
        results = [laboratory.try_out(one, subject, asked.seconds) for one in chosen]
    return ChaosRun(site.service, tuple(results), tuple(undone))


def undo_chaos(asked: Asked, clock: Clock | None = None) -> ChaosRun:
    """Undo what earlier runs left, and nothing else.

    Raises:
        RefusedError: Not dev, or a wrong account.
    """
    require_dev(asked.where.environment.name)
    site = open_site(asked.where, clock)
    hands = Hands.of(site.session, site.clock.sleep)
    laboratory = Laboratory(
        hands, _records(site), _Nobody(), _Silent(), site.clock, site.validated.arn
    )
    return ChaosRun(site.service, (), tuple(laboratory.undo_leftovers()))


def plan_chaos(asked: Asked, clock: Clock | None = None) -> list[str]:
    """What would be done, in order; makes every check and read, and no fault.

    Raises:
        RefusedError: Not dev, or a wrong account.
    """
    require_dev(asked.where.environment.name)
    site = open_site(asked.where, clock)
    subject = _subject(site, asked, site.resources())
    lines = [f"would undo {r.experiment} of {r.at}, left by {r.by}" for r in _records(site).all()]
    for name in asked.experiments or EXPERIMENTS:
        one = EXPERIMENTS[name]
        lines.append(f"would try {name} on {subject.function} for at most {asked.seconds} s")
        lines += [f"  {one.action}", f"  expected: {one.hypothesis}"]
    return lines


@contextmanager
def _laboratory(site: Site, asked: Asked) -> Iterator[tuple[Laboratory, Subject]]:
    """Everything for the experiments, with the service's deployment lock held meanwhile."""
    resources = site.resources()
    subject = _subject(site, asked, resources)
    ledger = site.ledger()
    lock = ledger.acquire("chaos", owner_name(site.validated.arn))
    try:
        with Heartbeat(ledger, lock) as beat:
            yield (
                Laboratory(
                    Hands.of(site.session, site.clock.sleep), _records(site),
                    _caller(site, resources, subject, asked.path), _ServiceAlarms(site),
                    site.clock, site.validated.arn, beat.check,
                ),
                subject,
            )  # fmt: skip
    finally:
        ledger.release(lock)


def _subject(site: Site, asked: Asked, resources: Resources) -> Subject:
    """The function to experiment on: the one named, else the first that can be called."""
    names = resources.functions
    if not names:
        raise UsageProblemError(
            f"{site.service!r} has no function in dev",
            hint=f"deploy_cli.py dev --service {site.service}",
        )
    if asked.function is not None and asked.function not in names:
        raise UsageProblemError(
            f"{asked.function!r} is no function of {site.service!r}",
            hint=f"functions: {', '.join(names)}",
        )
    prober = prober_for(site, resources)
    for name in [asked.function] if asked.function else names:
        if prober.can_probe(name):
            longest = _longest_call(site, name, with_path=asked.path is not None)
            return Subject(name, resources.tables, asked.variable, longest)
    raise UsageProblemError(
        "there is no event to call the function with", hint="deploy.yml names one: smoke.events"
    )


def _longest_call(site: Site, function: str, *, with_path: bool) -> float | None:
    """The function's time limit, for each of the calls that are made, and the way there."""
    found = Functions(site.session, sleep=site.clock.sleep).configuration(function)
    limit = dict(found.details).get("timeout_s", "") if found is not None else ""
    return float(limit) * (1 + with_path) + _WAY_S if limit else None


def _caller(site: Site, resources: Resources, subject: Subject, path: str | None) -> FunctionCaller:
    from rehearsal.deployed_api import api_address
    from rehearsal.integration.door import Door

    event = prober_for(site, resources).event_for(subject.function) or b"{}"
    region = site.environment.region
    door = Door(api_address(site, resources), site.session, region) if path else None
    return FunctionCaller(site.session, subject.function, event, door, path)


def _records(site: Site) -> BucketRecords:
    return BucketRecords(site.artifacts().bucket, site.service)


class _ServiceAlarms:
    """The alarms whose name starts as the service's resources do."""

    def __init__(self, site: Site) -> None:
        from common.aws_cloudwatch import Metrics

        self._metrics = Metrics(site.session, sleep=site.clock.sleep)
        self._prefix = f"bbws-{site.service}-"

    def states(self) -> dict[str, str]:
        return {alarm.name: alarm.state for alarm in self._metrics.alarms(self._prefix)}


class _Nobody:
    """Calls nothing: undoing needs no calls."""

    def call(self) -> str:
        return ""


class _Silent:
    """No alarms: undoing looks at none."""

    def states(self) -> dict[str, str]:
        return {}


def check_names(names: Sequence[str]) -> None:
    """Only known experiments.

    Raises:
        UsageProblemError: One is not.
    """
    for name in names:
        if name not in EXPERIMENTS:
            raise UsageProblemError(
                f"there is no experiment {name!r}", hint=f"one of: {', '.join(EXPERIMENTS)}"
            )

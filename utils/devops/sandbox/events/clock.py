"""Runs what is scheduled: rules of EventBridge and schedules of EventBridge Scheduler."""

from __future__ import annotations

import json
import logging
import threading
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from moto.awslambda.models import lambda_backends
from moto.events.models import events_backends
from moto.scheduler.models import scheduler_backends

from sandbox.aws.errors import MOTO_ERRORS
from sandbox.events import times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.aws.lambdas import SandboxLambdaBackend

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Scheduled:
    """One schedule and the functions it invokes, each with its payload."""

    name: str
    arn: str
    expression: str
    zone: str
    enabled: bool
    targets: tuple[tuple[str, bytes], ...]


class Clock:
    """Looks once a second for what has become due."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._stop = threading.Event()
        self._seen: dict[tuple[str, str], datetime] = {}

    def start(self) -> None:
        """Run in a thread."""
        threading.Thread(target=self._run, name="clock", daemon=True).start()

    def close(self) -> None:
        """Run nothing more."""
        self._stop.set()

    def tick(self) -> None:
        """Invoke everything that has become due since the last tick."""
        now = self._now()
        for scheduled in everything(now):
            key = (scheduled.arn, scheduled.expression)
            last = self._seen.setdefault(key, now)
            if scheduled.enabled and is_due(scheduled, last, now):
                self._seen[key] = now
                invoke(scheduled)
            elif times.period(scheduled.expression) is None:
                self._seen[key] = now

    def fire(self, name: str) -> int:
        """Invoke the schedules of this name now; how many there were."""
        found = [one for one in everything(self._now()) if name in (one.name, one.arn)]
        for scheduled in found:
            invoke(scheduled)
        return len(found)

    def _run(self) -> None:
        while not self._stop.wait(1.0):
            try:
                self.tick()
            except Exception:
                _log.exception("schedules")


def is_due(scheduled: Scheduled, last: datetime, now: datetime) -> bool:
    """Whether a moment of the schedule lies after `last` and not after `now`."""
    zone = ZoneInfo(scheduled.zone)
    every = times.period(scheduled.expression)
    if every:
        return now - last >= every
    moment = times.once(scheduled.expression)
    if moment:
        return last < moment.replace(tzinfo=zone) <= now
    found = times.cron(scheduled.expression)
    if found is None:
        return False
    minute = last.replace(second=0, microsecond=0) + timedelta(minutes=1)
    while minute <= now:
        if found.matches(minute.astimezone(zone)):
            return True
        minute += timedelta(minutes=1)
    return False


def everything(now: datetime) -> Iterator[Scheduled]:
    """All rules with a schedule and all schedules, of all accounts."""
    for account, regions in list(events_backends.items()):
        for region, backend in list(regions.items()):
            for bus in list(backend.event_buses.values()):
                for rule in list(bus.rules.values()):
                    if rule.scheduled_expression:
                        yield _of_rule(rule, account, region, now)
    for schedulers in list(scheduler_backends.values()):
        for scheduler in list(schedulers.values()):
            for group in list(scheduler.schedule_groups.values()):
                for schedule in list(group.schedules.values()):
                    yield _of_schedule(schedule)


def invoke(scheduled: Scheduled) -> None:
    """Start the functions of a schedule; one that is gone is noted, as on AWS."""
    for arn, payload in scheduled.targets:
        _, _, _, region, account, *_ = arn.split(":")
        backend = cast("SandboxLambdaBackend", lambda_backends[account][region])
        try:
            backend.run_later(arn, None, payload)
        except MOTO_ERRORS as error:
            _log.warning("schedule %s: %s", scheduled.name, error)


def _of_rule(rule: Any, account: str, region: str, now: datetime) -> Scheduled:
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": account,
        "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [rule.arn],
        "detail": {},
    }
    targets = [
        (target["Arn"], (target.get("Input") or json.dumps(event)).encode())
        for target in rule.targets
        if ":lambda:" in target["Arn"]
    ]
    enabled = rule.state.startswith("ENABLED")
    return Scheduled(rule.name, rule.arn, rule.scheduled_expression, "UTC", enabled, tuple(targets))


def _of_schedule(schedule: Any) -> Scheduled:
    arn = schedule.target.get("Arn", "")
    payload = (schedule.target.get("Input") or "{}").encode()
    return Scheduled(
        schedule.name,
        schedule.arn,
        schedule.schedule_expression,
        schedule.schedule_expression_timezone,
        schedule.state == "ENABLED",
        ((arn, payload),) if ":lambda:" in arn else (),
    )

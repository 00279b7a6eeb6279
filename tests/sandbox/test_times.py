"""When schedules are due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.events.clock import Scheduled, is_due
from sandbox.events.times import cron, once, period


@pytest.mark.parametrize(
    ("expression", "moment", "due"),
    [
        ("cron(0 2 * * ? *)", "2026-03-01 02:00", True),
        ("cron(0 2 * * ? *)", "2026-03-01 02:01", False),
        ("cron(0/15 * * * ? *)", "2026-03-01 10:45", True),
        ("cron(0/15 * * * ? *)", "2026-03-01 10:50", False),
        ("cron(5,10 8-17 ? * MON-FRI *)", "2026-03-02 17:10", True),
        ("cron(5,10 8-17 ? * MON-FRI *)", "2026-03-01 17:10", False),
        ("cron(0 0 L * ? *)", "2028-02-29 00:00", True),
        ("cron(0 0 L * ? *)", "2028-02-28 00:00", False),
        ("cron(0 0 ? * 6L *)", "2026-03-27 00:00", True),
        ("cron(0 0 ? * 6#3 *)", "2026-03-20 00:00", True),
        ("cron(0 0 15W * ? *)", "2026-03-16 00:00", True),
        ("cron(0 0 1 JAN ? 2027)", "2027-01-01 00:00", True),
        ("cron(0 0 1 JAN ? 2027)", "2028-01-01 00:00", False),
    ],
)
def test_cron_as_eventbridge_reads_it(expression: str, moment: str, due: bool) -> None:
    found = cron(expression)
    assert found is not None
    assert found.matches(datetime.fromisoformat(moment)) is due


def test_rates_and_single_moments() -> None:
    assert period("rate(5 minutes)") == timedelta(minutes=5)
    assert period("rate(1 day)") == timedelta(days=1)
    assert once("at(2026-05-01T10:00:00)") == datetime(2026, 5, 1, 10)
    assert (period("cron(0 2 * * ? *)"), cron("rate(1 day)"), once("every day")) == (None,) * 3


def scheduled(expression: str, zone: str = "UTC") -> Scheduled:
    return Scheduled("s", "arn", expression, zone, True, ())


def test_a_schedule_is_due_once_between_two_looks() -> None:
    last = datetime(2026, 3, 1, 1, 59, 58, tzinfo=UTC)
    now = last + timedelta(seconds=3)
    nightly = scheduled("cron(0 2 * * ? *)")
    assert is_due(nightly, last, now)
    assert not is_due(nightly, now, now + timedelta(seconds=30))
    assert not is_due(scheduled("rate(1 hour)"), last, now)
    assert is_due(scheduled("rate(1 hour)"), last, last + timedelta(hours=1))
    assert is_due(scheduled("at(2026-03-01T02:00:00)"), last, now)


def test_schedules_have_time_zones() -> None:
    last = datetime(2026, 7, 1, 23, 59, 59, tzinfo=UTC)
    morning = scheduled("cron(0 2 * * ? *)", "Africa/Johannesburg")
    assert is_due(morning, last, last + timedelta(seconds=2))

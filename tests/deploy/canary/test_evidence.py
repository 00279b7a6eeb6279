"""Windows of closed periods, and samples that add up."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deploy.canary.evidence import closed_window
from tests.deploy.fakes import NOON


@pytest.mark.parametrize(
    ("seconds", "whole_minutes"), [(0, 0), (60, 0), (119, 0), (120, 1), (180, 2), (200, 2)]
)
def test_trap_1_19_only_minutes_that_are_closed_and_settled_are_judged(seconds, whole_minutes):
    window = closed_window(NOON, NOON + timedelta(seconds=seconds), settle_seconds=60)
    assert window.seconds == 60 * whole_minutes


def test_trap_1_19_the_minute_in_which_traffic_was_moved_does_not_count():
    moved = NOON + timedelta(seconds=10)
    window = closed_window(moved, NOON + timedelta(minutes=10), settle_seconds=60)
    assert window.start == NOON + timedelta(minutes=1)
    assert window.end == NOON + timedelta(minutes=9)


def test_trap_1_19_prod_waits_for_numbers_to_settle():
    from deploy.canary.strategy import default_strategy

    assert default_strategy("prod").settle_seconds >= 60

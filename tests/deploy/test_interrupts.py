"""A run that is cancelled rolls back before it ends, however impatient who cancels it is."""

from __future__ import annotations

import os
import signal

import pytest

from common.interrupts import hear_first_only
from deploy.states import State
from tests.deploy.world import FakeWorld

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture
def handlers():
    """The handlers of this process come back afterwards."""
    before = {number: signal.getsignal(number) for number in NUMBERS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", NUMBERS)
def test_trap_1_17_a_signal_in_the_canary_restores_the_weights_and_tells(handlers, number):
    world = FakeWorld().with_live_release()

    def cancelled(*_):
        os.kill(os.getpid(), number)
        raise AssertionError("the signal was not heard")

    world.read = cancelled
    hear_first_only()
    with pytest.raises(KeyboardInterrupt):
        world.deploy()
    os.kill(os.getpid(), number)
    assert world.states()[-1] is State.ROLLED_BACK
    assert world.inconsistencies() == []
    assert "DeploymentRolledBack" in [event for event, _ in world.told]

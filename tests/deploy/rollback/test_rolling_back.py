"""Rollbacks that a person asked for: whatever happens, they end, and the ledger says where."""

from __future__ import annotations

from contextlib import suppress

import pytest

from deploy.failures import BlockedError, RolledBackError
from deploy.model import Abort
from deploy.states import State
from tests.deploy.world import FakeWorld, KilledError


@pytest.fixture
def world() -> FakeWorld:
    return with_two_releases()


def with_two_releases(environment: str = "prod") -> FakeWorld:
    """v1.0.0 was live, v1.1.0 is."""
    world = FakeWorld(environment=environment).with_live_release()
    world.deploy("d2")
    return world


def live(world: FakeWorld) -> tuple[str, set[str]]:
    return world.ledger().live().version, world.lambda_.live_versions()


@pytest.mark.parametrize("component", ["lambda", "full"])
def test_going_back_moves_the_code_and_the_ledger(world, component: str):
    assert world.back_to("v1.0.0", component).succeeded
    assert live(world) == ("v1.0.0", {"1"})
    assert world.inconsistencies() == []


@pytest.mark.parametrize("component", ["api", "terraform"])
def test_what_is_not_code_goes_back_without_the_code(world, component: str):
    assert world.back_to("v1.0.0", component).succeeded
    assert live(world) == ("v1.1.0", {"2"})
    assert world.inconsistencies() == []
    # The ledger still knows what runs: the next release has something to come from.
    assert world.deploy("d3", digest="c" * 64, version="v1.2.0").succeeded


@pytest.mark.parametrize("forward", [True, False], ids=["resume", "undo"])
@pytest.mark.parametrize("component", ["lambda", "api", "terraform", "full"])
def test_a_killed_rollback_by_hand_ends_as_one_release_or_the_other(component: str, forward: bool):
    total = _moments(component)
    assert total > 10
    for at in range(1, total + 1):
        world = with_two_releases("sit")
        fate = world.mortal(at)
        with pytest.raises(KilledError):
            world.back_to("v1.0.0", component)
        world.immortal()
        with suppress(RolledBackError):
            world.operation().resume(forward=forward)
        assert world.inconsistencies() == [], f"killed {fate.names[-1]} ({at} of {total})"


def _moments(component: str) -> int:
    world = with_two_releases("sit")
    fate = world.mortal(None)
    world.back_to("v1.0.0", component)
    return fate.count


def test_one_that_fails_stays_on_the_release_that_was_wanted_and_can_be_tried_again(world):
    world.unrestorable = "terraform: denied"
    with pytest.raises(BlockedError):
        world.back_to("v1.0.0")
    assert world.states()[-1] is State.BLOCKED
    assert world.lambda_.live_versions() == {"1"}
    with pytest.raises(BlockedError):
        world.operation().resume(forward=True)
    world.unrestorable = ""
    assert world.operation().resume(forward=True).succeeded
    assert live(world) == ("v1.0.0", {"1"})
    assert world.inconsistencies() == []


def test_one_that_is_blocked_makes_way_for_another_without_moving_traffic_twice(world):
    world.deploy("d3", digest="c" * 64, version="v1.2.0")
    world.smoke_failures["live"] = ("it does not answer",)
    with pytest.raises(BlockedError):
        world.back_to("v1.1.0", identity="r1")
    world.smoke_failures.clear()
    moved = len(world.lambda_.changes)
    world.operation().make_way("v1.1.0 is no better", "ann")
    assert world.lambda_.changes[moved:] == []
    assert world.back_to("v1.0.0", identity="r2").succeeded
    assert live(world) == ("v1.0.0", {"1"})
    assert world.inconsistencies() == []


def test_trap_2_1_a_rollback_that_is_aborted_is_undone(world):
    def stop(_deployment):
        world.ledger().request_abort("r1", Abort("ann", "the wrong one", "now"))
        return ()

    world.checks = []
    seen = world.preflight
    world.preflight = lambda deployment: [*stop(deployment), *seen(deployment)]
    with pytest.raises(RolledBackError):
        world.back_to("v1.0.0")
    assert live(world) == ("v1.1.0", {"2"})
    assert world.inconsistencies() == []


def test_aborting_one_that_is_blocked_ends_it(world):
    world.unrestorable = "terraform: denied"
    with pytest.raises(BlockedError):
        world.back_to("v1.0.0")
    assert world.operation().abort("never mind", "ann").position.state is State.ROLLED_BACK
    assert live(world) == ("v1.1.0", {"2"})
    assert world.inconsistencies() == []

from __future__ import annotations

from itertools import pairwise

import pytest

from deploy.states import FINAL, Position, State, can_move

PROD = [
    Position(State.REQUESTED, 0, True),
    Position(State.CHECKED),
    Position(State.BACKED_UP),
    Position(State.APPLIED),
    Position(State.CANARY, 10),
    Position(State.SHIFT, 25),
    Position(State.SHIFT, 50),
    Position(State.SHIFT, 100),
    Position(State.SMOKE, 100),
    Position(State.SUCCEEDED, 100),
]


def done(position: Position) -> Position:
    return Position(position.state, position.percent, True)


@pytest.mark.parametrize(("here", "there"), list(pairwise(PROD)), ids=str)
def test_the_documented_path_is_open_once_the_work_is_done(here: Position, there: Position):
    assert can_move(done(here), there)
    assert here.done or not can_move(here, there)


@pytest.mark.parametrize("here", PROD[:-1], ids=str)
def test_trap_2_1_every_state_can_be_left_towards_rolling_back(here: Position):
    assert can_move(here, Position(State.ROLLING_BACK))
    assert can_move(done(here), Position(State.ROLLING_BACK))


@pytest.mark.parametrize("state", sorted(FINAL, key=lambda s: s.value))
@pytest.mark.parametrize("target", list(State))
def test_nothing_follows_a_final_state(state: State, target: State):
    assert not can_move(Position(state, 0, True), Position(target))


@pytest.mark.parametrize(
    ("here", "there"),
    [
        (Position(State.SHIFT, 50, True), Position(State.SHIFT, 25)),
        (Position(State.SHIFT, 50, True), Position(State.CANARY, 10)),
        (Position(State.CANARY, 10, True), Position(State.SUCCEEDED, 100)),
        (Position(State.APPLIED, 0, True), Position(State.SUCCEEDED)),
        (Position(State.SHIFT, 50, True), Position(State.SMOKE, 10)),
        (Position(State.BACKED_UP, 0, True), Position(State.REFUSED)),
        (Position(State.REQUESTED, 0, True), Position(State.ROLLED_BACK)),
        (Position(State.ROLLING_BACK), Position(State.SHIFT, 100)),
        (Position(State.BLOCKED), Position(State.SUCCEEDED)),
    ],
    ids=lambda p: str(p),
)
def test_a_shortcut_is_closed(here: Position, there: Position):
    assert not can_move(here, there)


def test_dev_goes_to_all_traffic_at_once():
    assert can_move(Position(State.APPLIED, 0, True), Position(State.SHIFT, 100))


def test_a_rollback_ends_rolled_back_or_blocked():
    assert can_move(Position(State.ROLLING_BACK), Position(State.ROLLED_BACK, 0, True))
    assert can_move(Position(State.ROLLING_BACK), Position(State.BLOCKED, 0, True))
    assert can_move(Position(State.BLOCKED, 0, True), Position(State.ROLLING_BACK))

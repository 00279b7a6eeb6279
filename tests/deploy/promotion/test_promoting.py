"""A run that was started again goes on with what it was approved for, and with nothing else."""

from __future__ import annotations

import pytest

from common.errors import FailedError
from deploy.model import Kind
from deploy.promotion.promoting import finished, is_same
from deploy.states import Position, State
from tests.deploy.builders import deployment


def test_what_its_own_runner_left_is_gone_on_with():
    assert is_same(deployment("d1"), deployment("d2"))


@pytest.mark.parametrize(
    "left",
    [
        {"kind": Kind.ROLLBACK},
        {"version": "v1.0.1"},
        {"commit": "e" * 40},
        {"digest": "e" * 64},
    ],
    ids=["a rollback to it", "another tag of the commit", "another commit", "other bytes"],
)
def test_approvals_of_a_promotion_are_for_nothing_else(left):
    assert not is_same(deployment("d1", **left), deployment("d2"))


DONE = Position(State.SUCCEEDED, 100, done=True)


def test_what_was_resumed_to_success_is_one():
    done = deployment("d1", position=DONE)
    assert finished(done, deployment("d2")) is done


@pytest.mark.parametrize(
    "done",
    [
        None,
        deployment("d1", position=Position(State.ROLLED_BACK, done=True)),
        deployment("d1", position=DONE, version="v0.9.0", commit="e" * 40),
    ],
    ids=["nothing", "rolled back by somebody", "the release before is live"],
)
def test_what_somebody_else_ended_meanwhile_is_no_success(done):
    with pytest.raises(FailedError, match="ended by somebody else"):
        finished(done, deployment("d2"))

"""A run that was started again goes on with what it was approved for, and with nothing else."""

from __future__ import annotations

import pytest

from deploy.model import Kind
from deploy.promotion.promoting import is_same
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

"""What a run waits for, in words."""

from __future__ import annotations

import pytest

from common.github_errors import Record
from deploy.promotion.hub import waits_of

LEAD = {"type": "Team", "reviewer": {"slug": "tech-lead"}}
EVE = {"type": "User", "reviewer": {"login": "eve"}}
STARTED = "2026-01-05T12:00:00Z"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"reviewers": [LEAD, EVE]}, ["approval of prod by tech-lead, eve"]),
        (
            {"reviewers": [], "wait_timer": 5, "wait_timer_started_at": STARTED},
            ["the timer of prod, until 12:05 UTC"],
        ),
        (
            {"reviewers": [EVE], "wait_timer": 30, "wait_timer_started_at": STARTED},
            ["approval of prod by eve", "the timer of prod, until 12:30 UTC"],
        ),
        ({"reviewers": [], "wait_timer": 0, "wait_timer_started_at": None}, ["prod to begin"]),
    ],
    ids=["people", "a timer", "both", "neither"],
)
def test_a_gate_says_what_it_waits_for(facts, said):
    assert waits_of(Record({"environment": {"name": "prod"}, **facts})) == said

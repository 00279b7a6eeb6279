from __future__ import annotations

import pytest

from codegen.terraform.schedule import schedule_expression


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("rate(1 hour)", "rate(1 hour)"),
        ("Schedule: rate( 5  minutes )", "rate(5 minutes)"),
        ("cron(0 2 * * ? *)", "cron(0 2 * * ? *)"),
        ("every 15 minutes", "rate(15 minutes)"),
        ("Every hour", "rate(1 hour)"),
        ("daily at 02:30 UTC", "cron(30 2 * * ? *)"),
        ("nightly", "rate(1 day)"),
        ("weekly clean-up", "rate(7 days)"),
    ],
)
def test_stated_times_become_expressions(text, expression):
    assert schedule_expression(text) == expression


@pytest.mark.parametrize("text", [None, "", "EventBridge", "rate(0 minutes)", "when asked"])
def test_no_time_is_no_guess(text):
    assert schedule_expression(text) is None

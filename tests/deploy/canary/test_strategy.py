from __future__ import annotations

import pytest

from common.errors import UsageProblemError
from deploy.canary.strategy import Hold, Strategy, default_strategy, parse_strategy, read_strategy


def test_prod_is_a_canary_of_ten_percent_for_five_minutes_then_25_50_100():
    holds = default_strategy("prod").holds
    assert holds[0] == Hold(10, 300)
    assert [hold.percent for hold in holds] == [10, 25, 50, 100]
    assert all(hold.judged for hold in holds)


@pytest.mark.parametrize("environment", ["dev", "sit"])
def test_lower_environments_move_at_once(environment):
    assert default_strategy(environment).holds == (Hold(100, 0),)


def test_a_repository_without_the_file_has_the_defaults(tmp_path):
    assert read_strategy(tmp_path, "prod") == default_strategy("prod")


def test_an_empty_file_is_the_defaults(tmp_path):
    (tmp_path / "deploy.yml").write_text("")
    assert read_strategy(tmp_path, "sit") == Strategy()


def test_the_file_sets_steps_limits_and_smoke_tests(tmp_path):
    (tmp_path / "deploy.yml").write_text(
        "environments:\n  prod:\n    steps:\n"
        "      - {percent: 5, minutes: 10}\n      - {percent: 100, minutes: 5}\n"
        "limits: {error_margin: 0.02}\n"
        "smoke: {events: {auth-get: events/get.json}, paths: [/health]}\n"
    )
    strategy = read_strategy(tmp_path, "prod")
    assert strategy.holds == (Hold(5, 600), Hold(100, 300))
    assert strategy.limits.error_margin == 0.02
    assert strategy.smoke.paths == ("/health",)
    assert strategy.smoke.events == (("auth-get", "events/get.json"),)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"stages": {}}, "unknown key 'stages'"),
        ({"limits": {"alfa": 1}}, "unknown key 'alfa'"),
        ({"limits": {"alpha": "low"}}, "cannot be 'low'"),
        ({"limits": {"alpha": 0.5}}, "alpha is at most"),
        ({"limits": {"min_requests": 1}}, "min_requests at least 10"),
        ({"limits": {"error_margin": 0.5}}, "error_margin is at most"),
        ({"probes": {"enabled": 1}}, "cannot be 1"),
        ({"smoke": {"paths": ["health"]}}, "start with '/'"),
        ({"environments": {"prod": {"steps": []}}}, "must be a list"),
        ({"environments": {"prod": {"steps": [{"percent": 0, "minutes": 5}]}}}, "1 to 100"),
        ({"environments": {"prod": {"steps": [{"percent": True}]}}}, "1 to 100"),
        ({"environments": {"prod": {"steps": [{"percent": 100, "minutes": 9}]}}}, "a canary of"),
        ({"environments": {"prod": {"steps": [{"percent": 10, "minutes": 5}]}}}, "end at 100"),
        (
            {"environments": {"prod": {"steps": [
                {"percent": 10, "minutes": 5}, {"percent": 100, "minutes": 0}]}}},
            "needs minutes to be judged",
        ),
        ({"environments": {"prod": {"settle_seconds": -1}}}, "whole number"),
        ([], "must be a mapping"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_explained(data, said):
    with pytest.raises(UsageProblemError, match=said):
        parse_strategy(data, "prod")


def test_what_is_not_yaml_is_explained(tmp_path):
    (tmp_path / "deploy.yml").write_text("{")
    with pytest.raises(UsageProblemError, match="is not YAML"):
        read_strategy(tmp_path, "prod")


def test_the_longest_time_counts_every_hold_and_the_extension():
    assert default_strategy("prod").longest_seconds > 300 + 3 * 180 + 900
    assert Strategy().longest_seconds == 0

"""Judging is pure: every case here is numbers in, verdict out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploy.canary.evidence import AlarmEvidence, ApiEvidence, Change, QueueEvidence, VersionSample
from deploy.canary.judgement import Judgement, Look, Move, judge, next_move
from deploy.canary.strategy import Limits
from deploy.model import Options, Verdict
from tests.deploy.samples import (
    DUE,
    EARLY,
    Release,
    canary,
    evidence,
    function,
    sample,
    verdict,
)

NOTHING = VersionSample("2")


def test_a_healthy_release_with_enough_requests_passes():
    assert verdict() is Verdict.PASS


def test_before_its_time_even_a_healthy_release_is_only_running():
    assert verdict(look=EARLY) is Verdict.RUNNING


def test_trap_1_2_canary_without_datapoints_is_inconclusive():
    seen = function(new=NOTHING)
    assert verdict(seen) is Verdict.INCONCLUSIVE
    assert judge(evidence(seen), Limits(), Options(), DUE).thin == ("auth-get",)


def test_trap_1_3_no_traffic_passes_only_when_a_person_allowed_it():
    seen = function(new=NOTHING, stable=VersionSample("1"))
    assert verdict(seen) is Verdict.INCONCLUSIVE
    assert verdict(seen, options=Options(allow_no_traffic=True)) is Verdict.PASS


def test_trap_1_3_allowing_no_traffic_does_not_excuse_errors():
    seen = function(new=sample("2", 3, 1), stable=VersionSample("1"))
    assert verdict(seen, options=Options(allow_no_traffic=True)) is Verdict.INCONCLUSIVE


def test_trap_1_3_traffic_that_stopped_makes_the_next_step_inconclusive():
    first, second = function(), function(new=sample("2", 4))
    assert verdict(first) is Verdict.PASS
    assert verdict(second) is Verdict.INCONCLUSIVE


def test_nothing_to_judge_is_no_pass():
    nothing = replace(evidence(), functions=())
    assert judge(nothing, Limits(), Options(), DUE).verdict is Verdict.INCONCLUSIVE
    assert Judgement(()).verdict is Verdict.INCONCLUSIVE


def test_trap_1_4_inconclusive_at_the_last_second_is_rolled_back():
    judgement = judge(evidence(function(new=NOTHING)), Limits(), Options(), DUE)
    assert next_move(judgement, due=True, exhausted=False) is Move.PROBE
    assert next_move(judgement, due=True, exhausted=True) is Move.ROLL_BACK


@pytest.mark.parametrize("worst", [Verdict.RUNNING, Verdict.INCONCLUSIVE, Verdict.ERROR])
def test_trap_1_4_time_running_out_never_promotes(worst):
    findings = judge(evidence(), Limits(), Options(), DUE).findings
    bad = Judgement((replace(findings[0], verdict=worst), *findings[1:]))
    assert next_move(bad, due=True, exhausted=True) is Move.ROLL_BACK


def test_trap_1_5_metrics_that_cannot_be_read_are_an_error_not_a_pass():
    judgement = judge(evidence(problems=("AccessDenied",)), Limits(), Options(), DUE)
    assert judgement.verdict is Verdict.ERROR
    assert next_move(judgement, due=True, exhausted=False) is Move.WAIT


@pytest.mark.parametrize("requests", [1, 10, 40])
def test_trap_1_6_one_unlucky_request_does_not_fail_a_release(requests):
    assert verdict(function(new=sample("2", requests, 1))) is Verdict.INCONCLUSIVE


def test_trap_1_6_one_lucky_request_does_not_pass_a_release():
    assert verdict(function(new=sample("2", 1, 0))) is Verdict.INCONCLUSIVE


def test_trap_1_6_one_error_among_many_passes():
    assert verdict(function(new=sample("2", 600, 1))) is Verdict.PASS


def test_trap_1_7_errors_of_the_stable_version_do_not_block_the_fix():
    assert verdict(function(stable=sample("1", 2700, 900))) is Verdict.PASS


def test_trap_1_7_an_alarm_that_rang_before_does_not_block_the_fix():
    alarm = AlarmEvidence("auth-errors", before=True, now=True)
    assert verdict(alarms=(alarm,)) is Verdict.PASS


def test_trap_1_7_a_new_alarm_without_a_version_needs_a_person_or_fix_forward():
    alarm = AlarmEvidence("auth-errors", before=False, now=True)
    assert verdict(alarms=(alarm,)) is Verdict.INCONCLUSIVE
    assert verdict(alarms=(alarm,), options=Options(fix_forward=True)) is Verdict.PASS


def test_trap_1_7_an_alarm_of_the_new_version_fails_even_with_fix_forward():
    alarm = AlarmEvidence("auth-errors", before=False, now=True, names_version="2")
    assert verdict(alarms=(alarm,), options=Options(fix_forward=True)) is Verdict.FAIL


def test_probes_that_fail_on_both_versions_prove_nothing():
    seen = function(
        new=NOTHING,
        stable=VersionSample("1"),
        new_probes=sample("2", 200, 200),
        stable_probes=sample("1", 200, 200),
    )
    assert verdict(seen) is Verdict.INCONCLUSIVE


def test_probes_fill_up_thin_traffic():
    seen = function(
        new=sample("2", 5),
        stable=sample("1", 45),
        new_probes=sample("2", 160),
        stable_probes=sample("1", 160),
    )
    assert verdict(seen) is Verdict.PASS


def test_real_errors_are_not_hidden_behind_good_probes():
    seen = function(new=sample("2", 40, 8), new_probes=sample("2", 2000))
    assert verdict(seen) is Verdict.FAIL


def thin_with_errors(errors: int):
    return function(
        new=sample("2", 60, errors),
        stable=sample("1", 540),
        new_probes=sample("2", 4000),
        stable_probes=sample("1", 4000),
    )


def test_good_probes_do_not_outvote_errors_of_real_requests():
    assert verdict(thin_with_errors(0)) is Verdict.PASS
    assert verdict(thin_with_errors(1)) is Verdict.INCONCLUSIVE
    assert verdict(thin_with_errors(2)) is Verdict.INCONCLUSIVE


def test_at_the_last_look_one_unlucky_request_is_forgiven_and_an_odd_number_is_not():
    last = replace(DUE, final=True)
    assert verdict(thin_with_errors(1), look=last) is Verdict.PASS
    assert verdict(thin_with_errors(2), look=last) is Verdict.INCONCLUSIVE


def test_5xx_that_are_too_odd_for_chance_do_not_pass_on_a_busy_service():
    api = ApiEvidence(6000, 6, 6000, 20)
    assert verdict(function(new=sample("2", 600), stable=sample("1", 5400)), api=api) in (
        Verdict.INCONCLUSIVE,
        Verdict.FAIL,
    )


def test_errors_fail_before_the_time_is_over():
    assert verdict(function(new=sample("2", 120, 30)), look=EARLY) is Verdict.FAIL


def test_after_full_traffic_without_a_stable_version_the_margin_decides():
    nobody = VersionSample("1")
    assert verdict(function(new=sample("2", 400, 60), stable=nobody)) is Verdict.FAIL


def test_a_slower_release_fails_and_a_little_slower_one_passes():
    assert verdict(function(new=sample("2", 300, ms=150))) is Verdict.FAIL
    assert verdict(function(new=sample("2", 300, ms=60))) is Verdict.PASS


def test_milliseconds_do_not_fail_a_fast_function():
    seen = function(new=sample("2", 300, ms=9), stable=sample("1", 2700, ms=3))
    assert verdict(seen) is Verdict.PASS


def test_throttles_of_the_new_version_fail():
    assert verdict(function(new=sample("2", 300, throttles=30))) is Verdict.FAIL


def test_one_throttled_request_passes():
    assert verdict(function(new=sample("2", 300, throttles=1))) is Verdict.PASS


def test_a_stream_consumer_that_falls_behind_fails():
    assert verdict(function(iterator_age_ms=Change(1_000, 120_000))) is Verdict.FAIL
    assert verdict(function(iterator_age_ms=Change(110_000, 120_000))) is Verdict.PASS


def grown(before, during):
    return (QueueEvidence("auth-dlq", Change(before, during, 300, 300)),)


def test_growing_dead_letters_fail_and_one_message_is_inconclusive():
    assert verdict(queues=grown(0, 12)) is Verdict.FAIL
    assert verdict(queues=grown(0, 1)) is Verdict.INCONCLUSIVE
    assert verdict(queues=grown(9, 10)) is Verdict.PASS


def test_answers_of_5xx_that_are_no_lambda_errors_fail():
    assert verdict(api=ApiEvidence(3000, 3, 3000, 60)) is Verdict.FAIL


def test_5xx_of_the_stable_version_are_not_held_against_the_new_one():
    seen = function(stable=sample("1", 2700, 300))
    api = ApiEvidence(3000, 100, 3000, 300, stable_errors_before=100)
    assert verdict(seen, api=api) is Verdict.PASS


def test_a_few_unexplained_5xx_are_inconclusive_where_the_new_version_served_little():
    seen = function(new=sample("2", 120), stable=sample("1", 1080))
    assert verdict(seen, api=ApiEvidence(1200, 0, 1200, 4)) is Verdict.INCONCLUSIVE


def test_one_bad_function_stops_all():
    assert verdict(function("a"), function("b", new=sample("2", 300, 60))) is Verdict.FAIL


def test_the_worst_finding_is_named_first():
    bad = function("b", new=sample("2", 300, 60))
    reasons = judge(evidence(function("a"), bad), Limits(), Options(), DUE).reasons
    assert reasons[0].startswith("b: errors: significantly more errors than stable")


def test_looking_more_often_asks_for_stronger_evidence():
    limits = Limits()
    rare, often = Look(due=False, interim=5, holds=4), Look(due=False, interim=50, holds=4)
    assert often.alpha(limits, 1) < rare.alpha(limits, 1) < limits.alpha


BAD = {
    "fails 100 %": Release(fails=1.0),
    "fails 20 %": Release(fails=0.2),
    "fails 5 %": Release(fails=0.05),
    "3 times slower": Release(slower=3.0),
    "3 times slower, heavy tail": Release(slower=3.0, spread=1.2),
    "leaks 20 % on one of five": Release(fails=0.2, only=2, functions=5),
    "leaks 5 % on one of five": Release(fails=0.05, only=2, functions=5),
    "one of five is 3 times slower": Release(slower=3.0, only=2, functions=5),
    "answers 5xx to 5 %, no errors reported": Release(fails=0.05, handled=True),
    "answers 5xx to 20 % on one of five": Release(fails=0.2, only=2, functions=5, handled=True),
}
GOOD = {
    "quiet": Release(base_errors=0.0),
    "usual errors": Release(base_errors=0.002),
    "heavy tail": Release(spread=1.2),
    "five functions": Release(functions=5),
    "thin traffic": Release(per_second=0.5),
}


@pytest.mark.parametrize("release", BAD.values(), ids=BAD.keys())
def test_a_bad_release_never_reaches_25_percent(release):
    stopped = sum(canary(release, seed)[0] is Move.ROLL_BACK for seed in range(100))
    assert stopped >= 99


@pytest.mark.parametrize("release", GOOD.values(), ids=GOOD.keys())
def test_a_healthy_release_passes_the_canary(release):
    passed = sum(canary(release, seed)[0] is Move.PROMOTE for seed in range(100))
    assert passed >= 99

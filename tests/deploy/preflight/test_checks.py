"""The checks before the first change: what AWS would refuse in the middle is refused at the start."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.aws_lambda import Alias, Configuration
from deploy.canary.strategy import default_strategy
from deploy.ledger.chain import Head
from deploy.model import Kind
from deploy.preflight.checks import ROLLBACK_RESERVE, FunctionFacts, Preflight, function_checks
from deploy.resources import Resources
from tests.deploy.builders import deployment
from tests.deploy.fakes import NOON

STABLE = Configuration("auth-get", "3", "sha", "r", "role", "dlq", "Active", "Successful", ())
FACTS = FunctionFacts(
    name="auth-get",
    latest=replace(STABLE, version="$LATEST"),
    alias=Alias("auth-get", "live", "3", (), "r"),
    stable=STABLE,
    provisioned=False,
    invocable=True,
)


def failed(facts: FunctionFacts, kind: Kind = Kind.PROMOTION) -> list[str]:
    return [
        f"{check.name}: {check.detail}"
        for check in function_checks(facts, deployment(kind=kind))
        if not check.ok
    ]


def latest(**changes) -> FunctionFacts:
    return replace(FACTS, latest=replace(FACTS.latest, **changes))


def test_a_function_as_it_should_be_passes_every_check():
    assert failed(FACTS) == []


WRONG = {
    "trap 1.1: role": (latest(role="other"), "version 3 runs as role, the new one as other"),
    "trap 1.1: dead letters": (latest(dead_letters=""), "go to dlq, from the new one to none"),
    "trap 1.1: latest": (
        replace(FACTS, alias=replace(FACTS.alias, version="$LATEST")), "cannot share traffic"),
    "trap 1.9: weights left over": (
        replace(FACTS, alias=replace(FACTS.alias, weights=(("4", 0.1),))), "10% on 4; remove"),
    "trap 1.9: provisioned concurrency": (replace(FACTS, provisioned=True), "AWS moves weights itself"),
    "trap 1.10: busy": (latest(update="InProgress"), "update InProgress"),
    "trap 1.15: permission": (replace(FACTS, invocable=False), "but not its alias"),
    "gone": (replace(FACTS, latest=None), "does not exist"),
}  # fmt: skip


@pytest.mark.parametrize(("facts", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_share_traffic_is_refused_with_the_reason(facts: FunctionFacts, said: str):
    (problem,) = failed(facts)
    assert said in problem


def test_trap_1_9_leftover_weights_do_not_stop_a_rollback():
    facts = replace(FACTS, alias=replace(FACTS.alias, weights=(("4", 0.1),)))
    assert failed(facts, Kind.ROLLBACK) == []


class Nothing:
    """No functions, no alarms, no release, no incident."""

    def live(self):
        return None

    def head(self):
        return Head()


def credentials(left: float | None):
    strategy = default_strategy("prod")
    preflight = Preflight(
        functions=None, stages=None, alarms=None, artifacts=None, ledger=Nothing(),
        resources=Resources(), strategy=strategy, credentials=lambda _: (left, "stated"),
        now=lambda: NOON,
    )  # fmt: skip
    return preflight.preflight(deployment())[-1]


def test_trap_1_20_credentials_must_outlive_the_canary_and_a_rollback():
    needed = default_strategy("prod").longest_seconds + ROLLBACK_RESERVE
    assert needed > timedelta(minutes=35).total_seconds()
    assert not credentials(needed - 1).ok
    assert "the canary and a rollback may take" in credentials(needed - 1).detail
    assert credentials(needed).ok
    assert credentials(None).ok

"""Whether a plan may be applied is decided by pure functions, one reason at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from common.environments import environment
from infra.guard import Permission, broken, forbidden, too_old
from infra.planfile import StateMark
from infra.record import Loss
from infra.source import Base
from tests.infra.builders import SOURCE, TIME, make_now, make_record

LOSS = Loss("aws_dynamodb_table.users", "replace")


def test_a_world_that_has_not_moved_breaks_nothing() -> None:
    record = make_record()
    assert broken(record, make_now(record)) == []


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"environment": environment("sit")}, "environment"),
        ({"environment": environment("sit")}, "account"),
        ({"repository": "2_bbws_cart_lambda"}, "repository"),
        ({"workspace": "trial"}, "workspace"),
        ({"source": replace(SOURCE, commit="d" * 40)}, "commit"),
        ({"source": replace(SOURCE, dirty=True)}, "uncommitted changes"),
        ({"source": replace(SOURCE, configuration="0" * 64)}, "configuration files"),
        ({"source": replace(SOURCE, variables=None)}, "variables file"),
        ({"source": replace(SOURCE, provider_lock="0" * 64)}, "provider lock file"),
        ({"artifacts": (("lambda.zip", "0" * 64),)}, "artifacts"),
        ({"state": StateMark("another", 4)}, "state lineage"),
        ({"state": StateMark("lineage", 5)}, "state serial"),
        ({"plan": "0" * 64}, "plan file"),
        ({"terraform": "1.12.0"}, "Terraform"),
        ({"registered": None}, "seal"),
        ({"registered": {"seal": "other", "record": {}}}, "seal"),
        ({"base": Base.BEHIND}, "default branch"),
        ({"base": Base.DIVERGED}, "default branch"),
        ({"base": Base.UNKNOWN}, "default branch"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_trap_3_2_every_difference_is_named(facts: dict[str, Any], reason: str) -> None:
    record = make_record()
    found = broken(record, make_now(record, **facts))
    assert [entry for entry in found if entry.startswith(f"{reason}: ")], found


def test_a_plan_reviewed_as_behind_may_be_applied_as_behind() -> None:
    record = make_record(base="behind")
    assert broken(record, make_now(record, base=Base.BEHIND)) == []


def test_age_is_limited_by_the_record_and_further_by_whoever_applies() -> None:
    record = make_record()
    assert too_old(record, Permission(), TIME + timedelta(hours=23)) is None
    assert "expired" in str(too_old(record, Permission(), TIME + timedelta(hours=24)))
    strict = Permission(max_age=timedelta(minutes=30))
    assert "60 min old" in str(too_old(record, strict, TIME + timedelta(hours=1)))


def refusals(env: str, permission: Permission | None = None, **facts: Any) -> list[str]:
    record = make_record(environment=env, **facts)
    base = Base(facts.get("base", "current"))
    return forbidden(record, environment(env), permission or Permission("CHG-1"), base)


@pytest.mark.parametrize("env", ["sit", "prod", "prod-dr"])
def test_trap_3_3_above_dev_a_plan_is_of_a_commit_that_is_known_not_to_have_diverged(
    env: str,
) -> None:
    assert refusals(env) == []
    assert refusals(env, dirty=True)
    assert refusals(env, commit=None)
    assert "diverged" in refusals(env, base="diverged")[0]
    assert "cannot be compared" in refusals(env, base="unknown")[0]


def test_dev_takes_what_it_gets() -> None:
    assert refusals("dev", Permission(), dirty=True, base="unknown", losses=(LOSS,)) == []


@pytest.mark.parametrize("approval", [None, "", " ", "x"])
def test_prod_needs_an_approval_reference(approval: str | None) -> None:
    assert "no approval" in refusals("prod", Permission(approval))[0]


def test_trap_3_6_prod_loses_nothing_stateful_that_was_not_named_one_by_one() -> None:
    other = Loss('aws_s3_bucket.this["logs"]', "destroy")
    named = Permission("CHG-1", frozenset({LOSS.address}))
    assert refusals("prod", named, losses=(LOSS,)) == []
    assert refusals("prod", named, losses=(LOSS, other)) == [
        f"it would destroy {other.address} (--allow-destroy {other.address})"
    ]


def test_prod_never_takes_a_plan_that_destroys_everything() -> None:
    everything = Permission("CHG-1", frozenset({LOSS.address}))
    assert "destroys everything" in refusals("prod", everything, destroys_all=True)[0]


def test_trap_3_2_a_plan_of_the_same_second_ends_the_older_one_too() -> None:
    record = make_record()
    newer = replace(record, nonce="m" * 32)
    now = replace(make_now(record), registered=newer.to_json())
    assert broken(record, now) == [f"seal: a newer plan was made at {record.created}"]

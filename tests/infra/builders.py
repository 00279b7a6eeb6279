"""Plans, records and facts with defaults, so that a test shows only what matters to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from common.environments import environment
from infra.guard import Now
from infra.planfile import StateMark
from infra.record import Counts, PlanRecord
from infra.source import Base, Source

TIME = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
SOURCE = Source(
    commit="c" * 40, dirty=False, configuration="f" * 64, variables="v" * 64, provider_lock="l" * 64
)


def make_record(**facts: Any) -> PlanRecord:
    """A record of a plan made at `TIME` in dev that creates one resource."""
    env = environment(facts.pop("environment", "dev"))
    record = PlanRecord(
        environment=env.name,
        account=env.account,
        region=env.region,
        repository="2_bbws_auth_lambda",
        workspace="default",
        destroys_all=False,
        commit=SOURCE.commit,
        dirty=SOURCE.dirty,
        base="current",
        base_tip=SOURCE.commit,
        configuration=SOURCE.configuration,
        variables=SOURCE.variables,
        provider_lock=SOURCE.provider_lock,
        artifacts=(),
        lineage="lineage",
        serial=4,
        plan="p" * 64,
        terraform="1.11.4",
        created=TIME.isoformat(),
        expires=(TIME + timedelta(hours=24)).isoformat(),
        by="arn:aws:sts::1:assumed-role/dev/me",
        counts=Counts(create=1),
        losses=(),
        nonce="n" * 32,
    )
    return replace(record, **facts)


def make_now(record: PlanRecord, **facts: Any) -> Now:
    """The world exactly as the record has it, an hour later."""
    now = Now(
        environment=environment(record.environment),
        repository=record.repository,
        workspace=record.workspace,
        source=SOURCE,
        base=Base.CURRENT,
        state=StateMark(record.lineage, record.serial),
        artifacts=record.artifacts,
        plan=record.plan,
        terraform=record.terraform,
        registered=record.to_json(),
        time=TIME + timedelta(hours=1),
    )
    return replace(now, **facts)


def make_change(address: str, actions: list[str], **change: Any) -> dict[str, Any]:
    """One entry of `resource_changes`."""
    kind, _, name = address.rpartition(".")
    return {
        "address": address,
        "mode": "managed",
        "type": kind.rpartition(".")[2],
        "name": name.partition("[")[0],
        "change": {"actions": actions, "before": None, "after": None, **change},
    }


def make_plan(*changes: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """A shown plan with these changes."""
    return {"format_version": "1.2", "resource_changes": list(changes), **rest}


def created(address: str, **after: Any) -> dict[str, Any]:
    """Something that is created with these values."""
    return make_change(address, ["create"], after=after)

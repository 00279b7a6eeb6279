"""Deployments of PROD in the sandbox: strict aliases, metrics by version, a clock of its own."""

from __future__ import annotations

import os
import threading
import time as real
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from common.errors import DevopsError
from deploy.execution.plan import plan_release
from deploy.failures import BlockedError, RolledBackError
from deploy.ledger.leases import LockHeldError
from deploy.model import Deployment
from tests.deploy.aws import BROKEN, enter
from tests.deploy.faults import BEFORE, Faults
from tests.deploy.place import Place

pytestmark = pytest.mark.e2e

STRIDE = int(os.environ.get("BBWS_FAULT_STRIDE", "31"))
"""Every how many calls a fault is injected in the test run; 1 tries them all."""


@pytest.fixture
def prod(sandbox, service, repo, monkeypatch) -> Place:
    repo.commit("v1.0.0")
    enter(sandbox, monkeypatch, repo.root)
    place = Place(sandbox, service, "prod")
    place.deploy("v1.0.0")
    return place


def test_a_healthy_release_goes_through_the_canary_to_all_traffic(prod: Place):
    done = prod.deploy("v1.1.0")
    assert [j.percent for j in done.judged] == [10, 25, 50, 100]
    assert prod.aws.answers() == {"v1.1.0"}
    assert prod.inconsistencies() == []


@pytest.mark.parametrize("share", [1.0, 0.2, 0.05])
def test_a_bad_release_is_stopped_in_the_canary_on_aws(prod: Place, share: float):
    candidate = str(int(next(iter(prod.aws.live().values()))[0]) + 1)
    prod.traffic.errors = {candidate: share}
    with pytest.raises(RolledBackError, match="judged fail at 10 %"):
        prod.deploy("v1.1.0")
    assert prod.aws.answers() == {"v1.0.0"}
    assert prod.inconsistencies() == []


def test_an_incident_names_the_cause_the_findings_and_the_next_commands(prod: Place):
    with pytest.raises(RolledBackError) as caught:
        prod.deploy("v1.1.0", BROKEN)
    site = prod.site()
    key = f"{site.name}/incidents/{caught.value.deployment.incident}.md"
    text = site.artifacts().bucket.get(key).decode()
    assert "- diagnosis: the new code fails before any traffic" in text
    assert "deploy_cli.py unblock --env prod" in text
    assert "ValueError: broken" in text
    assert prod.ledger().head().block == caught.value.deployment.incident
    with pytest.raises(DevopsError, match="not blocked: incident"):
        prod.deploy("v1.2.0")


def test_from_decision_to_restored_aliases_takes_under_five_seconds(prod: Place):
    prod.traffic.errors = {"3": 1.0}
    operation = prod.operation()
    took = []
    restore = operation.world.routing.restore

    class Timed:
        move = staticmethod(operation.world.routing.move)

        def restore(self, functions):
            started = real.monotonic()
            restore(functions)
            took.append(real.monotonic() - started)

    timed = replace(operation, world=replace(operation.world, routing=Timed()))
    site = prod.site()
    wanted = prod.release(site, "v1.1.0")
    with pytest.raises(RolledBackError):
        timed.deploy(wanted, plan_release(wanted, site.strategy, site.resources()))
    assert took[0] < 5


def test_trap_2_2_a_rollback_is_one_call_for_each_function_and_not_judged(prod: Place, sandbox):
    prod.deploy("v1.1.0")
    seen = sandbox.requests()[-1]["number"]
    from deploy.execution.plan import Component
    from deploy.rollback.rolling_back import BackTo, roll_back

    wanted = BackTo("v1.0.0", Component.LAMBDA, "it is slow", emergency=True)
    assert roll_back(prod.site(), wanted).deployment.succeeded
    made = [request.get("operation") for request in sandbox.requests(seen)]
    assert made.count("UpdateAlias") == len(prod.aws.names)
    assert "GetMetricData" not in made
    assert prod.aws.answers() == {"v1.0.0"}
    assert roll_back(prod.site(), wanted).nothing_to_do
    assert prod.inconsistencies() == []


def test_twenty_at_once_in_one_environment(prod: Place):
    gate, results = threading.Barrier(20), []
    site = prod.site()
    wanted = [prod.release(site, "v1.1.0") for _ in range(20)]
    operations = [prod.operation(site) for _ in range(20)]
    plan = plan_release(wanted[0], site.strategy, site.resources())

    def attempt(number: int) -> None:
        gate.wait()
        try:
            results.append(operations[number].deploy(wanted[number], plan))
        except LockHeldError as error:
            results.append(error)

    threads = [threading.Thread(target=attempt, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = [r for r in results if isinstance(r, LockHeldError)]
    assert len(refused) == 19
    assert all("is deploying" in error.message for error in refused)
    assert prod.inconsistencies() == []


@pytest.fixture
def dev_place(sandbox, service, repo, monkeypatch) -> Place:
    repo.commit("v1.0.0")
    enter(sandbox, monkeypatch, repo.root)
    place = Place(sandbox, service, "dev")
    place.deploy("v1.0.0")
    return place


KINDS = [*BEFORE, "lost answer"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_at_any_call_is_retried_or_rolled_back(dev_place: Place, kind: str):
    points = _calls(dev_place)
    for number, at in enumerate(points[KINDS.index(kind) * STRIDE // len(KINDS) :: STRIDE]):
        version = f"v2.{number}.0"
        before = dev_place.aws.answers()
        faults, done = _deploy_with(dev_place, kind, at, version)
        assert faults.hit, (kind, at)
        succeeded = done is not None and done.succeeded
        live = dev_place.ledger().live().version
        assert live == version or not succeeded, (kind, at, "a false success")
        assert dev_place.aws.answers() == {live}, (kind, at)
        assert {live} in ({version}, before), (kind, at)
        assert dev_place.inconsistencies() == [], (kind, at)


@pytest.mark.parametrize("kind", ["expired", "server error"])
def test_an_outage_that_lasts_is_never_a_success_and_can_be_resumed(dev_place: Place, kind: str):
    # What comes last only tells others about a success that is written down already.
    telling = {"events.PutEvents", "sns.Publish", "s3.PutObject", "sts.GetCallerIdentity"}
    points = [at for at in _calls(dev_place) if at[0] not in telling]
    for number, at in enumerate(points[3 :: 2 * STRIDE]):
        faults, done = _deploy_with(dev_place, kind, at, f"v3.{number}.0", lasting=True)
        assert faults.hit, (kind, at)
        live = dev_place.ledger().live().version
        assert done is None or done.version == live, (kind, at, "a false success")
        assert dev_place.aws.answers() == {live}
        assert dev_place.inconsistencies() == [], (kind, at)


def _calls(place: Place) -> list[tuple[str, int]]:
    """All calls of a deployment in which nothing goes wrong."""
    faults, done = _deploy_with(place, "throttled", None, "v1.0.1")
    assert done is not None
    assert done.succeeded
    return faults.points()


def _deploy_with(
    place: Place, kind: str, at: tuple[str, int] | None, version: str, *, lasting: bool = False
) -> tuple[Faults, Deployment | None]:
    """A deployment in which a call goes wrong; a lease that is left has run out afterwards."""
    site = place.fresh_site()
    faults = Faults(site.session, kind, at=at, lasting=lasting)
    wanted = place.release(place.site(), version)
    operation = place.operation(site)
    plan = plan_release(wanted, site.strategy, place.site().resources())
    faults.start()
    done = None
    with suppress(DevopsError):
        done = operation.deploy(wanted, plan)
    faults.over()
    _settle(place)
    return faults, done


def _settle(place: Place) -> None:
    """The lease of whoever could not end orderly runs out; then somebody resumes, rolling back."""
    place.traffic.rest_until(place.time.moment + timedelta(seconds=70))
    for _ in range(2):
        if place.ledger().running() is not None:
            with suppress(RolledBackError, BlockedError):
                place.operation().resume(forward=False)
    head = place.ledger().head()
    if head.block:
        place.ledger().unblock(head.block, "test", "test")

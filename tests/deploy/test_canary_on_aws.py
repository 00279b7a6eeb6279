"""Deployments of PROD in the sandbox: strict aliases, metrics by version, a clock of its own."""

from __future__ import annotations

import hashlib
import os
import threading
import time as real
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from common.environments import environment
from common.errors import DevopsError
from deploy.artifacts import Manifest
from deploy.engine import BlockedError, RolledBackError
from deploy.ledger import Ledger, LockHeldError, broken_links
from deploy.model import Deployment, Kind
from deploy.operation import Operation
from deploy.plan import plan_release
from deploy.site import Site, Where, open_site, operation_for
from deploy.verifying import verify
from tests.deploy.aws import BROKEN, Repo, ServiceOnAws, Traffic, enter, handler, zipped
from tests.deploy.builders import deployment
from tests.deploy.fakes import FakeTime
from tests.deploy.faults import BEFORE, Faults

pytestmark = pytest.mark.e2e

STRIDE = int(os.environ.get("BBWS_FAULT_STRIDE", "13"))
"""Every how many calls a fault is injected in the test run; 1 tries them all."""


class Place:
    """A service in one environment of the sandbox, deployed to without its pipeline."""

    def __init__(self, sandbox, service: str, repo: Repo, env: str) -> None:
        self.env = env
        self.aws = ServiceOnAws(sandbox, service, env)
        self.repo = repo
        self.time = FakeTime(datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3))
        self.traffic = Traffic(self.aws, self.time, {})
        self._clean: Site | None = None

    def site(self) -> Site:
        """One that is not meddled with; its clients cost time, so it is kept."""
        if self._clean is None:
            self._clean = self.fresh_site()
        return self._clean

    def fresh_site(self) -> Site:
        return open_site(Where(environment(self.env), self.aws.service), self.time.clock)

    def ledger(self) -> Ledger:
        return self.site().ledger()

    def release(self, site: Site, version: str, body: str = "pass") -> Deployment:
        """A package in the bucket, and the deployment of it."""
        code = zipped({"src/handlers/api.py": handler(version, body)})
        sha256 = hashlib.sha256(code).hexdigest()
        commit = hashlib.sha1(version.encode()).hexdigest()
        manifest = Manifest(self.aws.service, commit, sha256, len(code), len(code), (), "now")
        site.artifacts().keep(manifest, code)
        return deployment(
            f"{version}-{real.monotonic_ns()}", service=self.aws.service, environment=self.env,
            version=version, commit=commit, digest=sha256, functions=(), kind=Kind.PROMOTION,
            started=self.time.moment.isoformat(), first=site.ledger().live() is None,
        )  # fmt: skip

    def deploy(self, version: str, body: str = "pass", site: Site | None = None) -> Deployment:
        site = site or self.site()
        wanted, operation = self.release(site, version, body), self.operation(site)
        return operation.deploy(wanted, plan_release(wanted, site.strategy, site.resources()))

    def operation(self, site: Site | None = None) -> Operation:
        site = site or self.site()
        operation = operation_for(site, "test")
        return replace(operation, strategy=replace(operation.strategy, poll_seconds=60))

    def inconsistencies(self) -> list[str]:
        """What must never be, after a deployment is over."""
        site = self.site()
        ledger = site.ledger()
        found = [*broken_links(ledger.entries(), ledger.head()), *verify(site).problems]
        if ledger.running() is not None:
            found.append(f"still at {ledger.running().position}")
        if ledger.lock() is not None:
            found.append("the lock is held")
        if len({version for version, _ in self.aws.live().values()}) != 1:
            found.append(f"several versions are live: {self.aws.live()}")
        return found


@pytest.fixture
def prod(sandbox, service, repo, monkeypatch) -> Place:
    repo.commit("v1.0.0")
    enter(sandbox, monkeypatch, repo.root)
    place = Place(sandbox, service, repo, "prod")
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
    prod.traffic._errors = {candidate: share}
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
    prod.traffic._errors = {"3": 1.0}
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
    from deploy.plan import Component
    from deploy.rolling_back import BackTo, roll_back

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
    place = Place(sandbox, service, repo, "dev")
    place.deploy("v1.0.0")
    return place


@pytest.mark.parametrize("kind", [*BEFORE, "lost answer"])
def test_a_fault_at_any_call_is_retried_or_rolled_back(dev_place: Place, kind: str):
    total = len(_calls(dev_place, "v1.0.1"))
    for number, at in enumerate(range(total % STRIDE, total, STRIDE)):
        site = dev_place.fresh_site()
        faults = Faults(site.session, kind, at=at)
        version = f"v2.{number}.0"
        wanted = dev_place.release(dev_place.site(), version)
        before = dev_place.aws.answers()
        operation = dev_place.operation(site)
        plan = plan_release(wanted, site.strategy, dev_place.site().resources())
        faults.start()
        done = None
        with suppress(DevopsError):
            done = operation.deploy(wanted, plan)
        faults.over()
        _settle(dev_place)
        expected = {version} if done is not None and done.succeeded else before
        live = dev_place.ledger().live().version
        assert dev_place.aws.answers() in (expected, {live}), (kind, at, faults.hit)
        assert dev_place.aws.answers() == {live}, (kind, at, faults.hit)
        assert dev_place.inconsistencies() == [], (kind, at, faults.hit)


@pytest.mark.parametrize("kind", ["expired", "server error"])
def test_an_outage_that_lasts_is_never_a_success_and_can_be_resumed(dev_place: Place, kind: str):
    total = len(_calls(dev_place, "v1.0.1"))
    for number, at in enumerate(range(3, total - 8, 2 * STRIDE)):
        site = dev_place.fresh_site()
        faults = Faults(site.session, kind, at=at, lasting=True)
        wanted = dev_place.release(dev_place.site(), f"v3.{number}.0")
        operation = dev_place.operation(site)
        plan = plan_release(wanted, site.strategy, dev_place.site().resources())
        faults.start()
        with pytest.raises(DevopsError):
            operation.deploy(wanted, plan)
        _settle(dev_place)
        live = dev_place.ledger().live().version
        assert dev_place.aws.answers() == {live}
        assert dev_place.inconsistencies() == [], (kind, at, faults.hit)


def _calls(place: Place, version: str) -> list[str]:
    site = place.fresh_site()
    faults = Faults(site.session, "throttled")
    wanted = place.release(place.site(), version)
    operation = place.operation(site)
    plan = plan_release(wanted, site.strategy, place.site().resources())
    faults.start()
    operation.deploy(wanted, plan)
    return faults.calls


def _settle(place: Place) -> None:
    """The lease of whoever could not end orderly runs out; then somebody resumes, rolling back."""
    place.time.sleep(70)
    for _ in range(2):
        if place.ledger().running() is not None:
            with suppress(RolledBackError, BlockedError):
                place.operation().resume(forward=False)
    place.ledger().lock()
    head = place.ledger().head()
    if head.block:
        place.ledger().unblock(head.block, "test", "test")

"""A service in one environment of the sandbox, deployed to on a clock of its own."""

from __future__ import annotations

import hashlib
import time as real
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from common.environments import environment
from deploy.execution.operation import Operation
from deploy.execution.plan import plan_release
from deploy.ledger.chain import broken_links
from deploy.ledger.ledger import Ledger
from deploy.ledger.verifying import verify
from deploy.model import Deployment, Kind
from deploy.packaging.artifacts import Manifest
from deploy.site import Site, Where, open_site, operation_for
from sandbox.control import Sandbox
from tests.deploy.aws import FUNCTIONS, ServiceOnAws, Traffic, handler, zipped
from tests.deploy.builders import deployment
from tests.deploy.fakes import FakeTime

_UPDATE_POLL = 0.06


def now() -> datetime:
    """This second, where a clock of a place may begin."""
    return datetime.now(UTC).replace(microsecond=0)


class SandboxTime(FakeTime):
    """Passes at once, but gives the sandbox the moment that it takes to update a function."""

    def sleep(self, seconds: float) -> None:
        if seconds <= 1:
            real.sleep(_UPDATE_POLL)
        super().sleep(seconds)


class Place:
    """A service in one environment of the sandbox, deployed to without its pipeline."""

    def __init__(
        self, sandbox: Sandbox, service: str, env: str, *, functions: tuple[str, ...] = FUNCTIONS,
        create: bool = True, hours_ago: int = 3,
    ) -> None:  # fmt: skip
        self.env = env
        self.aws = ServiceOnAws(sandbox, service, env, functions, create=create)
        self.time = SandboxTime(now() - timedelta(hours=hours_ago))
        self.traffic = Traffic(self.aws, self.time)
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
        if len(self.aws.bytes_live()) != 1:
            found.append(f"several releases are live: {self.aws.live()}")
        return found

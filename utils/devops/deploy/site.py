"""One service in one environment, account first: everything a command needs to work on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from common.accounts import ValidatedSession, open_session
from common.environments import environment as environment_named
from common.git import git
from deploy.canary.strategy import Strategy, default_strategy, read_strategy
from deploy.clock import Clock
from deploy.execution.operation import Operation, owner_name
from deploy.ledger.ledger import Ledger
from deploy.packaging.artifacts import Artifacts
from deploy.ports import World
from deploy.promotion.hub import Hub
from deploy.repository import Repository, find_repository, service_name
from deploy.resources import Resources, discover

if TYPE_CHECKING:
    from boto3 import Session

    from common.aws_apigateway import RestApis
    from common.aws_lambda import Functions
    from common.environments import Environment
    from deploy.model import ApiTarget, Deployment


@dataclass(frozen=True, slots=True)
class Where:
    """What the command line says about where to work."""

    environment: Environment
    service: str | None = None
    region: str | None = None
    profile: str | None = None
    dr: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """A validated account and a service; clients are made when they are asked for."""

    environment: Environment
    validated: ValidatedSession
    service: str
    checkout: Repository | None
    clock: Clock
    profile: str | None = None

    @property
    def session(self) -> Session:
        return self.validated.session

    @property
    def name(self) -> str:
        """The repository's name."""
        if self.checkout is not None:
            return self.checkout.slug.rsplit("/", 1)[-1] or self.checkout.name
        return f"2_bbws_{self.service.replace('-', '_')}_lambda"

    @property
    def strategy(self) -> Strategy:
        """How this environment is deployed to, by the repository's `deploy.yml`."""
        if self.checkout is None:
            return default_strategy(self.environment.name)
        return read_strategy(self.checkout.root, self.environment.name)

    def ledger(self) -> Ledger:
        from common.aws_dynamodb import Table

        table = Table(self.session, self.environment.ledger_table, sleep=self.clock.sleep)
        return Ledger(table, self.service, self.clock)

    def artifacts(self, environment: Environment | None = None) -> Artifacts:
        """The artifacts here, or those of another environment, read with our own identity."""
        from common.aws_ecr import ImageStore
        from common.aws_objects import Bucket

        bucket = (environment or self.environment).artifact_bucket
        # The registry is always our own: Lambda takes images from no other account and region.
        images = ImageStore(self.session, sleep=self.clock.sleep)
        return Artifacts(Bucket(self.session, bucket, sleep=self.clock.sleep), self.name, images)

    def functions(self) -> Functions:
        from common.aws_lambda import Functions

        return Functions(self.session, sleep=self.clock.sleep)

    def apis(self) -> RestApis:
        from common.aws_apigateway import RestApis

        return RestApis(self.session, sleep=self.clock.sleep)

    def resources(self) -> Resources:
        """What the service consists of here, by its tags."""
        from common.aws_tagging import Tags

        tags = Tags(self.session, sleep=self.clock.sleep)
        return discover(tags, self.apis(), self.service, self.environment.name)

    def hub(self) -> Hub | None:
        """The repository on GitHub, where a token and a remote are known."""
        if not (os.environ.get("GITHUB_TOKEN") or os.environ.get("GH_TOKEN")):
            return None
        slug = self.checkout.slug if self.checkout else ""
        if not slug:
            return None
        from common.github import GitHub

        return Hub(GitHub.from_environment(), slug, sleep=self.clock.sleep)


def open_site(where: Where, clock: Clock | None = None) -> Site:
    """Find out which service is meant, then ask STS who we are, before anything else.

    Raises:
        RefusedError: Wrong account, region or repository.
        UsageProblemError: It is not known which service is meant.
        UnavailableError: No credentials.
    """
    service = service_name(Path.cwd(), where.service)
    checkout = find_repository_of(service)
    environment = environment_named(where.environment.name, dr=where.dr)
    validated = open_session(environment, region=where.region, profile=where.profile)
    return Site(environment, validated, service, checkout, clock or Clock(), where.profile)


def find_repository_of(service: str) -> Repository | None:
    """The checkout of this service around the current directory; that of another does not count."""
    found = find_repository(Path.cwd(), None)
    same = found is not None and found.service.replace("-", "_") == service.replace("-", "_")
    return found if same else None


@dataclass(frozen=True, slots=True)
class Extras:
    """What differs from command to command: destroys that were named."""

    allow_destroy: frozenset[str] = frozenset()


def operation_for(site: Site, actor: str, extras: Extras | None = None) -> Operation:
    """The engine's world, made of AWS and GitHub."""
    extras, hub, resources = extras or Extras(), site.hub(), site.resources()
    world = _world(site, resources, hub, extras)
    return Operation(
        world, site.ledger(), site.strategy, site.resources, site.clock, owner_name(actor)
    )


def _world(site: Site, resources: Resources, hub: Hub | None, extras: Extras) -> World:
    from common.aws_cloudwatch import Metrics
    from common.aws_dynamodb import Backups
    from common.aws_events import Bus
    from common.aws_logs import Logs
    from common.aws_sns import Topic
    from deploy.canary.metering import Meter
    from deploy.canary.traffic import Traffic
    from deploy.execution.saving import Saver
    from deploy.incidents.recording import Recorder
    from deploy.incidents.telling import Herald

    session, sleep, environment = site.session, site.clock.sleep, site.environment
    metrics, apis = Metrics(session, sleep=sleep), site.apis()
    prober = prober_for(site, resources)
    state = _StateVersion(session, environment.state_bucket, f"{site.name}/terraform.tfstate")
    topic = Topic(session, environment.topic, environment.account, sleep=sleep)
    return World(
        checks=preflight_for(site, resources),
        saving=Saver(
            Backups(session, sleep=sleep), apis, state, site.artifacts(), resources, site.clock,
            site.strategy.backup,
        ),
        releasing=releaser_for(site, extras),
        routing=Traffic(site.functions(), site.clock),
        staging=Stages(apis),
        metering=Meter(metrics, metrics, resources),
        probing=prober,
        smoking=prober,
        telling=Herald(
            topic, Bus(session, sleep=sleep), hub, site.clock, hub.releases() if hub else ""
        ),
        recording=Recorder(
            site.artifacts(), site.ledger(), Logs(session, sleep=sleep), site.clock, hub,
            _changes_in(site),
        ),
    )  # fmt: skip


def preflight_for(site: Site, resources: Resources) -> Preflight:
    """The checks before the first change."""
    from common.aws_cloudwatch import Metrics
    from deploy.preflight.checks import Preflight

    return Preflight(
        functions=site.functions(),
        stages=site.apis(),
        alarms=Metrics(site.session, sleep=site.clock.sleep),
        artifacts=site.artifacts(),
        ledger=site.ledger(),
        resources=resources,
        strategy=site.strategy,
        credentials=_credentials(site.session),
        now=site.clock.now,
    )


def prober_for(site: Site, resources: Resources) -> Prober:
    """Smoke tests and probes."""
    from deploy.execution.fetching import Web, api_url
    from deploy.execution.smoking import Prober

    return Prober(
        functions=site.functions(),
        smoke=site.strategy.smoke,
        probes=site.strategy.probes,
        folder=site.checkout.root if site.checkout else None,
        environment=site.environment.name,
        api_url=api_url(resources, site.environment.region),
        fetching=Web(),
    )


def releaser_for(site: Site, extras: Extras) -> Releasing:
    """Brings a release there, or for a rollback the API and the infrastructure of one."""
    from deploy.execution.infrastructure import FOLDER, TerraformInfrastructure
    from deploy.execution.releasing import NoInfrastructure, Releaser
    from deploy.rollback.restoring import Bringer, Restorer

    checkout = site.checkout
    terraform: Infrastructure
    if checkout is None or not (checkout.root / FOLDER).is_dir():
        terraform = NoInfrastructure("no Terraform folder: nothing applied")
    else:
        terraform = TerraformInfrastructure(
            checkout.root, site.name, site.environment, site.artifacts(), site.profile,
            extras.allow_destroy,
        )  # fmt: skip
    return Bringer(
        Releaser(terraform, site.functions(), site.apis(), site.artifacts(), site.resources),
        Restorer(Stages(site.apis()), terraform),
    )


@dataclass(frozen=True, slots=True)
class Stages:
    """Lets a stage show a deployment, and verifies it."""

    apis: RestApis

    def show(self, api: ApiTarget, deployment: str) -> None:
        """Show it, unless it is shown already.

        Raises:
            UnavailableError: The stage shows something else afterwards.
        """
        from common.errors import UnavailableError

        if self.apis.shown(api.api_id, api.stage) == deployment:
            return
        self.apis.show(api.api_id, api.stage, deployment)
        shown = self.apis.shown(api.api_id, api.stage)
        if shown != deployment:
            raise UnavailableError(f"stage {api.stage!r} shows {shown}, not {deployment}")


@dataclass(frozen=True, slots=True)
class _StateVersion:
    session: Session
    bucket: str
    key: str

    def current(self) -> str:
        from common.aws_objects import Bucket

        version = Bucket(self.session, self.bucket).version(self.key)
        return f"s3://{self.bucket}/{self.key}?versionId={version}" if version else ""


def _credentials(session: Session) -> Callable[[datetime], tuple[float | None, str]]:
    from common.aws_credentials import seconds_left

    return lambda now: seconds_left(session, now)


def _changes_in(site: Site) -> Callable[[Deployment], Sequence[str]]:
    def changes(deployment: Deployment) -> Sequence[str]:
        before = site.ledger().live()
        if site.checkout is None or before is None:
            return ()
        span = f"{before.commit}..{deployment.commit}"
        answer = git("log", "--oneline", "-50", span, cwd=site.checkout.root, check=False)
        return answer.stdout.splitlines() if answer.ok else ()

    return changes


if TYPE_CHECKING:
    from deploy.execution.releasing import Infrastructure
    from deploy.execution.smoking import Prober
    from deploy.ports import Releasing
    from deploy.preflight.checks import Preflight

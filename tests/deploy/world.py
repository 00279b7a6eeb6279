"""A world in memory: functions with AWS's alias rules, an API stage, metrics, and sudden death."""

from __future__ import annotations

import random
import threading
import uuid
from dataclasses import dataclass, field, replace

from common.aws_call import AwsError
from common.aws_lambda import Alias, AliasMovedError, Configuration
from deploy.canary.evidence import QUANTILES, Evidence, FunctionEvidence, Latency, VersionSample
from deploy.canary.strategy import default_strategy
from deploy.canary.traffic import ALIAS, Traffic
from deploy.execution.operation import Operation
from deploy.execution.plan import Component, plan_release, plan_rollback
from deploy.ledger.chain import broken_links
from deploy.ledger.ledger import Ledger
from deploy.model import ApiTarget, Backup, Deployment, Kind, Verdict
from deploy.packaging.package import lambda_digest
from deploy.ports import Check, Released, Saved, SmokeReport, World
from deploy.resources import Resources
from deploy.rollback.rolling_back import choose
from deploy.states import State
from sandbox.aws.alias_rules import AliasFacts, RefusalError, VersionFacts, check_alias
from tests.deploy.builders import deployment
from tests.deploy.fakes import FakeTime, MemoryTable

NAMES = ("auth-get", "auth-put", "auth-sweep")
_USUAL = tuple((share, 40 + 60 * share) for share in QUANTILES)
OLD, NEW = "a" * 64, "b" * 64


class KilledError(BaseException):
    """The process is gone: nothing it does after this has any effect."""


@dataclass
class Fate:
    """Counts the moments at which a process can die, and lets it die at one of them."""

    at: int | None = None
    count: int = 0
    dead: bool = False
    names: list[str] = field(default_factory=list)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def moment(self, name: str) -> None:
        with self._guard:
            if self.dead:
                raise KilledError
            self.count += 1
            self.names.append(name)
            if self.count == self.at:
                self.dead = True
                raise KilledError


class FakeLambda:
    """Functions, versions and aliases; `wrong` is asked round each change and may raise."""

    def __init__(self, names=NAMES) -> None:
        self.code = {name: lambda_digest(OLD) for name in names}
        self.versions = {name: [self._version(name, "1", lambda_digest(OLD))] for name in names}
        self.aliases = {name: Alias(name, ALIAS, "1", (), uuid.uuid4().hex) for name in names}
        self.changes: list[str] = []
        self.fate = Fate()
        self.wrong = lambda _operation, _name: None
        self._guard = threading.RLock()

    @staticmethod
    def _version(name, version, code, role="role", dead="dlq"):
        return Configuration(name, version, code, "r", role, dead, "Active", "Successful", ())

    def _change(self, operation: str, name: str, apply) -> None:
        self.fate.moment(f"before {operation} {name}")
        self.wrong(operation, name)
        with self._guard:
            apply()
            self.changes.append(f"{operation} {name}")
        self.wrong(f"{operation} answered", name)
        self.fate.moment(f"after {operation} {name}")

    def configuration(self, name, version="$LATEST"):
        if version == "$LATEST":
            return replace(self.versions[name][-1], version="$LATEST", code_sha256=self.code[name])
        return next((v for v in self.versions[name] if v.version == version), None)

    def put_code(self, name, bucket, key, sha256):
        if self.code[name] != sha256:
            self._change("put_code", name, lambda: self.code.__setitem__(name, sha256))
        return self.configuration(name)

    def publish(self, name, sha256, description):
        assert self.code[name] == sha256, "CodeSha256 differs"
        if self.versions[name][-1].code_sha256 != sha256:
            number = str(len(self.versions[name]) + 1)
            made = self._version(name, number, sha256)
            self._change("publish", name, lambda: self.versions[name].append(made))
        return self.versions[name][-1]

    def alias(self, name, alias):
        return self.aliases.get(name)

    def create_alias(self, name, alias, version):
        made = Alias(name, alias, version, (), uuid.uuid4().hex)
        self._change("create_alias", name, lambda: self.aliases.setdefault(name, made))
        return self.aliases[name]

    def point(self, seen, version, weights=None):
        def apply() -> None:
            now = self.aliases[seen.function]
            if now.revision != seen.revision:
                raise AliasMovedError("revision", reason="PreconditionFailedException")
            facts = {
                v.version: VersionFacts(v.role, v.dead_letters)
                for v in self.versions[seen.function]
            }
            try:
                check_alias(AliasFacts(version, weights or {}), facts, seen.function)
            except RefusalError as refusal:
                raise AwsError(refusal.message, reason=refusal.kind) from refusal
            shares = tuple(sorted((weights or {}).items()))
            self.aliases[seen.function] = Alias(
                seen.function, ALIAS, version, shares, uuid.uuid4().hex
            )

        self._change("point", seen.function, apply)

    def has_provisioned_concurrency(self, name, alias):
        return False

    def policy(self, name, qualifier):
        return "{}" if qualifier == ALIAS else ""

    def live_versions(self) -> set[str]:
        return {alias.version for alias in self.aliases.values()}

    def weights(self) -> list[tuple]:
        return [alias.weights for alias in self.aliases.values() if alias.weights]


@dataclass
class Behaviour:
    """How the release behaves once it has traffic, by function."""

    errors: dict[str, float] = field(default_factory=dict)
    per_minute: int = 1200
    blind: bool = False


class FakeWorld:
    """Everything the engine needs, in memory; one instance is one environment."""

    def __init__(self, *, seed: int = 1, environment: str = "prod") -> None:
        self.time = FakeTime()
        self.table = MemoryTable()
        self.lambda_ = FakeLambda()
        self.behaviour = Behaviour()
        self.environment = environment
        # A look a minute is what closed periods can tell anyway.
        self.strategy = replace(default_strategy(environment), poll_seconds=60)
        self.shown = "api-old"
        self.told: list[tuple[str, str]] = []
        self.proofs: list[str] = []
        self.incidents: list[Deployment] = []
        self.checks: list[Check] = []
        self.unrestorable = ""
        self.smoke_failures: dict[str, tuple[str, ...]] = {}
        self.seen: list[Verdict] = []
        self._random = random.Random(seed)
        self.fate = Fate()

    # --- the ports ------------------------------------------------------------------------------

    def preflight(self, deployment):
        return self.checks

    def snapshot(self, deployment: Deployment) -> Deployment:
        from deploy.model import FunctionTarget

        live = self.ledger().live()
        targets = deployment.functions or tuple(
            FunctionTarget(name, alias.version) for name, alias in self.lambda_.aliases.items()
        )
        return replace(
            deployment,
            functions=targets,
            api=deployment.api or ApiTarget("api", "prod", self.shown),
            previous=live.id if live else None,
            first=live is None and deployment.kind is not Kind.ROLLBACK,
        )

    def request(self, deployment):
        return {}

    def save(self, deployment: Deployment, go_on) -> Saved:
        self.fate.moment("before save")
        self.fate.moment("after save")
        return Saved((Backup("table", "auth", "arn"),), deployment.api)

    def release(self, deployment: Deployment) -> Released:
        if deployment.kind is Kind.ROLLBACK:
            return self._restore(deployment)
        from deploy.execution.releasing import NoInfrastructure, Releaser

        class Objects:
            name = "bucket"

        class Artifacts:
            bucket = Objects()
            repository = "2_bbws_auth_lambda"

            def require(self, sha256, image):
                """It is there."""

        class Snapshots:
            def ensure_snapshot(self, api, description):
                return "api-new"

        names = tuple(self.lambda_.aliases)
        releaser = Releaser(
            NoInfrastructure("none"), self.lambda_, Snapshots(), Artifacts(),
            lambda: Resources(names, api_id="api", api_name="auth", stage="prod"),
        )  # fmt: skip
        released = releaser.release(deployment)
        self.fate.moment("before apply")
        self.shown = "api-terraform"
        self.fate.moment("after apply")
        return released

    def _restore(self, deployment: Deployment) -> Released:
        from deploy.execution.releasing import NoInfrastructure
        from deploy.rollback.restoring import Restorer

        self.fate.moment("before restore")
        restored = Restorer(self, NoInfrastructure("none")).release(deployment)
        if self.unrestorable:
            raise AwsError(self.unrestorable, reason="AccessDenied")
        self.fate.moment("after restore")
        return restored

    def show(self, api, deployment=None):
        if deployment is None:
            return
        self.fate.moment("before show")
        self.shown = deployment
        self.fate.moment("after show")

    def read(self, deployment, percent, window, probed) -> Evidence:
        if self.behaviour.blind:
            return Evidence(window, percent, (), problems=("AccessDenied",))
        minutes = window.seconds // 60
        functions = tuple(
            self._evidence(target, percent, minutes, probed) for target in deployment.functions
        )
        return Evidence(window, percent, functions)

    def _evidence(self, target, percent, minutes, probed):
        per_function = self.behaviour.per_minute * minutes // len(NAMES)
        share = percent if percent < 100 else 50
        new = self._sample(target.candidate, per_function * share // 100, target.name)
        stable = self._sample(target.stable, per_function * (100 - share) // 100, "")
        return FunctionEvidence(target.name, new, stable, *probed.of(target))

    def _sample(self, version, count, name):
        chance = self.behaviour.errors.get(name, 0.0)
        errors = sum(self._random.random() < chance for _ in range(count)) if chance else 0
        latencies = (Latency(count, _USUAL),) if count else ()
        return VersionSample(version, count, errors, 0, latencies)

    def probe(self, target, count):
        return self._sample(target.candidate, count, target.name), self._sample(
            target.stable, count, ""
        )

    def versions(self, deployment):
        return SmokeReport(3, self.smoke_failures.get("versions", ()))

    def live(self, deployment):
        return SmokeReport(3, self.smoke_failures.get("live", ()))

    def tell(self, event, deployment, detail="", backup=None):
        self.told.append((event, detail))

    def judged(self, percent, judgement, window):
        self.seen.append(judgement.verdict)

    def incident(self, deployment, judgement):
        self.incidents.append(deployment)
        return f"inc-{deployment.id}"

    def proven(self, deployment):
        self.proofs.append(deployment.version)

    # --- running --------------------------------------------------------------------------------

    def ledger(self) -> Ledger:
        return Ledger(self.table, "auth", self.time.clock)

    def operation(self, owner: str = "ann@laptop", **changes) -> Operation:
        speaker = _Speaker(self)
        world = World(
            checks=self, saving=self, releasing=self,
            routing=Traffic(self.lambda_, self.time.clock), staging=self, metering=self,
            probing=self, smoking=self, telling=speaker, recording=self,
        )  # fmt: skip
        return Operation(
            world, self.ledger(), self.strategy, self.resources,
            self.time.clock, owner,
        )  # fmt: skip

    def resources(self) -> Resources:
        return Resources(tuple(self.lambda_.aliases), ("auth",), (), "api", "auth", "prod")

    def deployment(self, identity="d2", **changes) -> Deployment:
        facts = {"functions": (), "digest": NEW, "version": "v1.1.0", **changes}
        return deployment(identity, environment=self.environment, **facts)

    def deploy(self, identity="d2", **changes) -> Deployment:
        operation = self.operation()
        wanted = self.deployment(identity, **changes)
        planned = replace(wanted, first=self.ledger().live() is None)
        return operation.deploy(wanted, plan_release(planned, operation.strategy, self.resources()))

    def back_to(self, version: str, component: str = "full", identity="r1", **more) -> Deployment:
        """What `rollback` does with the engine."""
        ledger = self.ledger()
        target = choose(ledger.deployments(), version)
        code = component in ("lambda", "full")
        functions = tuple(
            replace(f, stable=self.lambda_.aliases[f.name].version) for f in target.functions
        )
        wanted = replace(
            self.deployment(identity, version=version, digest=target.digest, **more),
            kind=Kind.ROLLBACK, component=component, functions=functions if code else (),
            api=replace(target.api, before=self.shown) if target.api else None,
        )  # fmt: skip
        return self.operation().deploy(
            wanted, plan_rollback(Component(component), self.resources())
        )

    def with_live_release(self) -> FakeWorld:
        """A first release is live, so that the next one has something to shift from."""
        self.deploy("d1", digest=OLD, version="v1.0.0")
        self.told.clear()
        self.seen.clear()
        return self

    def mortal(self, at: int | None) -> Fate:
        """From now on the process can die, at moment number `at`."""
        fate = Fate(at)
        self.fate = self.lambda_.fate = fate
        self.table.before = lambda _: fate.moment("before ledger")
        self.table.after = lambda _: fate.moment("after ledger")
        return fate

    def immortal(self) -> None:
        """The next process; the leases of the dead one run out."""
        self.fate = self.lambda_.fate = Fate()
        self.table.before = self.table.after = lambda _: None
        self.time.sleep(70)

    def inconsistencies(self) -> list[str]:
        """What must never be, after a deployment is over."""
        ledger, found = self.ledger(), []
        live = ledger.live()
        if ledger.running() is not None:
            found.append(f"still at {ledger.running().position}")
        if ledger.lock() is not None:
            found.append("the lock is held")
        if self.lambda_.weights():
            found.append(f"stray weights {self.lambda_.weights()}")
        wanted = {t.name: t.candidate for t in live.functions} if live else {}
        actual = {name: alias.version for name, alias in self.lambda_.aliases.items()}
        if live and wanted != actual:
            found.append(f"the ledger says {wanted}, AWS says {actual}")
        if len(self.lambda_.live_versions()) != 1:
            found.append(f"several versions are live: {self.lambda_.live_versions()}")
        found += broken_links(ledger.entries(), ledger.head())
        return found

    def states(self) -> list[State]:
        return [d.position.state for d in self.ledger().deployments()]


class _Speaker:
    """`Telling` has a `show`, as the stage has: two things of one name."""

    def __init__(self, world: FakeWorld) -> None:
        self.tell, self.judged = world.tell, world.judged

    def show(self, text: str) -> None:
        """Progress is of no interest here."""

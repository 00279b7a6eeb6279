"""Looks at everything before the first change; reads only, and finds a list, not an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from deploy.canary.traffic import ALIAS, at_once
from deploy.model import ApiTarget, Deployment, FunctionTarget, Kind
from deploy.ports import Check

if TYPE_CHECKING:
    from common.aws_cloudwatch import AlarmState
    from common.aws_lambda import Alias, Configuration
    from deploy.canary.strategy import Strategy
    from deploy.ledger.ledger import Ledger
    from deploy.packaging.artifacts import Artifacts
    from deploy.resources import Resources

ROLLBACK_RESERVE = 600
"""Seconds of credentials that must be left for going back."""


class FunctionReader(Protocol):
    """What is asked of Lambda; reads only."""

    def configuration(self, name: str, version: str = "$LATEST") -> Configuration | None: ...

    def alias(self, name: str, alias: str) -> Alias | None: ...

    def has_provisioned_concurrency(self, name: str, alias: str) -> bool: ...

    def policy(self, name: str, qualifier: str) -> str: ...


class StageReader(Protocol):
    """Which API deployment a stage shows."""

    def shown(self, api: str, stage: str) -> str | None: ...


class AlarmReader(Protocol):
    """The alarms whose names start alike."""

    def alarms(self, prefix: str) -> list[AlarmState]: ...


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """What Lambda says about one function."""

    name: str
    latest: Configuration | None
    alias: Alias | None
    stable: Configuration | None
    provisioned: bool
    invocable: bool


@dataclass(frozen=True, slots=True)
class Preflight:
    """The checks of one service in one environment."""

    functions: FunctionReader
    stages: StageReader
    alarms: AlarmReader
    artifacts: Artifacts
    ledger: Ledger
    resources: Resources
    strategy: Strategy
    credentials: Callable[[datetime], tuple[float | None, str]]
    now: Callable[[], datetime]

    def snapshot(self, deployment: Deployment) -> Deployment:
        """The deployment with what is there now: live versions, stage, alarms that ring."""
        live = self.ledger.live()
        targets = deployment.functions or at_once(self._target, self.resources.functions)
        return replace(
            deployment,
            functions=tuple(targets),
            api=deployment.api or self._api(),
            ringing=tuple(a.name for a in service_alarms(self.alarms, self.resources) if a.rings),
            previous=live.id if live else None,
            first=live is None and deployment.kind is not Kind.ROLLBACK,
        )

    def preflight(self, deployment: Deployment) -> Sequence[Check]:
        """All checks, passed or not, in the order a person would ask."""
        facts = at_once(self._facts, self.resources.functions)
        return [
            self._unblocked(deployment),
            *(check for fact in facts for check in function_checks(fact, deployment)),
            *self._way_back(deployment),
            self._credentials(),
        ]

    def _target(self, name: str) -> FunctionTarget:
        alias = self.functions.alias(name, ALIAS)
        return FunctionTarget(name, alias.version if alias else None)

    def _api(self) -> ApiTarget | None:
        if self.resources.api_id is None:
            return None
        shown = self.stages.shown(self.resources.api_id, self.resources.stage)
        return ApiTarget(self.resources.api_id, self.resources.stage, shown)

    def _facts(self, name: str) -> FunctionFacts:
        alias = self.functions.alias(name, ALIAS)
        return FunctionFacts(
            name=name,
            latest=self.functions.configuration(name),
            alias=alias,
            stable=self.functions.configuration(name, alias.version) if alias else None,
            provisioned=alias is not None
            and self.functions.has_provisioned_concurrency(name, ALIAS),
            invocable=not _is_on_function_only(self.functions, name, alias),
        )

    def _unblocked(self, deployment: Deployment) -> Check:
        block = self.ledger.head().block
        if not block or deployment.kind is Kind.ROLLBACK:
            return Check("not blocked", True, "no open incident")
        return Check(
            "not blocked", False,
            f"incident {block} is open; clear it with `deploy_cli.py unblock --incident {block} "
            f"--env {deployment.environment} --reason …`",
        )  # fmt: skip

    def _way_back(self, deployment: Deployment) -> Iterator[Check]:
        live = self.ledger.live()
        if live is None:
            yield Check("way back", True, "first version: 100 % direct, no canary possible")
            return
        if not self.artifacts.holds(live.digest, live.image):
            what = "image" if live.image else "package"
            detail = f"the {what} of {live.version} ({live.digest[:12]}) is gone"
            yield Check("way back", False, detail)
            return
        strangers = [
            target.name
            for target in live.functions
            if target.name in self.resources.functions and not self._is_live(target)
        ]
        if strangers and deployment.kind is not Kind.ROLLBACK:
            yield Check(
                "ledger and AWS agree", False,
                f"{', '.join(strangers)}: the alias is not on the version of {live.version}; "
                "`rollback` to a release puts it back",
            )  # fmt: skip
            return
        yield Check("way back", True, f"to {live.version}, its package can be restored")

    def _is_live(self, target: FunctionTarget) -> bool:
        alias = self.functions.alias(target.name, ALIAS)
        return alias is not None and alias.version == target.candidate

    def _credentials(self) -> Check:
        needed = self.strategy.longest_seconds + ROLLBACK_RESERVE
        left, how = self.credentials(self.now())
        if left is None or left >= needed:
            return Check("credentials", True, f"last long enough ({how})")
        return Check(
            "credentials", False,
            f"{left:.0f} s are left ({how}), the canary and a rollback may take {needed} s",
        )  # fmt: skip


def function_checks(fact: FunctionFacts, deployment: Deployment) -> Iterator[Check]:
    """What must hold for a function before its traffic may be split."""
    name = fact.name
    if fact.latest is None:
        yield Check(name, False, "does not exist")
        return
    if deployment.digest:
        wanted = "Image" if deployment.image else "Zip"
        found = f"package type {fact.latest.package}, what is deployed is of type {wanted}"
        yield Check(f"{name} package type", fact.latest.package == wanted, found)
    ready = f"state {fact.latest.state or 'Active'}, update {fact.latest.update or 'Successful'}"
    yield Check(f"{name} is ready", fact.latest.is_ready, ready)
    if fact.alias is None:
        yield Check(f"{name} alias", True, f"no alias {ALIAS!r} yet: it will be made")
        return
    yield from _alias_checks(fact, deployment)


def _alias_checks(fact: FunctionFacts, deployment: Deployment) -> Iterator[Check]:
    name, alias = fact.name, fact.alias
    if alias is None:
        return
    back = deployment.kind is Kind.ROLLBACK
    leftover = ", ".join(f"{weight:.0%} on {version}" for version, weight in alias.weights)
    yield Check(
        f"{name} weights", not leftover or back,
        f"left over: {leftover}; remove them with --clear-weights" if leftover else "none",
    )  # fmt: skip
    yield Check(
        f"{name} provisioned concurrency", not fact.provisioned,
        "AWS moves weights itself while it is on; remove it from the alias first"
        if fact.provisioned else "none on the alias",
    )  # fmt: skip
    published = alias.version != "$LATEST" and fact.stable is not None
    yield Check(
        f"{name} version", published, f"{ALIAS!r} is on version {alias.version}"
        if published else f"{ALIAS!r} is on {alias.version}, which cannot share traffic",
    )  # fmt: skip
    yield Check(
        f"{name} permission", fact.invocable,
        "callers may invoke the alias" if fact.invocable
        else "callers may invoke the function, but not its alias",
    )  # fmt: skip
    if fact.stable and fact.latest and not back:
        yield alike(name, fact.stable, fact.latest)


def alike(name: str, stable: Configuration, candidate: Configuration) -> Check:
    """Two versions of one alias must share role and dead-letter target."""
    if stable.role != candidate.role:
        detail = f"version {stable.version} runs as {stable.role}, the new one as {candidate.role}"
        return Check(f"{name} role", False, detail)
    if stable.dead_letters != candidate.dead_letters:
        old, new = stable.dead_letters or "none", candidate.dead_letters or "none"
        return Check(f"{name} dead letters", False, f"they go to {old}, from the new one to {new}")
    return Check(f"{name} role and dead letters", True, "the same in both versions")


def _is_on_function_only(reader: FunctionReader, name: str, alias: Alias | None) -> bool:
    """Somebody may call the function but nobody its alias: traffic would stop at the front door."""
    if alias is None or reader.policy(name, ALIAS):
        return False
    return bool(reader.policy(name, "$LATEST"))


@dataclass(frozen=True, slots=True)
class ServiceAlarm:
    """An alarm of this service."""

    name: str
    rings: bool
    version: str | None


def service_alarms(reader: AlarmReader, resources: Resources) -> list[ServiceAlarm]:
    """The alarms that watch a function, queue or API of the service."""
    watched = {*resources.functions, *resources.dead_letters, resources.api_name} - {""}
    if not watched:
        return []
    found = []
    for alarm in reader.alarms(common_start(sorted(watched))):
        dimensions = dict(alarm.dimensions)
        if watched & set(dimensions.values()):
            rings = alarm.state == "ALARM"
            found.append(ServiceAlarm(alarm.name, rings, dimensions.get("ExecutedVersion")))
    return found


def common_start(names: Sequence[str]) -> str:
    """What all names start with."""
    first, last = min(names), max(names)
    length = next((i for i, c in enumerate(first) if i >= len(last) or c != last[i]), len(first))
    return first[:length]

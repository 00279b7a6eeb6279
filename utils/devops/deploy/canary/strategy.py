"""`deploy.yml`: how traffic moves and when a release is bad, reviewed with the code it is for.

A service without the file gets the defaults: all at once in dev and sit; in prod 10 % for five
minutes, then 25, 50 and 100 %, each judged. An unknown key is an error, never ignored.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from common.errors import UsageProblemError
from deploy.execution.answers import Asked

if TYPE_CHECKING:
    from pathlib import Path

FILE = "deploy.yml"
_AGENT = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class Hold:
    """A weight of the new version and how long it is watched before it is judged."""

    percent: int
    seconds: int

    @property
    def judged(self) -> bool:
        return self.seconds > 0


@dataclass(frozen=True, slots=True)
class Limits:
    """When a release is bad, and how sure one must be.

    Attributes:
        error_margin: A release passes only when its error rate is shown to be at most the stable
            version's plus this.
        confidence: How sure "shown" is.
        alpha: Chance, over the whole deployment, that a healthy release is called worse.
        slower: Factor by which a percentile may exceed the stable version's.
        slower_ms: Milliseconds that are never worth failing a release for.
        min_requests: Requests a function of the new version must have had, real ones or probes.
        max_measuring_errors: Failures to measure in a row before the answer is `ERROR` for good.
        iterator_age_ms: Lag of a stream consumer that is bad whatever it was before.
    """

    error_margin: float = 0.04
    confidence: float = 0.99
    alpha: float = 0.005
    slower: float = 1.5
    slower_ms: float = 20.0
    min_requests: int = 30
    max_measuring_errors: int = 3
    iterator_age_ms: float = 60_000.0


@dataclass(frozen=True, slots=True)
class Probes:
    """Synthetic requests to the new version where traffic is thin."""

    enabled: bool = True
    batch: int = 40
    parallel: int = 8


@dataclass(frozen=True, slots=True)
class Smoke:
    """Requests that must succeed: an event file for each function, paths of the API."""

    events: tuple[tuple[str, str], ...] = ()
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Strategy:
    """How one environment is deployed to."""

    holds: tuple[Hold, ...] = (Hold(100, 0),)
    settle_seconds: int = 60
    extension_seconds: int = 900
    poll_seconds: int = 15
    limits: Limits = field(default_factory=Limits)
    probes: Probes = field(default_factory=Probes)
    smoke: Smoke = field(default_factory=Smoke)
    backup: Asked = field(default_factory=Asked)

    @property
    def longest_seconds(self) -> int:
        """Upper bound of all waits together: what credentials must outlive."""
        judged = [hold for hold in self.holds if hold.judged]
        return (
            sum(hold.seconds + self.settle_seconds + self.extension_seconds for hold in judged[:1])
            + sum(hold.seconds + self.settle_seconds + 60 for hold in judged[1:])
            + self.backup.patience
        )


_PROD = (Hold(10, 300), Hold(25, 180), Hold(50, 180), Hold(100, 180))


def default_strategy(environment: str) -> Strategy:
    """The strategy of a service that has no `deploy.yml`."""
    return Strategy(holds=_PROD) if environment.startswith("prod") else Strategy()


def read_strategy(folder: Path, environment: str) -> Strategy:
    """The strategy for one environment from the `deploy.yml` of a repository, or the defaults.

    Raises:
        UsageProblemError: The file cannot be read, or a value in it makes no sense.
    """
    path = folder / FILE
    if not path.is_file():
        return default_strategy(environment)
    import yaml

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageProblemError(f"{path} is not YAML: {error}") from error
    return parse_strategy(data, environment, source=FILE)


def parse_strategy(data: Any, environment: str, *, source: str = FILE) -> Strategy:
    """The strategy in the plain data of a `deploy.yml`."""
    top = _mapping(data, source, {"environments", "limits", "probes", "smoke"})
    named = _mapping(top.get("environments") or {}, "environments", {"dev", "sit", "prod"})
    own = _mapping(
        named.get(environment.removesuffix("-dr")) or {},
        f"environments.{environment}",
        {"steps", "settle_seconds", "extension_seconds", "poll_seconds", "limits", "backup"},
    )
    base = default_strategy(environment)
    limits = {**(top.get("limits") or {}), **(own.get("limits") or {})}
    strategy = dataclasses.replace(
        base,
        holds=_holds(own["steps"]) if "steps" in own else base.holds,
        limits=_filled(Limits, limits, "limits"),
        probes=_filled(Probes, top.get("probes") or {}, "probes"),
        smoke=_smoke(top.get("smoke") or {}),
        backup=_asked(own.get("backup") or {}),
        **{k: _whole(v, k) for k, v in own.items() if k.endswith("_seconds")},
    )
    _check(strategy, environment)
    return strategy


def _mapping(data: Any, where: str, known: set[str]) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise UsageProblemError(f"{FILE}: {where} must be a mapping, not {data!r}")
    unknown = sorted(set(map(str, data)) - known)
    if unknown:
        raise UsageProblemError(
            f"{FILE}: unknown key {unknown[0]!r} in {where}",
            hint=f"known keys: {', '.join(sorted(known))}",
        )
    return data


def _filled(kind: Any, data: Any, where: str) -> Any:
    fields = {f.name: f for f in dataclasses.fields(kind)}
    values = _mapping(data, where, set(fields))
    for key, value in values.items():
        default = fields[key].default
        wanted = (int, float) if isinstance(default, float) else type(default)
        if not isinstance(value, wanted) or (isinstance(value, bool) != isinstance(default, bool)):
            raise UsageProblemError(f"{FILE}: {where}.{key} cannot be {value!r}")
    return kind(**values)


def _whole(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UsageProblemError(f"{FILE}: {where} must be a whole number of seconds, not {value!r}")
    return value


def _holds(data: Any) -> tuple[Hold, ...]:
    if not isinstance(data, list) or not data:
        raise UsageProblemError(f"{FILE}: steps must be a list of percent and minutes")
    holds = []
    for item in data:
        row = _mapping(item, "steps", {"percent", "minutes"})
        percent, minutes = row.get("percent"), row.get("minutes", 0)
        if isinstance(percent, bool) or not isinstance(percent, int) or not 1 <= percent <= 100:
            raise UsageProblemError(f"{FILE}: a step's percent is 1 to 100, not {percent!r}")
        if isinstance(minutes, bool) or not isinstance(minutes, int | float) or minutes < 0:
            raise UsageProblemError(f"{FILE}: a step's minutes cannot be {minutes!r}")
        holds.append(Hold(percent, round(minutes * 60)))
    return tuple(holds)


def _smoke(data: Any) -> Smoke:
    row = _mapping(data, "smoke", {"events", "paths"})
    events = _mapping(
        row.get("events") or {}, "smoke.events", set(map(str, row.get("events") or {}))
    )
    paths = row.get("paths") or []
    if not isinstance(paths, list) or not all(str(p).startswith("/") for p in paths):
        raise UsageProblemError(f"{FILE}: smoke.paths is a list of paths that start with '/'")
    return Smoke(tuple(sorted((k, str(v)) for k, v in events.items())), tuple(map(str, paths)))


def _asked(data: Any) -> Asked:
    row = _mapping(data, "backup", {"agents", "seconds"})
    agents = row.get("agents") or []
    if not isinstance(agents, list) or not all(_AGENT.fullmatch(str(one)) for one in agents):
        raise UsageProblemError(f"{FILE}: backup.agents is a list of names such as backup-manager")
    seconds = _whole(row.get("seconds", Asked().seconds), "backup.seconds")
    return Asked(tuple(map(str, agents)), seconds)


def _check(strategy: Strategy, environment: str) -> None:
    percents = [hold.percent for hold in strategy.holds]
    if percents != sorted(set(percents)) or percents[-1] != 100:
        raise UsageProblemError(
            f"{FILE}: the steps of {environment} must grow and end at 100, not {percents}"
        )
    first = strategy.holds[0]
    if environment.startswith("prod") and (first.percent > 10 or first.seconds < 300):
        raise UsageProblemError(
            f"{FILE}: the first step of {environment} must be a canary of at most 10 % "
            f"for at least 5 minutes, not {first.percent} % for {first.seconds / 60:g}",
        )
    if environment.startswith("prod") and not all(hold.judged for hold in strategy.holds):
        raise UsageProblemError(f"{FILE}: every step of {environment} needs minutes to be judged")
    limits = strategy.limits
    if not (0 < limits.error_margin <= 0.05 and 0.9 <= limits.confidence < 1):
        raise UsageProblemError(f"{FILE}: error_margin is at most 0.05, confidence 0.9 to below 1")
    if not (0 < limits.alpha <= 0.05 and limits.slower > 1 and limits.min_requests >= 10):
        raise UsageProblemError(
            f"{FILE}: alpha is at most 0.05, slower more than 1, min_requests at least 10"
        )

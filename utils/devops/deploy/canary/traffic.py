"""Moves traffic between two versions of all functions at once. Knows nothing of verdicts.

Every move reads the alias first, passes its revision on, and reads it back afterwards.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, TypeVar

from common.aws_lambda import Alias, AliasMovedError
from common.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from deploy.clock import Clock
    from deploy.model import FunctionTarget

ALIAS = "live"
_ATTEMPTS = 4
_PARALLEL = 16

T = TypeVar("T")
R = TypeVar("R")


class Aliases(Protocol):
    """The aliases of functions. `point` is not idempotent: it needs the revision that was read."""

    def alias(self, name: str, alias: str) -> Alias | None: ...

    def create_alias(self, name: str, alias: str, version: str) -> Alias: ...

    def point(
        self, seen: Alias, version: str, weights: Mapping[str, float] | None = None
    ) -> None: ...


class TrafficError(UnavailableError):
    """An alias is not where it was to be put."""


def at_once(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """Do the same to all items in parallel; every one is tried, then the first error is raised."""
    if not items:
        return []
    with ThreadPoolExecutor(max_workers=min(_PARALLEL, len(items))) as pool:
        futures = [pool.submit(work, item) for item in items]
    errors = [error for error in (future.exception() for future in futures) if error]
    if errors:
        raise errors[0]
    return [future.result() for future in futures]


class Traffic:
    """The aliases `live` of a service's functions."""

    def __init__(self, aliases: Aliases, clock: Clock) -> None:
        self._aliases = aliases
        self._clock = clock

    def shown(self, names: Sequence[str]) -> list[Alias | None]:
        """Where the aliases point now."""
        return at_once(lambda name: self._aliases.alias(name, ALIAS), names)

    def move(self, functions: Sequence[FunctionTarget], percent: int) -> None:
        """Give the candidates of all functions this share of the traffic (idempotent).

        Raises:
            TrafficError: An alias is not where it was put, or somebody else moves it.
        """
        at_once(lambda target: self._move(target, percent), functions)

    def restore(self, functions: Sequence[FunctionTarget]) -> None:
        """Give all traffic back to the stable versions (idempotent, harmless when repeated)."""
        back = [target for target in functions if target.stable]
        at_once(lambda target: self._settle(target.name, target.stable or "", {}), back)

    def clear(self, names: Sequence[str]) -> list[str]:
        """Remove leftover weights; each alias keeps its version. Returns whose were removed."""
        touched = []
        for name, alias in zip(names, self.shown(names), strict=True):
            if alias and alias.weights:
                self._settle(name, alias.version, {})
                touched.append(name)
        return touched

    def _move(self, target: FunctionTarget, percent: int) -> None:
        candidate, stable = target.candidate, target.stable
        if candidate is None:
            raise TrafficError(f"function {target.name!r} has no new version to move to")
        if stable is None or percent >= 100 or stable == candidate:
            self._settle(target.name, candidate, {})
        else:
            self._settle(target.name, stable, {candidate: percent / 100})

    def _settle(self, name: str, version: str, weights: Mapping[str, float]) -> None:
        wanted = tuple(sorted(weights.items()))
        for attempt in range(_ATTEMPTS):
            seen = self._aliases.alias(name, ALIAS)
            if seen is None:
                seen = self._aliases.create_alias(name, ALIAS, version)
            if (seen.version, seen.weights) == (version, wanted):
                return
            self._clock.sleep(0.2 * attempt)
            # When somebody else moves it, or our own answer got lost, the next read tells.
            with suppress(AliasMovedError):
                self._aliases.point(seen, version, weights)
        seen = self._aliases.alias(name, ALIAS)
        if seen is None or (seen.version, seen.weights) != (version, wanted):
            where = f"{seen.version} {dict(seen.weights)}" if seen else "nothing"
            raise TrafficError(
                f"alias {ALIAS!r} of {name!r} points to {where}, not to {version} {dict(wanted)}",
                hint="somebody else moves it; `deploy_cli.py status` shows who deploys",
            )

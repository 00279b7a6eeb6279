"""Builders of evidence, and a traffic simulator with a seed: requests in, verdicts out."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from deploy.canary.evidence import (
    ApiEvidence,
    Evidence,
    FunctionEvidence,
    Latency,
    VersionSample,
    Window,
    latency_of,
)
from deploy.canary.judgement import Judgement, Look, Move, judge, next_move
from deploy.canary.strategy import Hold, Limits, default_strategy
from deploy.model import Options

_POLLS_A_MINUTE = 4
START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
DUE = Look(due=True, interim=20, holds=4)
EARLY = Look(due=False, interim=20, holds=4)


def sample(version: str, requests: int, errors: int = 0, *, ms: float = 50, throttles: int = 0):
    quantiles = ((0.1, ms * 0.6), (0.5, ms), (0.9, ms * 1.6), (0.95, ms * 2), (0.99, ms * 3))
    latencies = (Latency(requests, quantiles),) if requests else ()
    return VersionSample(version, requests, errors, throttles, latencies)


def function(name: str = "auth-get", *, new=None, stable=None, **more) -> FunctionEvidence:
    given = {"new_probes": VersionSample("2"), "stable_probes": VersionSample("1"), **more}
    return FunctionEvidence(
        name, new=new or sample("2", 300), stable=stable or sample("1", 2700), **given
    )


def evidence(*functions: FunctionEvidence, **more) -> Evidence:
    window = Window(START, START + timedelta(minutes=5))
    return Evidence(window, 10, functions or (function(),), **more)


def verdict(*functions: FunctionEvidence, look: Look = DUE, options: Options | None = None, **more):
    return judge(evidence(*functions, **more), Limits(), options or Options(), look).verdict


@dataclass(frozen=True)
class Release:
    """How a simulated release behaves; the stable version is the same without its faults.

    Attributes:
        only: The one function that has the faults; all have them where it is None.
        handled: Its errors are answers of 5xx that no function reports.
        probes_fail: Probes meet the fault as well as real requests.
    """

    fails: float = 0.0
    slower: float = 1.0
    only: int | None = None
    base_errors: float = 0.001
    functions: int = 1
    per_second: float = 20.0
    median_ms: float = 60.0
    spread: float = 0.6
    handled: bool = False
    probes_fail: bool = True


@dataclass
class Traffic:
    """Requests by minute to the functions of a release, a tenth of them to the new version."""

    release: Release
    seed: int
    percent: int = 10
    api: ApiEvidence | None = field(default=None, init=False)
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        if self.release.handled:
            self.api = ApiEvidence(0, 0, 0, 0)

    def minute(self, seen: list[FunctionEvidence]) -> list[FunctionEvidence]:
        per_function = self.release.per_second * 60 / self.release.functions
        grown = []
        for index, before in enumerate(seen):
            requests = self._poisson(per_function)
            new = sum(self._random.random() * 100 < self.percent for _ in range(requests))
            faulty = self.release.only in (None, index)
            self._answer(requests, new, faulty=faulty)
            grown.append(
                replace(
                    before,
                    new=before.new.plus(self._requests("2", new, faulty=faulty)),
                    stable=before.stable.plus(self._requests("1", requests - new, faulty=False)),
                )
            )
        return grown

    def probe(self, seen: FunctionEvidence, count: int) -> FunctionEvidence:
        index = int(seen.function.split("-")[1])
        faulty = self.release.only in (None, index) and self.release.probes_fail
        return replace(
            seen,
            new_probes=seen.new_probes.plus(self._requests("2", count, faulty=faulty)),
            stable_probes=seen.stable_probes.plus(self._requests("1", count, faulty=False)),
        )

    def _answer(self, requests: int, new: int, *, faulty: bool) -> None:
        """What the API counts: as many requests before the release as during it."""
        if self.api is None:
            return
        base, fails = self.release.base_errors, self.release.fails if faulty else 0.0
        before = sum(self._random.random() < base for _ in range(requests))
        bad = sum(self._random.random() < base for _ in range(requests - new))
        bad += sum(self._random.random() < base + fails for _ in range(new))
        old = self.api
        self.api = ApiEvidence(
            old.requests_before + requests, old.bad_before + before,
            old.requests + requests, old.bad + bad,
        )  # fmt: skip

    def _poisson(self, mean: float) -> int:
        return max(0, round(self._random.gauss(mean, math.sqrt(mean))))

    def _requests(self, version: str, count: int, *, faulty: bool) -> VersionSample:
        chance = self.release.base_errors + (self.release.fails if faulty else 0.0)
        if self.release.handled:
            chance = 0.0
        errors = sum(self._random.random() < chance for _ in range(count))
        factor = self.release.slower if faulty else 1.0
        durations = [
            self.release.median_ms * factor * self._random.lognormvariate(0, self.release.spread)
            for _ in range(count)
        ]
        return VersionSample(version, count, errors, 0, (latency_of(durations),) if count else ())


def canary(release: Release, seed: int) -> tuple[Move, int, Judgement]:
    """What becomes of a release in the canary of prod: the move, after how many minutes, why."""
    return hold(release, seed, default_strategy("prod").holds[0])


def whole_deployment(release: Release, seed: int) -> Move:
    """What becomes of a release over all steps of prod; at 100 % the stable one had its share."""
    for number, step in enumerate(default_strategy("prod").holds):
        move, _, _ = hold(release, seed * 10 + number, step)
        if move is not Move.PROMOTE:
            return move
    return Move.PROMOTE


def hold(release: Release, seed: int, step: Hold) -> tuple[Move, int, Judgement]:
    """One step: judged every minute, as often as the default extension lets it."""
    strategy = default_strategy("prod")
    traffic = Traffic(release, seed, percent=min(step.percent, 50))
    seen = [
        function(f"f-{i}", new=VersionSample("2"), stable=VersionSample("1"))
        for i in range(release.functions)
    ]
    last = (step.seconds + strategy.extension_seconds) // 60
    for minute in range(1, last + 1):
        seen = traffic.minute(seen)
        due = minute * 60 >= step.seconds
        look = Look(due=due, interim=40, holds=len(strategy.holds), final=minute == last)
        judgement = judge(evidence(*seen, api=traffic.api), strategy.limits, Options(), look)
        move = next_move(judgement, due=due, exhausted=minute == last)
        if move in (Move.PROMOTE, Move.ROLL_BACK):
            return move, minute, judgement
        if move is Move.PROBE:
            thin = set(judgement.thin)
            batch = strategy.probes.batch
            for _ in range(_POLLS_A_MINUTE):
                seen = [traffic.probe(f, batch) if f.function in thin else f for f in seen]
    raise AssertionError("the extension never ends")

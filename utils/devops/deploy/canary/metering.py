"""Reads samples from CloudWatch; has no opinion about them.

The new version is told from the stable one by the dimensions `Resource` = `function:live` and
`ExecutedVersion`. While all traffic goes to the new version, the stable one's numbers are those of
the time before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from common.aws_call import AwsError
from common.aws_cloudwatch import Point, Series
from deploy.canary.evidence import (
    QUANTILES,
    AlarmEvidence,
    ApiEvidence,
    Change,
    Evidence,
    FunctionEvidence,
    Latency,
    QueueEvidence,
    VersionSample,
    Window,
    closed_window,
)
from deploy.canary.traffic import ALIAS
from deploy.execution.releasing import changed
from deploy.preflight.checks import AlarmReader, service_alarms

if TYPE_CHECKING:
    from deploy.model import Deployment, FunctionTarget
    from deploy.ports import Probed
    from deploy.resources import Resources

_COUNTS = ("Invocations", "Errors", "Throttles")


class SeriesReader(Protocol):
    """Points of many series at once."""

    def read(
        self, series: Sequence[Series], start: datetime, end: datetime, *, period: int = 60
    ) -> list[tuple[Point, ...]]: ...


@dataclass(frozen=True, slots=True)
class Meter:
    """The metrics of one service."""

    metrics: SeriesReader
    alarms: AlarmReader
    resources: Resources

    def read(
        self, deployment: Deployment, percent: int, window: Window, probed: Probed
    ) -> Evidence:
        """What happened in the window; what could not be read is among the problems."""
        targets = changed(deployment.functions)
        before = _before(deployment, window)
        try:
            functions = self._functions(targets, deployment, percent, window, before, probed)
            return Evidence(
                window=window,
                percent=percent,
                functions=functions,
                api=self._api(targets, window, before),
                alarms=self._alarms(deployment),
                queues=self._queues(window, before),
            )
        except AwsError as error:
            functions = tuple(_unmeasured(target, probed) for target in targets)
            return Evidence(window, percent, functions, problems=(error.message,))

    def _functions(
        self,
        targets: Sequence[FunctionTarget],
        deployment: Deployment,
        percent: int,
        window: Window,
        before: Window,
        probed: Probed,
    ) -> tuple[FunctionEvidence, ...]:
        whole = percent >= 100
        earlier = _while_shared(deployment, window) if whole else window
        new = self._samples([(t.name, t.candidate or "", not whole) for t in targets], window)
        stable = self._samples([(t.name, t.stable or "", True) for t in targets], earlier)
        ages = self._ages(targets, window, before)
        return tuple(
            FunctionEvidence(target.name, new[i], stable[i], *probed.of(target), ages[i])
            for i, target in enumerate(targets)
        )

    def _samples(
        self, wanted: Sequence[tuple[str, str, bool]], window: Window
    ) -> list[VersionSample]:
        if not window.seconds:
            return [VersionSample(version) for _, version, _ in wanted]
        asked = [one for name, version, apart in wanted for one in _series(name, version, apart)]
        points = self.metrics.read(asked, window.start, window.end)
        size = len(asked) // max(1, len(wanted))
        return [
            _sample(version, points[i * size : (i + 1) * size])
            for i, (_, version, _) in enumerate(wanted)
        ]

    def _ages(
        self, targets: Sequence[FunctionTarget], window: Window, before: Window
    ) -> list[Change | None]:
        names = [target.name for target in targets]
        asked = [
            Series("AWS/Lambda", "IteratorAge", (("FunctionName", n),), "Maximum") for n in names
        ]
        during, earlier = self._both(asked, window, before)
        return [
            Change(_highest(old), _highest(new)) if new else None
            for new, old in zip(during, earlier, strict=True)
        ]

    def _queues(self, window: Window, before: Window) -> tuple[QueueEvidence, ...]:
        names = self.resources.dead_letters
        metric = "ApproximateNumberOfMessagesVisible"
        asked = [Series("AWS/SQS", metric, (("QueueName", n),), "Maximum") for n in names]
        during, earlier = self._both(asked, window, before)
        return tuple(
            QueueEvidence(
                name,
                Change(_growth(earlier[i]), _growth(during[i]), before.seconds, window.seconds),
            )
            for i, name in enumerate(names)
        )

    def _api(
        self, targets: Sequence[FunctionTarget], window: Window, before: Window
    ) -> ApiEvidence | None:
        if not self.resources.api_name:
            return None
        where = (("ApiName", self.resources.api_name), ("Stage", self.resources.stage))
        asked = [Series("AWS/ApiGateway", metric, where, "Sum") for metric in ("Count", "5XXError")]
        errors = [
            Series(
                "AWS/Lambda", "Errors", (("FunctionName", name), ("Resource", _alias(name))), "Sum"
            )
            for name in (target.name for target in targets)
        ]
        during, earlier = self._both([*asked, *errors], window, before)
        return ApiEvidence(
            requests_before=_total(earlier[0]),
            bad_before=_total(earlier[1]),
            requests=_total(during[0]),
            bad=_total(during[1]),
            stable_errors_before=sum(_total(points) for points in earlier[2:]),
        )

    def _alarms(self, deployment: Deployment) -> tuple[AlarmEvidence, ...]:
        return tuple(
            AlarmEvidence(alarm.name, alarm.name in deployment.ringing, alarm.rings, alarm.version)
            for alarm in service_alarms(self.alarms, self.resources)
        )

    def _both(
        self, asked: Sequence[Series], window: Window, before: Window
    ) -> tuple[list[tuple[Point, ...]], list[tuple[Point, ...]]]:
        return self._points(asked, window), self._points(asked, before)

    def _points(self, asked: Sequence[Series], window: Window) -> list[tuple[Point, ...]]:
        if not asked or not window.seconds:
            return [() for _ in asked]
        return self.metrics.read(asked, window.start, window.end)


def _alias(name: str) -> str:
    return f"{name}:{ALIAS}"


def _series(name: str, version: str, apart: bool) -> Iterator[Series]:
    where: tuple[tuple[str, str], ...] = (("FunctionName", name), ("Resource", _alias(name)))
    if apart:
        where = (*where, ("ExecutedVersion", version))
    for metric in _COUNTS:
        yield Series("AWS/Lambda", metric, where, "Sum")
    for share in QUANTILES:
        yield Series("AWS/Lambda", "Duration", where, f"p{share * 100:g}")


def _sample(version: str, points: Sequence[tuple[Point, ...]]) -> VersionSample:
    counts = {point.at: round(point.value) for point in points[0]}
    quantiles: dict[datetime, dict[float, float]] = {}
    for share, series in zip(QUANTILES, points[len(_COUNTS) :], strict=True):
        for point in series:
            quantiles.setdefault(point.at, {})[share] = point.value
    return VersionSample(
        version=version,
        requests=_total(points[0]),
        errors=_total(points[1]),
        throttles=_total(points[2]),
        latencies=tuple(
            Latency(counts[at], tuple(sorted(known.items())))
            for at, known in sorted(quantiles.items())
            if counts.get(at)
        ),
    )


def _unmeasured(target: FunctionTarget, probed: Probed) -> FunctionEvidence:
    new, stable = VersionSample(target.candidate or ""), VersionSample(target.stable or "")
    return FunctionEvidence(target.name, new, stable, *probed.of(target))


def _before(deployment: Deployment, window: Window) -> Window:
    """A window of the same length that ended when the first traffic was moved."""
    since = deployment.canary_since
    end = datetime.fromisoformat(since).replace(second=0, microsecond=0) if since else window.start
    return Window(end - timedelta(seconds=window.seconds), end)


def _while_shared(deployment: Deployment, window: Window) -> Window:
    """The time in which both versions had traffic: before everything was moved to the new one."""
    if not (deployment.canary_since and deployment.weight_since):
        return Window(window.start, window.start)
    first = datetime.fromisoformat(deployment.canary_since)
    last = datetime.fromisoformat(deployment.weight_since)
    return closed_window(first, last, 0)


def _total(points: Sequence[Point]) -> int:
    return round(sum(point.value for point in points))


def _highest(points: Sequence[Point]) -> float:
    return max((point.value for point in points), default=0.0)


def _growth(points: Sequence[Point]) -> float:
    ordered = sorted(points, key=lambda point: point.at)
    return ordered[-1].value - ordered[0].value if len(ordered) > 1 else 0.0

"""CloudWatch that answers as AWS does: exact dimensions, aligned periods, percentiles."""

from __future__ import annotations

import math
import re
import threading
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.cloudwatch.metric_data_expression_parser import parse_expression
from moto.cloudwatch.models import (
    CloudWatchBackend,
    MetricAggregatedDatum,
    MetricDatum,
    MetricDatumBase,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?|100)")

Dimensions = frozenset[tuple[str, str]]
Bucket = list[MetricDatumBase]
SeriesKey = tuple[str, str, Dimensions]

_KEPT = 200_000
"""Data kept of an account: an hour of 200 invocations a minute, about 100 MB."""

_sorting = threading.Lock()


class SandboxCloudWatchBackend(CloudWatchBackend):
    """One account's CloudWatch in one region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._by_series: dict[SeriesKey, Bucket] = {}
        self._sorted_in = 0

    @property
    def _url_module(self) -> Any:
        import moto.cloudwatch.urls as urls

        return urls

    def put_metric_data(self, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        with _sorting:
            super().put_metric_data(namespace, metric_data)
            if len(self.metric_data) > _KEPT:
                del self.metric_data[: _KEPT // 2]
                self._by_series, self._sorted_in = {}, 0

    def get_metric_data(
        self,
        queries: list[dict[str, Any]],
        start_time: datetime,
        end_time: datetime,
        scan_by: str = "TimestampAscending",
    ) -> list[dict[str, Any]]:
        results = [
            self._series(query, start_time, end_time) for query in queries if "MetricStat" in query
        ]
        shown = {query["Id"]: query.get("ReturnData", True) for query in queries}
        answers = [result for result in results if shown[result["id"]]]
        for query in queries:
            if "Expression" in query:
                values, stamps = parse_expression(query["Expression"], results)
                answers.append(_result(query["Id"], query.get("Label"), stamps, values))
        for answer in answers:
            if scan_by == "TimestampDescending":
                answer["values"] = list(reversed(answer["values"]))
                answer["timestamps"] = list(reversed(answer["timestamps"]))
        return answers

    def statistics(
        self,
        metric: tuple[str, str],
        dimensions: Dimensions,
        window: tuple[datetime, datetime],
        period: int,
        names: Sequence[str],
        unit: str | None,
    ) -> list[dict[str, Any]]:
        """The datapoints of `GetMetricStatistics`."""
        points = []
        buckets = self._buckets(metric, dimensions, window, period, unit)
        for stamp, bucket in sorted(buckets.items()):
            values = {name: statistic(name, bucket) for name in names}
            plain = {name: value for name, value in values.items() if not name.startswith("p")}
            extended = {name: value for name, value in values.items() if name.startswith("p")}
            point = {"Timestamp": stamp, "Unit": bucket[0].unit or "None", **plain}
            points.append(point | ({"ExtendedStatistics": extended} if extended else {}))
        return points

    def _series(self, query: dict[str, Any], start: datetime, end: datetime) -> dict[str, Any]:
        asked = query["MetricStat"]
        metric = asked["Metric"]
        buckets = sorted(
            self._buckets(
                (metric["Namespace"], metric["MetricName"]),
                _dimensions(metric.get("Dimensions", [])),
                (start, end),
                int(asked["Period"]),
                asked.get("Unit"),
            ).items()
        )
        label = query.get("Label") or metric["MetricName"]
        values = [statistic(asked["Stat"], bucket) for _, bucket in buckets]
        return _result(query["Id"], label, [stamp for stamp, _ in buckets], values)

    def _buckets(
        self,
        metric: tuple[str, str],
        dimensions: Dimensions,
        window: tuple[datetime, datetime],
        period: int,
        unit: str | None,
    ) -> dict[datetime, Bucket]:
        start, end = (_naive(moment) for moment in window)
        first = _aligned(start, period)
        buckets: dict[datetime, Bucket] = defaultdict(list)
        for datum in self._data_of(metric, dimensions):
            moment = _naive(datum.timestamp)
            if first <= moment < end and not (unit and datum.unit != unit):
                buckets[_aligned(moment, period)].append(datum)
        return buckets

    def _data_of(self, metric: tuple[str, str], dimensions: Dimensions) -> Bucket:
        """All data of one series; what was put since the last question is sorted in first."""
        key = (*metric, dimensions)
        with _sorting:
            if len(self.metric_data) < self._sorted_in:
                self._by_series, self._sorted_in = {}, 0
            for datum in self.metric_data[self._sorted_in :]:
                self._by_series.setdefault(_series_of(datum), []).append(datum)
            self._sorted_in = len(self.metric_data)
            found = list(self._by_series.get(key, ()))
        given = [datum for datum in self.aws_metric_data if _series_of(datum) == key]
        return [*found, *given]


def statistic(name: str, bucket: Iterable[MetricDatumBase]) -> float | None:
    """One statistic of the data of one period; None for one that is not known."""
    data = list(bucket)
    values = sorted(datum.value for datum in data if isinstance(datum, MetricDatum))
    sets = [datum for datum in data if isinstance(datum, MetricAggregatedDatum)]
    total = sum(values) + sum(datum.sum for datum in sets)
    count = len(values) + sum(datum.sample_count for datum in sets)
    if found := _PERCENTILE.fullmatch(name):
        return percentile(values, float(found[1]))
    known = {
        "Sum": total,
        "SampleCount": float(count),
        "Average": total / count if count else 0.0,
        "Minimum": min([*values, *(datum.min for datum in sets)]),
        "Maximum": max([*values, *(datum.max for datum in sets)]),
    }
    return known.get(name)


def percentile(values: Sequence[float], rank: float) -> float | None:
    """The value at a rank of sorted values, between two values where it falls between them."""
    if not values:
        return None
    place = (len(values) - 1) * rank / 100
    low, high = values[math.floor(place)], values[math.ceil(place)]
    return low + (high - low) * (place - math.floor(place))


def _dimensions(given: Iterable[dict[str, str]]) -> Dimensions:
    return frozenset((item["Name"], item["Value"]) for item in given)


def _series_of(datum: MetricDatumBase) -> SeriesKey:
    dimensions = frozenset((str(item.name), str(item.value)) for item in datum.dimensions)
    return datum.namespace, datum.name, dimensions


def _naive(moment: datetime) -> datetime:
    """UTC without saying so, which is how moto keeps time."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _aligned(moment: datetime, period: int) -> datetime:
    seconds = int(moment.replace(tzinfo=UTC).timestamp())
    return datetime.fromtimestamp(seconds - seconds % period, UTC).replace(tzinfo=None)


def _result(
    identity: str, label: str | None, stamps: Sequence[Any], values: Sequence[Any]
) -> dict[str, Any]:
    return {
        "id": identity,
        "label": label or identity,
        "timestamps": list(stamps),
        "values": list(values),
        "status_code": "Complete",
    }

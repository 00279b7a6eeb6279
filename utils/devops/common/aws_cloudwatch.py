"""CloudWatch: series of metrics by dimension, and the state of alarms."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from common.aws_call import Caller

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from boto3 import Session

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Series:
    """One statistic of one metric: namespace, name, dimensions, and `Sum`, `Maximum`, `p95`…"""

    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str


@dataclass(frozen=True, slots=True)
class Point:
    """A value of one period, by the period's start."""

    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class AlarmState:
    """An alarm: whether it rings, and what it watches."""

    name: str
    state: str
    dimensions: tuple[tuple[str, str], ...]


class Metrics:
    """The metrics of one account and region."""

    def __init__(self, session: Session, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._call = Caller(session, "cloudwatch", sleep=sleep)

    def read(
        self, series: Sequence[Series], start: datetime, end: datetime, *, period: int = 60
    ) -> list[tuple[Point, ...]]:
        """The points of each series from `start` up to `end`; none where nothing was published."""
        found: list[tuple[Point, ...]] = []
        for first in range(0, len(series), _AT_ONCE):
            chunk = series[first : first + _AT_ONCE]
            queries = [_query(index, wanted, period) for index, wanted in enumerate(chunk)]
            points: dict[str, list[Point]] = {query["Id"]: [] for query in queries}
            rows = self._call.pages(
                "get_metric_data", "MetricDataResults", MetricDataQueries=queries,
                StartTime=start, EndTime=end, ScanBy="TimestampAscending",
            )  # fmt: skip
            for row in rows:
                pairs = zip(row["Timestamps"], row["Values"], strict=False)
                points[row["Id"]] += [
                    Point(at, float(value))
                    for at, value in pairs
                    if value is not None and start <= at < end
                ]
            found += [tuple(points[query["Id"]]) for query in queries]
        return found

    def alarms(self, prefix: str) -> list[AlarmState]:
        """The alarms whose name starts with `prefix`."""
        rows = self._call.pages("describe_alarms", "MetricAlarms", AlarmNamePrefix=prefix)
        return [
            AlarmState(
                str(row["AlarmName"]),
                str(row.get("StateValue", "")),
                tuple(sorted((d["Name"], d["Value"]) for d in row.get("Dimensions", []))),
            )
            for row in rows
        ]


def _query(index: int, wanted: Series, period: int) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in wanted.dimensions]
    metric = {
        "Namespace": wanted.namespace,
        "MetricName": wanted.metric,
        "Dimensions": dimensions,
    }
    stat = {"Metric": metric, "Period": period, "Stat": wanted.statistic}
    return {"Id": f"q{index}", "MetricStat": stat, "ReturnData": True}

"""CloudWatch's HTTP interface where moto's leaves something out: extended statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

if TYPE_CHECKING:
    from sandbox.aws.metrics import SandboxCloudWatchBackend


class SandboxCloudWatchResponse(CloudWatchResponse):
    """Answers `GetMetricStatistics`; moto answers everything else."""

    def get_metric_statistics(self) -> ActionResult:
        backend = cast("SandboxCloudWatchBackend", self.cloudwatch_backend)
        given = self._get_params()
        names = [*given.get("Statistics", []), *given.get("ExtendedStatistics", [])]
        points = backend.statistics(
            (given["Namespace"], given["MetricName"]),
            frozenset((item["Name"], item["Value"]) for item in given.get("Dimensions", [])),
            (given["StartTime"], given["EndTime"]),
            int(given["Period"]),
            names,
            given.get("Unit"),
        )
        return ActionResult({"Label": given["MetricName"], "Datapoints": points})

"""Logs, metrics and credentials of functions, kept in the account that the function runs in."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.logs.models import logs_backends
from moto.sts.models import sts_backends

from sandbox.runtime.environment import Credentials

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sandbox.runtime.deployed import Answer, Call, Deployed

NAMESPACE = "AWS/Lambda"
_SESSION_S = 43_200

Dimensions = list[dict[str, str]]


class CloudWatchTelemetry:
    """Writes to moto's CloudWatch and CloudWatch Logs, in process."""

    def write(self, deployed: Deployed, stream: str, messages: Sequence[str]) -> None:
        logs = logs_backends[deployed.account][deployed.region]
        logs.ensure_log_group(deployed.log_group)
        logs.ensure_log_stream(deployed.log_group, stream)
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": message} for message in messages]
        logs.put_log_events(deployed.log_group, stream, events)
        for message in messages:
            if '"_aws"' in message:
                _embedded(deployed, message)

    def measure(self, call: Call, answer: Answer | None) -> None:
        values = {"Throttles": (1.0, "Count")}
        if answer is not None:
            values = {
                "Invocations": (1.0, "Count"),
                "Errors": (1.0 if answer.error else 0.0, "Count"),
                "Throttles": (0.0, "Count"),
                "Duration": (answer.duration_ms, "Milliseconds"),
            }
        data = [
            {"MetricName": name, "Value": value, "Unit": unit, "Dimensions": dimensions}
            for dimensions in dimension_sets(call)
            for name, (value, unit) in values.items()
        ]
        place = cloudwatch_backends[call.deployed.account][call.deployed.region]
        place.put_metric_data(NAMESPACE, data)


def dimension_sets(call: Call) -> Iterator[Dimensions]:
    """What Lambda publishes under: account, function, qualifier, and version behind an alias."""
    name = call.deployed.name
    function = {"Name": "FunctionName", "Value": name}
    resource = {"Name": "Resource", "Value": f"{name}:{call.qualifier}" if call.qualifier else name}
    yield []
    yield [function]
    yield [function, resource]
    if call.alias:
        yield [function, resource, {"Name": "ExecutedVersion", "Value": call.deployed.version}]


class RoleSessions:
    """Functions call AWS as their role, in their own account."""

    def credentials(self, deployed: Deployed) -> Credentials:
        session = sts_backends[deployed.account]["aws"].assume_role(
            region_name=deployed.region,
            role_session_name=deployed.name[:64],
            role_arn=deployed.role,
            policy="",
            duration=_SESSION_S,
            external_id="",
        )
        return Credentials(session.access_key_id, session.secret_access_key, session.session_token)


def _embedded(deployed: Deployed, message: str) -> None:
    """Metrics in the embedded metric format, which Powertools prints."""
    try:
        entry: dict[str, Any] = json.loads(message)
        directives = entry["_aws"]["CloudWatchMetrics"]
    except (ValueError, KeyError, TypeError):
        return
    place = cloudwatch_backends[deployed.account][deployed.region]
    for directive in directives:
        data = [
            {
                "MetricName": metric["Name"],
                "Values": value if isinstance(value, list) else [value],
                "Unit": metric.get("Unit", "None"),
                "Dimensions": [{"Name": name, "Value": str(entry.get(name))} for name in names],
            }
            for names in directive.get("Dimensions") or [[]]
            for metric in directive.get("Metrics", [])
            if (value := entry.get(metric["Name"])) is not None
        ]
        place.put_metric_data(directive["Namespace"], data)

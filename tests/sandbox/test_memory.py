"""A sandbox that works for hours keeps what it was given, and not what it only passed on."""

from __future__ import annotations

import json
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.aws import metrics
from sandbox.aws.metrics import SandboxCloudWatchBackend
from sandbox.control import Sandbox
from tests.sandbox.support import session


@pytest.mark.e2e
def test_nothing_that_was_replaced_is_kept_for_motos_dashboard(sandbox: Sandbox, name: str) -> None:
    dynamodb = session(sandbox).client("dynamodb")
    dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )  # fmt: skip
    dynamodb.put_item(TableName=name, Item={"pk": {"S": "a"}})
    with urllib.request.urlopen(f"{sandbox.running.endpoint}/moto-api/data.json") as answer:
        listed = json.load(answer)
    assert not any(listed.get("dynamodb", {}).values())


def test_the_oldest_metrics_make_room_and_the_newest_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(metrics, "_KEPT", 10)
    kept = SandboxCloudWatchBackend("eu-west-1", "1" * 12)
    began = datetime(2026, 1, 1, tzinfo=UTC)

    def seen() -> list[float]:
        metric = {"Namespace": "N", "MetricName": "m"}
        stat = {"Metric": metric, "Period": 60, "Stat": "Sum"}
        query: dict[str, Any] = {"Id": "a", "MetricStat": stat}
        found = kept.get_metric_data([query], began, began + timedelta(hours=1))
        return [float(value) for value in found[0]["values"]]

    for number in range(11):
        at = began + timedelta(minutes=number)
        kept.put_metric_data("N", [{"MetricName": "m", "Value": float(number), "Timestamp": at}])
        assert seen()[-1] == number
    assert seen() == [5.0, 6.0, 7.0, 8.0, 9.0, 10.0]

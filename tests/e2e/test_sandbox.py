"""A generated service, deployed by real Terraform into a sandbox, answers as it would on AWS."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from tests.e2e.deployed import World, aws

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("deployed service")]

SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=any"}
PATH = "v1.0/readers/r1/bookmarks"
LIST = "bbws-bookmark-list-bookmarks-dev"


def test_a_second_plan_finds_nothing_to_do(inside: World) -> None:
    answer = inside.terraform("plan", "-detailed-exitcode", *inside.variables)
    assert answer.returncode == 0, answer.stdout[-3000:]


def test_the_api_of_the_output_serves_the_deployed_package(inside: World) -> None:
    url = f"{inside.output('api_url')}/{PATH}"
    assert requests.get(url).status_code == 403  # unsigned
    made = requests.post(url, headers=SIGNED, json={"url": "https://example.com", "title": "t"})
    assert made.status_code == 201, made.text
    listed = requests.get(url, headers=SIGNED)
    assert (listed.status_code, len(listed.json()["items"])) == (200, 1)
    stored = aws("dynamodb").scan(TableName="bbws-bookmarks-dev")
    assert stored["Count"] >= 1


def broken(package: Path, target: Path) -> bytes:
    """The package, with one handler that raises."""
    with zipfile.ZipFile(package) as old, zipfile.ZipFile(target, "w") as new:
        for item in old.infolist():
            content = old.read(item)
            if item.filename == "src/handlers/list_bookmarks.py":
                content += (
                    b"\n\ndef handler(event, context):\n    raise RuntimeError('bad release')\n"
                )
            new.writestr(item, content)
    return target.read_bytes()


def errors_of(version: str) -> tuple[float, float]:
    """Invocations and errors of a version behind `live`."""
    now = datetime.now(UTC)
    dimensions = [
        {"Name": "FunctionName", "Value": LIST},
        {"Name": "Resource", "Value": f"{LIST}:live"},
        {"Name": "ExecutedVersion", "Value": version},
    ]
    answer = aws("cloudwatch").get_metric_data(
        MetricDataQueries=[
            {
                "Id": name.lower(),
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/Lambda",
                        "MetricName": name,
                        "Dimensions": dimensions,
                    },
                    "Period": 60,
                    "Stat": "Sum",
                },
            }
            for name in ("Invocations", "Errors")
        ],
        StartTime=now - timedelta(minutes=30),
        EndTime=now + timedelta(minutes=1),
        ScanBy="TimestampAscending",
    )
    found = {result["Id"]: sum(result["Values"]) for result in answer["MetricDataResults"]}
    return found["invocations"], found["errors"]


def test_a_bad_release_shows_in_the_metrics_of_its_version_only(
    inside: World, tmp_path: Path
) -> None:
    client = aws("lambda")
    content = broken(inside.package, tmp_path / "broken.zip")
    client.update_function_code(FunctionName=LIST, ZipFile=content)
    client.get_waiter("function_updated_v2").wait(
        FunctionName=LIST, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    version = client.publish_version(FunctionName=LIST)["Version"]
    before, _ = errors_of("1")
    client.update_alias(
        FunctionName=LIST,
        Name="live",
        RoutingConfig={"AdditionalVersionWeights": {version: 0.5}},
    )
    url = f"{inside.output('api_url')}/{PATH}"
    statuses = [requests.get(url, headers=SIGNED).status_code for _ in range(24)]
    client.update_alias(
        FunctionName=LIST, Name="live", RoutingConfig={"AdditionalVersionWeights": {}}
    )
    bad = statuses.count(502)
    assert 0 < bad < 24
    assert errors_of(version) == (bad, bad)
    assert errors_of("1") == (before + 24 - bad, 0)
    assert {requests.get(url, headers=SIGNED).status_code for _ in range(5)} == {200}
    events = aws("logs").filter_log_events(logGroupName=f"/aws/lambda/{LIST}")["events"]
    assert any("bad release" in event["message"] for event in events)


def test_terraform_takes_everything_away_again(inside: World) -> None:
    inside.terraform("destroy", "-auto-approve", "-input=false", inside.variables[1])
    assert aws("lambda").list_functions()["Functions"] == []

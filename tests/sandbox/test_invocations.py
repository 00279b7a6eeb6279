"""Invocations run the deployed package as Lambda does, with logs and metrics."""

from __future__ import annotations

import base64
import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.control import Sandbox
from tests.sandbox.support import ECHO, Lambdas, eventually, package, session

RAISE = (
    "def handler(event, context):\n    print('about to fail')\n    raise ValueError('bad luck')\n"
)
SLEEP = "import time\n\ndef handler(event, context):\n    time.sleep(event.get('s', 60))\n"
COUNT = "seen = []\n\ndef handler(event, context):\n    seen.append(1)\n    return len(seen)\n"


def test_the_handler_gets_event_environment_context_and_memory(lambdas: Lambdas, name: str) -> None:
    lambdas.create(name, Environment={"Variables": {"GREETING": "hello"}}, MemorySize=192)
    answer, response = lambdas.invoke(name, {"a": [1, "ü"]})
    assert answer["event"] == {"a": [1, "ü"]}
    assert (answer["greeting"], answer["memory"]) == ("hello", "192")
    assert (answer["version"], response["ExecutedVersion"]) == ("$LATEST", "$LATEST")
    assert answer["arn"].endswith(f":536580886816:function:{name}")
    assert 0 < answer["left"] <= 5000


def test_a_worker_is_reused_and_updated_code_gets_a_new_one(lambdas: Lambdas, name: str) -> None:
    lambdas.create(name, COUNT)
    assert [lambdas.invoke(name)[0] for _ in range(3)] == [1, 2, 3]
    lambdas.update(name, COUNT.replace("len(seen)", "'new', len(seen)"))
    assert lambdas.invoke(name)[0] == ["new", 1]


def test_each_worker_has_its_own_temporary_folder(lambdas: Lambdas, name: str) -> None:
    lambdas.create(name, ECHO + "\nimport time\ntime.sleep(0)\n", Timeout=10)
    lambdas.update(name, ECHO.replace("return {", "__import__('time').sleep(0.3); return {"))
    with ThreadPoolExecutor(2) as threads:
        pair = [run[0] for run in threads.map(lambda _: lambdas.invoke(name), range(2))]
    assert pair[0]["pid"] != pair[1]["pid"]
    assert pair[0]["tmp"] != pair[1]["tmp"]


def test_an_exception_is_a_function_error_as_lambda_reports_it(lambdas: Lambdas, name: str) -> None:
    lambdas.create(name, RAISE)
    answer, response = lambdas.invoke(name, LogType="Tail")
    assert response["FunctionError"] == "Unhandled"
    assert (answer["errorType"], answer["errorMessage"]) == ("ValueError", "bad luck")
    assert "app.py" in answer["stackTrace"][-1]
    log = base64.b64decode(response["LogResult"]).decode()
    assert "about to fail" in log
    assert "[ERROR] ValueError: bad luck" in log
    assert "REPORT RequestId:" in log


def test_a_function_is_killed_at_its_timeout_and_the_next_call_works(
    lambdas: Lambdas, name: str
) -> None:
    lambdas.create(name, SLEEP, Timeout=1)
    answer, response = lambdas.invoke(name, {"s": 30})
    assert response["FunctionError"] == "Unhandled"
    assert "Task timed out after 1.00 seconds" in answer["errorMessage"]
    assert lambdas.invoke(name, {"s": 0})[0] is None


def test_what_the_function_started_dies_with_it(lambdas: Lambdas, name: str) -> None:
    code = (
        "import subprocess, time\n\ndef handler(event, context):\n"
        "    child = subprocess.Popen(['sleep', '300'])\n"
        "    print('child', child.pid)\n    time.sleep(60)\n"
    )
    lambdas.create(name, code, Timeout=1)
    _, response = lambdas.invoke(name, LogType="Tail")
    log = base64.b64decode(response["LogResult"]).decode()
    pid = int(log.split("child ")[1].split()[0])
    eventually(lambda: not is_running(pid))


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


def test_a_function_that_takes_too_much_memory_ends(lambdas: Lambdas, name: str) -> None:
    code = "def handler(event, context):\n    return len(bytearray(event['mb'] << 20))\n"
    lambdas.create(name, code, MemorySize=128)
    assert lambdas.invoke(name, {"mb": 20})[0] == 20 << 20
    answer, response = lambdas.invoke(name, {"mb": 600})
    assert response["FunctionError"] == "Unhandled"
    assert "Runtime exited with error: signal: killed" in answer["errorMessage"]
    assert lambdas.invoke(name, {"mb": 1})[0] == 1 << 20


@pytest.mark.parametrize(
    ("code", "handler", "kind"),
    [
        ("import nothing_like_this", "app.handler", "Runtime.ImportModuleError"),
        ("def handler(:", "app.handler", "Runtime.UserCodeSyntaxError"),
        ("x = 1", "app.handler", "Runtime.HandlerNotFound"),
        ("raise RuntimeError('at import')", "app.handler", "RuntimeError"),
        ("def handler(e, c):\n    return object()", "app.handler", "Runtime.MarshalError"),
        ("import os\ndef handler(e, c):\n    os._exit(3)", "app.handler", "Runtime.ExitError"),
        ("x = 1", "missing.handler", "Runtime.ImportModuleError"),
    ],
)
def test_failures_have_lambdas_names(
    lambdas: Lambdas, name: str, code: str, handler: str, kind: str
) -> None:
    lambdas.create(name, code, Handler=handler)
    answer, response = lambdas.invoke(name)
    assert (response["FunctionError"], answer["errorType"]) == ("Unhandled", kind)


def test_only_lambdas_own_packages_come_along(lambdas: Lambdas, name: str) -> None:
    code = (
        "import importlib.util as u\n\ndef handler(event, context):\n"
        "    import boto3\n"
        "    return [n for n in ('boto3', 'moto', 'click', 'requests') if u.find_spec(n)]\n"
    )
    lambdas.create(name, code)
    assert lambdas.invoke(name)[0] == ["boto3"]


def test_a_function_calls_aws_as_its_role_in_its_account(lambdas: Lambdas, name: str) -> None:
    code = (
        "import boto3\nsts = boto3.client('sts')\n\ndef handler(event, context):\n"
        "    return sts.get_caller_identity()['Arn']\n"
    )
    lambdas.create(name, code, Timeout=15)
    answer, _ = lambdas.invoke(name)
    assert answer == f"arn:aws:sts::536580886816:assumed-role/service/{name}"


def test_layers_are_importable(lambdas: Lambdas, name: str) -> None:
    layer = lambdas.client.publish_layer_version(
        LayerName=f"{name}-layer",
        Content={"ZipFile": package({"python/shared.py": "VALUE = 'from the layer'"})},
    )["LayerVersionArn"]
    code = "import shared\n\ndef handler(event, context):\n    return shared.VALUE\n"
    lambdas.create(name, code, Layers=[layer])
    assert lambdas.invoke(name)[0] == "from the layer"


def test_reserved_concurrency_of_zero_throttles(lambdas: Lambdas, name: str) -> None:
    lambdas.create(name)
    lambdas.client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    client = lambdas.client
    with pytest.raises(client.exceptions.TooManyRequestsException):
        client.invoke(FunctionName=name)
    client.delete_function_concurrency(FunctionName=name)
    assert "version" in lambdas.invoke(name)[0]


def test_a_dry_run_runs_nothing(lambdas: Lambdas, name: str) -> None:
    lambdas.create(name, COUNT)
    answer = lambdas.client.invoke(FunctionName=name, InvocationType="DryRun")
    assert answer["StatusCode"] == 204
    assert lambdas.invoke(name)[0] == 1
    with pytest.raises(ClientError, match="Function not found"):
        lambdas.client.invoke(FunctionName=f"{name}-no", InvocationType="DryRun")


def metric(sandbox: Sandbox, metric_name: str, statistic: str, **dimensions: str) -> list[float]:
    now = datetime.now(UTC)
    answer = (
        session(sandbox)
        .client("cloudwatch")
        .get_metric_data(
            MetricDataQueries=[
                {
                    "Id": "m",
                    "MetricStat": {
                        "Metric": {
                            "Namespace": "AWS/Lambda",
                            "MetricName": metric_name,
                            "Dimensions": [
                                {"Name": key, "Value": value} for key, value in dimensions.items()
                            ],
                        },
                        "Period": 3600,
                        "Stat": statistic,
                    },
                }
            ],
            StartTime=now - timedelta(hours=2),
            EndTime=now + timedelta(minutes=1),
        )
    )
    return list(answer["MetricDataResults"][0]["Values"])


def test_trap_1_2_metrics_carry_alias_and_executed_version(
    sandbox: Sandbox, lambdas: Lambdas, name: str
) -> None:
    lambdas.create(name, Publish=True)
    lambdas.publish(name, RAISE)
    lambdas.client.create_alias(
        FunctionName=name,
        Name="live",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 1.0}},
    )
    for _ in range(3):
        lambdas.invoke(name, Qualifier="live")
    lambdas.invoke(name, Qualifier="1")
    behind = {"FunctionName": name, "Resource": f"{name}:live"}
    assert sum(metric(sandbox, "Errors", "Sum", **behind, ExecutedVersion="2")) == 3
    assert sum(metric(sandbox, "Invocations", "Sum", **behind, ExecutedVersion="2")) == 3
    assert metric(sandbox, "Invocations", "Sum", **behind, ExecutedVersion="1") == []
    assert sum(metric(sandbox, "Invocations", "Sum", **behind)) == 3
    assert sum(metric(sandbox, "Invocations", "Sum", FunctionName=name)) == 4
    assert max(metric(sandbox, "Duration", "p95", FunctionName=name)) > 0


def test_metric_statistics_know_percentiles_and_exact_dimensions(
    sandbox: Sandbox, lambdas: Lambdas, name: str
) -> None:
    lambdas.create(name, SLEEP)
    for seconds in (0, 0, 0.2):
        lambdas.invoke(name, {"s": seconds})
    now = datetime.now(UTC)
    points = (
        session(sandbox)
        .client("cloudwatch")
        .get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName="Duration",
            Dimensions=[{"Name": "FunctionName", "Value": name}],
            StartTime=now - timedelta(hours=2),
            EndTime=now + timedelta(minutes=1),
            Period=86400,
            Statistics=["SampleCount", "Maximum"],
        )["Datapoints"]
    )
    assert sum(point["SampleCount"] for point in points) == 3
    assert max(point["Maximum"] for point in points) >= 200


def test_logs_are_in_the_functions_group(sandbox: Sandbox, lambdas: Lambdas, name: str) -> None:
    lambdas.create(name, "import logging\n\ndef handler(e, c):\n    logging.warning('look here')\n")
    lambdas.invoke(name)
    logs = session(sandbox).client("logs")
    found = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    text = "\n".join(event["message"] for event in found)
    assert "START RequestId" in text
    assert "[WARNING]" in text
    assert "look here" in text


def test_json_logs_report_as_platform_events(sandbox: Sandbox, lambdas: Lambdas, name: str) -> None:
    lambdas.create(name, LoggingConfig={"LogFormat": "JSON", "LogGroup": f"/own/{name}"})
    lambdas.invoke(name)
    logs = session(sandbox).client("logs")
    found = logs.filter_log_events(logGroupName=f"/own/{name}")["events"]
    kinds = [json.loads(e["message"]).get("type") for e in found if e["message"].startswith("{")]
    assert kinds == ["platform.start", "platform.report"]


def test_embedded_metrics_reach_cloudwatch(sandbox: Sandbox, lambdas: Lambdas, name: str) -> None:
    entry: dict[str, Any] = {
        "_aws": {
            "Timestamp": 1,
            "CloudWatchMetrics": [
                {
                    "Namespace": "Shop",
                    "Dimensions": [["service"]],
                    "Metrics": [{"Name": "Sold", "Unit": "Count"}],
                }
            ],
        },
        "service": name,
        "Sold": 3,
    }
    lambdas.create(name, f"def handler(e, c):\n    print({json.dumps(json.dumps(entry))})\n")
    lambdas.invoke(name)
    found = session(sandbox).client("cloudwatch").list_metrics(Namespace="Shop")["Metrics"]
    assert [{"Name": "service", "Value": name}] in [item["Dimensions"] for item in found]


def test_an_asynchronous_failure_is_retried_and_ends_in_the_dead_letter_queue(
    sandbox: Sandbox, lambdas: Lambdas, name: str
) -> None:
    sqs = session(sandbox).client("sqs")
    queue = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    arn = f"arn:aws:sqs:eu-west-1:536580886816:{name}-dead"
    lambdas.create(name, RAISE, DeadLetterConfig={"TargetArn": arn})
    lambdas.client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1)
    answer = lambdas.client.invoke(
        FunctionName=name, InvocationType="Event", Payload=b'{"order": 7}'
    )
    assert answer["StatusCode"] == 202
    messages = eventually(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))
    assert json.loads(messages[0]["Body"]) == {"order": 7}
    assert sum(metric(sandbox, "Errors", "Sum", FunctionName=name)) == 2


def test_an_asynchronous_failure_tells_its_destination_the_story(
    sandbox: Sandbox, lambdas: Lambdas, name: str
) -> None:
    sqs = session(sandbox).client("sqs")
    queue = sqs.create_queue(QueueName=f"{name}-failures")["QueueUrl"]
    arn = f"arn:aws:sqs:eu-west-1:536580886816:{name}-failures"
    lambdas.create(name, RAISE)
    lambdas.client.put_function_event_invoke_config(
        FunctionName=name,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": arn}},
    )
    lambdas.client.invoke(FunctionName=name, InvocationType="Event", Payload=b"{}")
    messages = eventually(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))
    story = json.loads(messages[0]["Body"])
    assert story["requestContext"]["condition"] == "RetriesExhausted"
    assert story["responsePayload"]["errorType"] == "ValueError"


def test_the_deployed_package_can_be_downloaded(lambdas: Lambdas, name: str) -> None:
    from urllib.request import urlopen

    lambdas.create(name)
    location = lambdas.client.get_function(FunctionName=name)["Code"]["Location"]
    with urlopen(location) as answer:
        assert answer.read() == package({"app.py": ECHO})

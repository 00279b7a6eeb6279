"""Starting and stopping: state, several sandboxes, crashes, and nothing left behind."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from common.accounts import open_session
from common.environments import environment
from common.errors import RefusedError, UnavailableError
from sandbox import control
from sandbox.control import Sandbox
from tests.sandbox.apis import deploy_api, document, operation, permit, proxy
from tests.sandbox.support import ECHO, Lambdas, eventually, session

pytestmark = pytest.mark.e2e


@pytest.fixture
def names() -> Iterator[list[str]]:
    """Sandboxes started here end here."""
    used: list[str] = []
    yield used
    for name in used:
        with suppress(UnavailableError):
            control.stop(name)


def start(names: list[str], name: str, **settings: Any) -> Sandbox:
    names.append(name)
    return control.start(name, **settings)[0]


def processes_of(folder: Path) -> list[int]:
    """Live processes that work in a sandbox's folder or were started there."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError):
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            environ = (entry / "environ").read_bytes()
            cwd = str((entry / "cwd").readlink())
            if state != "Z" and (cwd.startswith(str(folder)) or str(folder).encode() in environ):
                found.append(int(entry.name))
    return [pid for pid in found if pid != os.getpid()]


def listening(url: str) -> bool:
    port = int(url.rpartition(":")[2])
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_two_sandboxes_run_side_by_side_and_stop_leaves_nothing(names: list[str]) -> None:
    one, two = start(names, "one"), start(names, "two")
    assert control.names() == ["one", "two"]
    assert one.running.endpoint != two.running.endpoint
    Lambdas(one).create("only-here")
    assert Lambdas(two).client.list_functions()["Functions"] == []
    Lambdas(one).invoke("only-here")
    assert control.stop("one").was_running
    assert not listening(one.running.endpoint)
    assert eventually(lambda: not processes_of(one.where.folder))
    assert not one.where.work.exists()
    assert listening(two.running.endpoint)
    assert not control.stop("one").was_running


def test_a_killed_sandbox_takes_its_workers_along_and_can_be_started_again(
    names: list[str],
) -> None:
    first = start(names, "crash")
    lambdas = Lambdas(first)
    code = "import time\n\ndef handler(event, context):\n    time.sleep(event.get('s', 0))\n"
    lambdas.create("sleeper", code, Timeout=60)
    lambdas.invoke("sleeper")
    lambdas.client.invoke(FunctionName="sleeper", InvocationType="Event", Payload=b'{"s": 60}')
    eventually(lambda: len(processes_of(first.where.folder)) > 1)
    os.kill(first.running.pid, signal.SIGKILL)
    assert eventually(lambda: not processes_of(first.where.folder))
    assert control.find("crash") is None
    second = start(names, "crash")
    assert second.running.pid != first.running.pid
    assert Lambdas(second).client.list_functions()["Functions"] == []


def test_starting_twice_is_starting_once(names: list[str]) -> None:
    first = start(names, "same")
    again, started = control.start("same")
    assert (again.running, started) == (first.running, False)


def test_one_that_cannot_be_prepared_does_not_stay(
    names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: Sandbox) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sandbox.seeding.seed", interrupted)
    with pytest.raises(KeyboardInterrupt):
        start(names, "half")
    assert control.find("half") is None


def test_it_listens_on_loopback_only(names: list[str]) -> None:
    running = start(names, "quick")
    rows = Path(f"/proc/{running.running.pid}/net/tcp").read_text().splitlines()[1:]
    ports = {
        f"{int(url.rpartition(':')[2]):04X}"
        for url in (running.running.endpoint, running.running.proxy, running.running.github or "")
    }
    local = [row.split()[1] for row in rows if row.split()[3] == "0A"]
    mine = [address for address in local if address.split(":")[1] in ports]
    assert len(mine) == 3
    assert all(address.startswith("0100007F:") for address in mine)


def test_state_survives_when_asked_and_only_then(names: list[str]) -> None:
    first = start(names, "kept")
    lambdas = Lambdas(first)
    lambdas.create("f", ECHO, Publish=True)
    lambdas.publish("f", ECHO + "# 2")
    lambdas.client.create_alias(
        FunctionName="f",
        Name="live",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 1.0}},
    )
    api = deploy_api(first, document({"/x": {"get": operation(proxy("f"))}}))
    permit(lambdas, "f", api)
    lambdas.invoke("f", Qualifier="live")
    fill(first)
    assert control.stop("kept", keep_state=True).lost == ()

    second = start(names, "kept")
    again = Lambdas(second)
    assert again.invoke("f", Qualifier="live")[0]["version"] == "2"
    assert read(second) == "kept"
    page = requests.get(f"{second.running.endpoint}/restapis/{api.id}/dev/_user_request_/x")
    assert page.status_code == 502  # ECHO answers, though not as API Gateway wants it
    again.update("f", ECHO + "# 3")
    assert again.publish("f") == "3"
    control.stop("kept")

    third = start(names, "kept", fresh=True)
    assert Lambdas(third).client.list_functions()["Functions"] == []


def fill(sandbox: Sandbox) -> None:
    """Something in each service that the platform uses."""
    made = session(sandbox)
    made.client("s3").put_object(Bucket="bbws-artifacts-dev", Key="k", Body=b"kept")
    made.client("s3").put_object(Bucket="bbws-artifacts-sit", Key="k", Body=b"of sit")
    made.client("dynamodb").put_item(
        TableName="bbws-deployments-dev", Item={"pk": {"S": "a"}, "sk": {"S": "b"}}
    )
    made.client("sqs").create_queue(QueueName="q")
    made.client("secretsmanager").create_secret(Name="s", SecretString="x")
    made.client("ssm").put_parameter(Name="/p", Value="v", Type="String")
    made.client("events").put_rule(Name="r", ScheduleExpression="rate(1 hour)")
    made.client("kms").create_key()
    made.client("cloudwatch").put_metric_alarm(
        AlarmName="a",
        MetricName="Errors",
        Namespace="AWS/Lambda",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        Statistic="Sum",
    )


def read(sandbox: Sandbox) -> str:
    made = session(sandbox)
    assert made.client("sqs").list_queues()["QueueUrls"]
    assert made.client("secretsmanager").get_secret_value(SecretId="s")["SecretString"] == "x"
    assert made.client("ssm").get_parameter(Name="/p")["Parameter"]["Value"] == "v"
    assert made.client("events").describe_rule(Name="r")["State"] == "ENABLED"
    assert len(made.client("kms").list_keys()["Keys"]) == 2  # and the one of bootstrap
    assert made.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert made.client("dynamodb").scan(TableName="bbws-deployments-dev")["Count"] == 1
    of_sit = made.client("s3").get_object(Bucket="bbws-artifacts-sit", Key="k")["Body"].read()
    assert of_sit == b"of sit"
    body: bytes = made.client("s3").get_object(Bucket="bbws-artifacts-dev", Key="k")["Body"].read()
    return body.decode()


@pytest.fixture
def exported(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """This process, with the sandbox's exports."""
    for name in sandbox.exports.unset:
        monkeypatch.delenv(name, raising=False)
    for name, value in sandbox.exports.variables.items():
        monkeypatch.setenv(name, value)
    return sandbox


@pytest.mark.parametrize("env", ["dev", "sit", "prod", "prod-dr"])
def test_each_environment_is_its_own_account(exported: Sandbox, env: str) -> None:
    validated = open_session(environment(env))
    assert validated.arn.startswith(f"arn:aws:sts::{environment(env).account}:assumed-role/")


def test_wrong_account_is_refused_and_nothing_but_sts_was_called(
    exported: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "Tebogo-sit")
    before = exported.requests()[-1]["number"]
    with pytest.raises(RefusedError, match="815856636111"):
        open_session(environment("prod"))
    calls = exported.requests(before)
    assert {call["service"] for call in calls} == {"sts"}
    assert calls[-1]["operation"] == "GetCallerIdentity"


def test_trap_12_2_credentials_the_sandbox_did_not_give_are_no_account(
    exported: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "SOMEBODYELSESKEY0000")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with pytest.raises(RefusedError):
        open_session(environment("dev"))


def test_the_request_log_names_service_operation_and_account(exported: Sandbox) -> None:
    before = exported.requests()[-1]["number"]
    made = boto3.session.Session(profile_name="Tebogo-sit")
    made.client("s3").list_objects_v2(Bucket="bbws-artifacts-sit")
    made.client("dynamodb").list_tables()
    made.client("lambda").list_functions()
    calls = [
        (call["service"], call["operation"], call["account"], call["status"])
        for call in exported.requests(before)
        if call["service"] != "sts"
    ]
    assert calls == [
        ("s3", "ListObjectsV2", "815856636111", 200),
        ("dynamodb", "ListTables", "815856636111", 200),
        ("lambda", "ListFunctions", "815856636111", 200),
    ]


def test_control_that_changes_anything_needs_the_token(sandbox: Sandbox) -> None:
    answer = requests.post(f"{sandbox.running.endpoint}/_sandbox/stop")
    assert answer.status_code == 403
    assert sandbox.ask("status")["name"] == "tests"

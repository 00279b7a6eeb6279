"""`deploy`, `integration`, `load` and `chaos` of `pipeline_test.py` on a really deployed service."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.e2e.deployed import World, aws

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("deployed service")]

SCRIPT = ROOT / "utils" / "devops" / "pipeline_test.py"
CREATE = "bbws-bookmark-create-bookmark-dev"
ALARM = f"{CREATE}-throttles"


def words(*more: str) -> list[str]:
    return [sys.executable, str(SCRIPT), *more, "-o", "json"]


def rehearse(world: World, *more: str, **env: str) -> tuple[int, Any, str]:
    """Exit code, the JSON document, and standard error."""
    answer = subprocess.run(
        words(*more),
        cwd=world.root,
        env={**world.environment, **env},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert answer.stdout, answer.stderr
    return answer.returncode, json.loads(answer.stdout), answer.stderr


def state_of_the_function() -> dict[str, Any]:
    """All of a function that an experiment touches."""
    client = aws("lambda")
    found = client.get_function_configuration(FunctionName=CREATE)
    role = found["Role"].rsplit("/", 1)[-1]
    listed = aws("s3").list_objects_v2(Bucket="bbws-artifacts-dev", Prefix="chaos/")
    versions = client.list_versions_by_function(FunctionName=CREATE)["Versions"]
    return {
        "alias": client.get_alias(FunctionName=CREATE, Name="live")["FunctionVersion"],
        "versions": [version["Version"] for version in versions],
        "variables": found["Environment"],
        "reserved": client.get_function_concurrency(FunctionName=CREATE).get(
            "ReservedConcurrentExecutions"
        ),
        "policies": aws("iam").list_role_policies(RoleName=role)["PolicyNames"],
        "records": [row["Key"] for row in listed.get("Contents", [])],
    }


def eventually(reached: Any, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not reached() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert reached(), "it did not happen in time"


@contextmanager
def alarms_that_ring() -> Iterator[None]:
    """What CloudWatch does and the sandbox does not: an alarm rings while its reason lasts."""
    stop, cloudwatch, functions = threading.Event(), aws("cloudwatch"), aws("lambda")
    steady = functions.get_alias(FunctionName=CREATE, Name="live")["FunctionVersion"]

    def watch() -> None:
        while not stop.wait(0.3):
            reserved = functions.get_function_concurrency(FunctionName=CREATE)
            alias = functions.get_alias(FunctionName=CREATE, Name="live")["FunctionVersion"]
            throttled = reserved.get("ReservedConcurrentExecutions") == 0
            state = "ALARM" if throttled or alias != steady else "OK"
            cloudwatch.set_alarm_state(AlarmName=ALARM, StateValue=state, StateReason="x")

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join(timeout=10)


def test_a_deployment_is_checked_and_nothing_is_changed(inside: World) -> None:
    topic = "arn:aws:sns:eu-west-1:536580886816:bbws-deployments"
    line = ("deploy", "--workflow", ".github/workflows/deploy-dev.yml", "--env", "dev")
    before = state_of_the_function()
    aws("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.com")
    code, data, said = rehearse(inside, *line)
    verdicts = {check["name"]: (check["verdict"], check["details"]) for check in data["checks"]}
    assert (code, {name for name, (verdict, _) in verdicts.items() if verdict != "passed"}) == (
        0, set(),
    ), (verdicts, said)  # fmt: skip
    assert "create=0, update=0" in verdicts["terraform"][1][0]
    assert state_of_the_function() == before
    untouched = subprocess.run(
        ["git", "diff", "--name-only"], cwd=inside.root, capture_output=True, text=True, check=True
    )
    assert untouched.stdout == ""


def test_a_deployment_from_the_wrong_account_is_refused(inside: World) -> None:
    line = ("deploy", "--workflow", ".github/workflows/deploy-dev.yml", "--env", "dev")
    code, data, _ = rehearse(inside, *line, AWS_PROFILE="Tebogo-sit")
    assert (code, data["error"]["code"]) == (3, "refused")


def test_the_deployed_api_does_what_its_design_says(inside: World, tmp_path: Path) -> None:
    code, data, said = rehearse(inside, "integration", "--env", "dev", "--reports", str(tmp_path))
    failed = [case for case in data["cases"] if case["result"] == "failed"]
    assert (code, failed, data["left_behind"]) == (0, [], []), said
    names = [case["name"].split()[0] for case in data["cases"]]
    assert {"POST", "GET", "PUT", "DELETE", "log"} <= set(names)
    assert {path.name for path in tmp_path.iterdir()} == {"junit.xml", "report.html"}
    stored = aws("dynamodb").scan(TableName="bbws-bookmarks-dev")["Items"]
    assert not any("rehearsal" in str(item) for item in stored)


def test_a_service_is_loaded_by_its_design(inside: World, tmp_path: Path) -> None:
    if find_spec("locust") is None:
        pytest.skip("Locust is installed on request")
    config = {
        "target": {"environment": "dev", "service": "bookmark"}, "users": 2, "duration": "6s",
        "warm_up": "1s", "wait": "100ms", "data": {"readerId": ["load-test"]},
        "thresholds": {"min_requests": 2, "error_rate": "0%", "p95": "20s"},
    }  # fmt: skip
    path = tmp_path / "load.yml"
    path.write_text(json.dumps(config))
    line = ("load", "--config", str(path), "--reports", str(tmp_path / "r"))
    code, data, said = rehearse(inside, *line)
    assert (code, list(data["requests"])) == (0, ["GET /v1.0/readers/{readerId}/bookmarks"]), said


def test_a_dry_run_of_a_fault_makes_none(inside: World) -> None:
    before = state_of_the_function()
    code, data, _ = rehearse(inside, "chaos", "--env", "dev", "--dry-run")
    assert (code, len(data["would"]), data["not_exercised"][0]["subject"]) == (0, 12, "faults")
    assert state_of_the_function() == before


def test_a_throttled_function_rings_and_returns(inside: World, tmp_path: Path) -> None:
    before = state_of_the_function()
    with alarms_that_ring():
        code, data, said = rehearse(
            inside, "chaos", "--env", "dev", "--experiment", "throttle", "--seconds", "30",
            "--function", CREATE, "--reports", str(tmp_path),
        )  # fmt: skip
    (experiment,) = data["experiments"]
    assert (code, experiment["outcome"]) == (0, "confirmed"), said
    assert ALARM in next(p["detail"] for p in experiment["parts"] if p["name"] == "an alarm rang")
    assert any(call["error"] == "TooManyRequestsException" for call in experiment["calls"])
    assert state_of_the_function() == before


def test_a_dependency_that_never_answers_is_survived(inside: World, tmp_path: Path) -> None:
    before = state_of_the_function()
    with alarms_that_ring():
        code, data, said = rehearse(
            inside, "chaos", "--env", "dev", "--experiment", "slow-dependency", "--seconds", "60",
            "--function", CREATE, "--reports", str(tmp_path),
        )  # fmt: skip
    (experiment,) = data["experiments"]
    parts = {part["name"]: part["true"] for part in experiment["parts"]}
    # Some machines refuse the address at once: then nothing was slow, and that is said.
    slow = parts.pop("the dependency was slow")
    expected = (0, "confirmed") if slow else (4, "nothing learned")
    assert (code, experiment["outcome"]) == expected, (said, experiment["parts"])
    assert set(parts.values()) == {True}
    assert state_of_the_function() == before


def test_a_denied_table_is_undone_and_a_fault_nobody_notices_is_no_pass(
    inside: World, tmp_path: Path
) -> None:
    """Moto enforces no IAM: the experiment says that it learned nothing, and why that may be."""
    before = state_of_the_function()
    code, data, _ = rehearse(
        inside, "chaos", "--env", "dev", "--experiment", "denied-table", "--seconds", "10",
        "--function", CREATE, "--reports", str(tmp_path),
    )  # fmt: skip
    (experiment,) = data["experiments"]
    assert (code, experiment["outcome"]) == (4, "nothing learned")
    assert "IAM is not enforced here" in experiment["parts"][0]["detail"]
    assert state_of_the_function() == before


def test_a_killed_experiment_is_undone_from_anywhere(inside: World, tmp_path: Path) -> None:
    before = state_of_the_function()
    line = words(
        "chaos", "--env", "dev", "--experiment", "broken-variable", "--seconds", "120",
        "--function", CREATE,
    )  # fmt: skip
    with subprocess.Popen(
        line, cwd=inside.root, env=inside.environment, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as child:  # fmt: skip
        eventually(lambda: state_of_the_function()["alias"] != before["alias"])
        child.send_signal(signal.SIGKILL)
    assert len(state_of_the_function()["records"]) == 1
    another = {"HOME": str(tmp_path), "XDG_STATE_HOME": ""}
    code, data, _ = rehearse(inside, "chaos", "--env", "dev", "--undo", **another)
    assert (code, [one["experiment"] for one in data["undone"]]) == (0, ["broken-variable"])
    assert state_of_the_function() == before
    assert rehearse(inside, "chaos", "--env", "dev", "--undo")[1]["undone"] == []

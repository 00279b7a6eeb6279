"""A generated service, deployed by real Terraform into a sandbox, answers as it would on AWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from codegen.scaffold import scaffold
from common.errors import UnavailableError
from deploy.package import build
from lld.parse import parse_file
from tests.conftest import ROOT
from tests.support.terraform import terraform_environment

pytestmark = pytest.mark.e2e

RUNNER = ROOT / "utils" / "devops" / "local_runner.py"
DESIGN = ROOT / "templates" / "examples" / "9.1.1_LLD_Bookmark_Lambda.md"
KEY = "2_bbws_bookmark_lambda/first.zip"
SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=any"}
PATH = "v1.0/readers/r1/bookmarks"
LIST = "bbws-bookmark-list-bookmarks-dev"


@dataclass(frozen=True)
class World:
    """A sandbox with a deployed service, and the environment that leads into it."""

    environment: dict[str, str]
    root: Path
    package: Path
    digest: str

    def run(self, *words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            cwd=folder or self.root / "terraform",
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def terraform(self, *words: str) -> subprocess.CompletedProcess[str]:
        answer = self.run("terraform", *words)
        assert answer.returncode in (0, 2), answer.stdout[-3000:] + answer.stderr[-3000:]
        return answer

    @property
    def variables(self) -> tuple[str, ...]:
        return (
            "-input=false",
            "-var-file=environments/dev.tfvars",
            f"-var=artifact_key={KEY}",
            f"-var=artifact_sha256={self.digest}",
        )

    def output(self, name: str) -> str:
        return self.terraform("output", "-raw", name).stdout


def sandbox(home: Path, *words: str) -> Any:
    answer = subprocess.run(
        [sys.executable, str(RUNNER), "sandbox", *words, "--name", "e2e", "-o", "json"],
        env={**os.environ, "HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(answer.stdout)


def aws(service: str) -> Any:
    """A client by the variables of this moment; boto3 keeps those of its first call for ever."""
    return boto3.session.Session().client(service)  # type: ignore[call-overload]


def git(root: Path, *words: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    subprocess.run(["git", *identity, *words], cwd=root, check=True, capture_output=True)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The service, applied. Everything is over when the module is."""
    providers = terraform_environment()
    home = tmp_path_factory.mktemp("home")
    root = tmp_path_factory.mktemp("repository") / "2_bbws_bookmark_lambda"
    scaffold(parse_file(DESIGN), root)
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "feat: service")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(home / "cache"))
        for name, value in providers.items():
            patch.setenv(name, value)
        try:
            package = build(root, home / "package.zip")
        except UnavailableError as error:
            pytest.skip(f"the dependencies cannot be had: {error}")
        sandbox(home, "start")
        try:
            exports = sandbox(home, "env")
            kept = {k: v for k, v in os.environ.items() if k not in exports["unset"]}
            environment = {**kept, **exports["set"], "AWS_PROFILE": "Tebogo-dev"}
            world = World(environment, root, package.path, package.code_sha256)
            for name, value in environment.items():
                patch.setenv(name, value)
            aws("s3").upload_file(str(package.path), "bbws-artifacts-dev", KEY)
            backend = "-backend-config=environments/dev.s3.tfbackend"
            world.terraform("init", "-reconfigure", "-input=false", backend)
            world.terraform("apply", "-auto-approve", *world.variables)
            yield world
        finally:
            sandbox(home, "stop")


@pytest.fixture
def inside(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """This process, with the exports."""
    for name, value in world.environment.items():
        monkeypatch.setenv(name, value)
    return world


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

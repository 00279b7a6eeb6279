"""A service in the sandbox: functions with tags, permissions and alias, and its repository."""

from __future__ import annotations

import io
import json
import os
import subprocess
import time as real
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from common.environments import environment
from sandbox.control import Sandbox
from sandbox.seeding import session_of
from tests.deploy.fakes import FakeTime

HANDLER = """
VERSION = "{version}"


def handler(event, context):
    {body}
    return {{"statusCode": 200, "body": VERSION}}
"""
HEALTHY = "pass"
FUNCTIONS = ("get", "put")
BROKEN = 'raise ValueError("broken")'


def handler(version: str, body: str = HEALTHY) -> str:
    return HANDLER.format(version=version, body=body)


def zipped(files: dict[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return content.getvalue()


class ServiceOnAws:
    """What Terraform would have made for a service in one environment."""

    def __init__(
        self, sandbox: Sandbox, service: str, env: str = "dev", functions=FUNCTIONS, *,
        create: bool = True,
    ) -> None:  # fmt: skip
        self._is_seen_by(session_of(sandbox, environment(env)), service, env, functions)
        role = self._role() if create else ""
        for name in self.names if create else ():
            self._function(name, role)

    @classmethod
    def seen_by(cls, session: Any, service: str, env: str, functions=FUNCTIONS) -> ServiceOnAws:
        """The service that is there already, by somebody else's credentials."""
        found = cls.__new__(cls)
        found._is_seen_by(session, service, env, functions)
        return found

    def _is_seen_by(self, session: Any, service: str, env: str, functions) -> None:
        self.environment = environment(env)
        self.session = session
        self.service = service
        self.names = [f"bbws-{service}-{name}-{env}" for name in functions]
        self.lambda_: Any = session.client("lambda")
        self.cloudwatch: Any = session.client("cloudwatch")

    def _role(self) -> str:
        iam: Any = self.session.client("iam")
        name = f"{self.service}-{self.environment.name}"
        document = json.dumps({"Version": "2012-10-17", "Statement": []})
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
        return str(made["Role"]["Arn"])

    def _function(self, name: str, role: str) -> None:
        self.lambda_.create_function(
            FunctionName=name,
            Runtime="python3.12",
            Handler="src.handlers.api.handler",
            Role=role,
            Code={"ZipFile": zipped({"src/handlers/api.py": handler("initial")})},
            Publish=True,
            Timeout=5,
            Tags={"Service": self.service, "Environment": self.environment.name},
        )
        self.lambda_.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
        self.lambda_.add_permission(
            FunctionName=name, Qualifier="live", StatementId="api", Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
        )  # fmt: skip

    def live(self) -> dict[str, tuple[str, dict[str, float]]]:
        """Version and weights of each alias."""
        found = {}
        for name in self.names:
            alias = self.lambda_.get_alias(FunctionName=name, Name="live")
            weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
            found[name] = (alias["FunctionVersion"], dict(weights))
        return found

    def bytes_live(self) -> set[str]:
        """Digests of the code behind the aliases; version numbers may differ from each other."""
        return {facts["CodeSha256"] for facts in self._facts_live()}

    def memory_live(self) -> set[int]:
        """Megabytes of memory of the versions behind the aliases."""
        return {facts["MemorySize"] for facts in self._facts_live()}

    def _facts_live(self) -> Iterator[Any]:
        for name in self.names:
            yield self.lambda_.get_function_configuration(FunctionName=name, Qualifier="live")

    def answers(self) -> set[str]:
        """What callers of the alias get."""
        bodies = set()
        for name in self.names:
            answer = self.lambda_.invoke(FunctionName=name, Qualifier="live", Payload=b"{}")
            bodies.add(json.load(answer["Payload"])["body"])
        return bodies


class Repo:
    """The service's repository, with commits and tags."""

    def __init__(self, folder: Path, service: str) -> None:
        self.root = folder / f"2_bbws_{service}_lambda"
        (self.root / "src" / "handlers").mkdir(parents=True)
        for package in ("src", "src/handlers"):
            (self.root / package / "__init__.py").write_text("")
        (self.root / ".gitignore").write_text("dist/\n")
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *words: str) -> str:
        answer = subprocess.run(
            ["git", *words], cwd=self.root, check=True, capture_output=True, text=True
        )
        return answer.stdout.strip()

    def commit(self, version: str, body: str = HEALTHY, *, tag: bool = True) -> str:
        """A commit whose handler answers with the version; returns its id."""
        (self.root / "src" / "handlers" / "api.py").write_text(handler(version, body))
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", f"feat: {version}")
        if tag:
            self.git("tag", version)
        return self.git("rev-parse", "HEAD")


def enter(sandbox: Sandbox, monkeypatch: Any, folder: Path) -> None:
    """This process works in the sandbox, inside the folder."""
    exports = sandbox.exports
    for name in exports.unset:
        monkeypatch.delenv(name, raising=False)
    for name, value in exports.variables.items():
        if not name.startswith("GITHUB"):
            monkeypatch.setenv(name, value)
    monkeypatch.delenv("GITHUB_RUN_ID", raising=False)
    monkeypatch.chdir(folder)
    assert os.environ["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1")


class Traffic:
    """Puts the metrics of live traffic into CloudWatch, minute by minute of a clock of its own."""

    def __init__(self, service: ServiceOnAws, time: FakeTime) -> None:
        self.errors: dict[str, float] = {}
        self.seconds = 0.0
        """What making the traffic up took."""
        self._service = service
        self._time = time
        self._last = _minute_of(time.moment)
        time.then = self.pass_to

    def rest_until(self, moment: datetime) -> None:
        """Time goes on, and nobody calls meanwhile."""
        self._time.moment = moment
        self._last = _minute_of(moment)

    def pass_to(self, moment: datetime) -> None:
        started = real.perf_counter()
        while self._last + timedelta(minutes=1) <= moment:
            self._minute(self._last)
            self._last += timedelta(minutes=1)
        self.seconds += real.perf_counter() - started

    def _minute(self, at: datetime) -> None:
        data = []
        for name, (version, weights) in self._service.live().items():
            shares = {**weights, version: 1 - sum(weights.values())}
            for other, share in shares.items():
                data += _points(name, other, round(600 * share), self.errors.get(other, 0.0))
        moment = at + timedelta(seconds=30)
        self._service.cloudwatch.put_metric_data(
            Namespace="AWS/Lambda", MetricData=[{**one, "Timestamp": moment} for one in data]
        )


def _points(name: str, version: str, count: int, errors: float) -> Iterator[dict[str, Any]]:
    """A minute of one version, as Lambda publishes it: of the alias, and of version and alias."""
    alias = [{"Name": "FunctionName", "Value": name}, {"Name": "Resource", "Value": f"{name}:live"}]
    durations = [float(50 + 4 * i) for i in range(min(count, 10))]
    for where in (alias, [*alias, {"Name": "ExecutedVersion", "Value": version}]):
        yield {"MetricName": "Invocations", "Value": float(count), "Dimensions": where}
        yield {"MetricName": "Errors", "Value": float(round(count * errors)), "Dimensions": where}
        yield {"MetricName": "Duration", "Values": durations, "Dimensions": where}


def _minute_of(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)

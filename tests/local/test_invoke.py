"""`local_runner.py lambda` runs a function from its source, with events of a file."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from common.errors import UnavailableError, UsageProblemError
from local.container import require_engine
from local.project import Kind, Project
from sandbox.source.events import call_of, completed, read_event
from sandbox.source.handlers import Source, choose, functions_of, route_of, settings_of, tables_of
from tests.conftest import ROOT
from tests.support.files import write_tree

GET = """
import boto3
from src.names import setting
app = None

class App:
    def get(self, path):
        return lambda function: function

app = App()

@app.get("/v1/items/<item_id>")
def get_item(item_id):
    pass

def handler(event, context):
    print("looking for", event["pathParameters"])
    table = boto3.resource("dynamodb").Table(setting("TABLE_NAME"))
    key = {"PK": event["pathParameters"]["item_id"]}
    table.put_item(Item=key)
    return {"statusCode": 200, "body": '{"found": %d}' % table.scan()["Count"]}
"""
WORK = """
def handler(event, context):
    return {"bodies": [record["body"] for record in event["Records"]],
            "source": event["Records"][0]["eventSource"]}
"""
CONFTEST = """
from typing import Any
TABLES: dict[str, dict[str, Any]] = {
    "TABLE_NAME": {
        "TableName": "items-test", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "PK", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "PK", "KeyType": "HASH"}],
    },
}
"""


@pytest.fixture
def service_with_functions(service: Project) -> Project:
    """A service with an API function and a queue function."""
    write_tree(
        service.root,
        {
            "src/names.py": "import os\n\ndef setting(name):\n    return os.environ[name]\n",
            "src/handlers/get_item.py": GET,
            "src/handlers/work.py": WORK,
            "src/handlers/shared.py": "VALUE = 1\n",
            "tests/conftest.py": CONFTEST,
        },
    )
    return service


def run(root: Path, *words: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str, str]:
    monkeypatch.chdir(root)
    cli: Any = importlib.import_module("local_runner").cli
    result = CliRunner().invoke(cli, ["lambda", *words])
    return result.exit_code, result.stdout, result.stderr


def event_file(root: Path, event: Any) -> str:
    path = root / "event.json"
    path.write_text(json.dumps(event))
    return str(path)


def test_functions_are_found_with_their_routes(service_with_functions: Project) -> None:
    assert functions_of(service_with_functions.root) == [
        Source("get_item", "src.handlers.get_item.handler", (("get", "/v1/items/<item_id>"),)),
        Source("work", "src.handlers.work.handler"),
    ]
    assert settings_of(service_with_functions.root) == {"TABLE_NAME"}
    assert tables_of(service_with_functions.root)["TABLE_NAME"]["TableName"] == "items-test"


FUNCTIONS = [
    Source("get_item", "", (("get", "/v1/items/<id>"), ("get", "/v1/items/latest"))),
    Source("create_item", "", (("post", "/v1/items"),)),
    Source("item", ""),
]


@pytest.mark.parametrize(
    ("wanted", "call", "name"),
    [
        ("get_item", None, "get_item"),
        ("create-item", None, "create_item"),
        ("bbws-shop-get-item-dev", None, "get_item"),
        (None, ("GET", "/v1/items/7"), "get_item"),
        (None, ("post", "/v1/items"), "create_item"),
    ],
)
def test_the_function_that_is_meant(
    wanted: str | None, call: tuple[str, str] | None, name: str
) -> None:
    assert choose(FUNCTIONS, wanted, call).name == name


@pytest.mark.parametrize(
    ("wanted", "call"), [("drop_order", None), (None, None), (None, ("GET", "/other"))]
)
def test_an_unclear_function_is_asked_for(wanted: str | None, call: tuple[str, str] | None) -> None:
    with pytest.raises(UsageProblemError) as caught:
        choose(FUNCTIONS, wanted, call)
    assert "get_item, create_item, item" in str(caught.value.hint)


def test_routes_with_fewer_parameters_win() -> None:
    found = route_of(FUNCTIONS[0], "GET", "/v1/items/latest")
    assert found is not None
    assert (found.resource, found.parameters) == ("/v1/items/latest", {})


def test_api_events_are_completed_and_nothing_said_is_changed() -> None:
    given = {
        "httpMethod": "GET",
        "path": "/v1/items/7?x=1",
        "headers": {"A": "b"},
        "body": {"k": 1},
    }
    event = completed(given, FUNCTIONS[0])
    assert (event["resource"], event["pathParameters"]) == ("/v1/items/{id}", {"id": "7"})
    assert (event["path"], event["queryStringParameters"]) == ("/v1/items/7", {"x": "1"})
    assert event["headers"] == {"Content-Type": "application/json", "A": "b"}
    assert event["body"] == '{"k": 1}'
    assert event["requestContext"]["resourcePath"] == "/v1/items/{id}"
    whole = {**event, "requestContext": {"stage": "prod"}}
    assert completed(whole, FUNCTIONS[0])["requestContext"]["stage"] == "prod"


def test_queue_and_schedule_events_are_completed_and_plain_ones_left_alone() -> None:
    queue = completed({"Records": [{"body": {"a": 1}}]}, FUNCTIONS[2])["Records"][0]
    assert (queue["body"], queue["eventSource"]) == ('{"a": 1}', "aws:sqs")
    schedule = completed({"source": "aws.events", "detail": {"x": 1}}, FUNCTIONS[2])
    assert (schedule["detail-type"], schedule["detail"]) == ("Scheduled Event", {"x": 1})
    for plain in ([1, 2], {"a": 1}, "text", {"Records": [{"eventSource": "aws:s3"}]}):
        assert completed(plain, FUNCTIONS[2]) == plain
    assert call_of({"a": 1}) is None


def test_an_event_that_cannot_be_read_says_which(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"none\.json"):
        read_event(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(UnavailableError, match="no JSON"):
        read_event(tmp_path / "bad.json")


@pytest.fixture
def ready(service_with_functions: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The service with an environment that needs no installation."""
    import local.invoke

    project = service_with_functions
    monkeypatch.setattr(local.invoke, "prepared_python", lambda _: Path(sys.executable))
    return project


def test_trap_11_1_the_source_on_disk_runs_at_once_without_a_build(
    ready: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = event_file(ready.root, {"httpMethod": "GET", "path": "/v1/items/7"})
    code, out, err = run(ready.root, "--event", event, monkeypatch=monkeypatch)
    assert code == 0, err
    assert json.loads(out) == {"statusCode": 200, "body": {"found": 1}}
    assert "looking for {'item_id': '7'}" in err
    path = ready.root / "src/handlers/get_item.py"
    path.write_text(path.read_text().replace("200", "202"))
    code, out, _ = run(ready.root, "--event", event, "-o", "json", monkeypatch=monkeypatch)
    answer = json.loads(out)
    assert (code, answer["response"]["statusCode"], answer["aws"]) == (0, 202, "moto")


def test_a_queue_function_by_name(ready: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    event = event_file(ready.root, {"Records": [{"body": "a"}, {"body": "b"}]})
    code, out, _ = run(ready.root, "--event", event, "--function", "work", monkeypatch=monkeypatch)
    assert (code, json.loads(out)) == (0, {"bodies": ["a", "b"], "source": "aws:sqs"})


def test_a_function_that_raises_is_exit_1_with_its_error(
    ready: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = event_file(ready.root, {"nothing": "here"})
    code, out, err = run(
        ready.root, "--event", event, "--function", "work", monkeypatch=monkeypatch
    )
    assert (code, json.loads(out)["errorType"]) == (1, "KeyError")
    assert "[ERROR] KeyError" in err


def test_localstack_that_does_not_run_is_said_to_be_replaced(
    ready: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALSTACK_ENDPOINT", "http://127.0.0.1:9")
    event = event_file(ready.root, {"Records": [{"body": "a"}]})
    words = ("--event", event, "--function", "work", "--localstack")
    code, _, err = run(ready.root, *words, monkeypatch=monkeypatch)
    assert code == 0
    assert "LocalStack is not running; moto takes its place" in err


def test_outside_a_service_the_command_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = event_file(tmp_path, {})
    code, _, err = run(ROOT, "--event", event, monkeypatch=monkeypatch)
    assert code == 2
    assert "no service in this folder" in err


def test_docker_without_an_engine_is_exit_4(
    service: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError) as caught:
        require_engine()
    assert "install Docker" in str(caught.value.hint)
    answer = subprocess.run(
        [sys.executable, str(ROOT / "utils/devops/local_runner.py"), "docker", "--build"],
        cwd=service.root,
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 4
    assert "docker" in answer.stderr


def test_docker_with_an_engine_that_does_not_answer_is_exit_4(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "docker"
    fake.write_text("#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError, match="Cannot connect to the Docker daemon"):
        require_engine()


FAKE_DOCKER = """#!/bin/sh
echo "$@" >> {log}
case "$1" in
  version) echo 28 ;;
  build) exit 0 ;;
  run) echo container ;;
  port) echo 127.0.0.1:{port} ;;
esac
"""


def test_docker_builds_runs_invokes_scans_and_cleans_up(
    service: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from threading import Thread

    from common.errors import ExitCode
    from common.progress import step
    from local.container import Options, exit_code, run_container

    class Emulator(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"statusCode": 200}')

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Emulator)
    Thread(target=server.serve_forever, daemon=True).start()
    log = tmp_path / "log"
    text = FAKE_DOCKER.format(log=log, port=server.server_port)
    for name, content in (("docker", text), ("trivy", "#!/bin/sh\necho '{\"Results\": []}'\n")):
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    (service.root / "Dockerfile").write_text("FROM scratch\n")
    (service.root / "src/handlers").mkdir(exist_ok=True)
    project = Project(service.root, Kind.SERVICE)
    outcome = run_container(project, Options(build=True), step)
    (tmp_path / "trivy").unlink()
    unscanned = run_container(project, Options(build=False), step)
    server.shutdown()
    server.server_close()
    assert (outcome.response, exit_code(outcome)) == ({"statusCode": 200}, ExitCode.DONE)
    words = [line.split()[0] for line in log.read_text().splitlines()]
    assert words[:5] == ["version", "build", "run", "port", "rm"]
    assert unscanned.scan is not None
    assert (unscanned.scan.findings, exit_code(unscanned)) == (None, ExitCode.UNAVAILABLE)

"""Generated infrastructure, applied by the real Terraform and provider to an AWS played by moto.

Each design: laid out as `fmt` wants, valid, applied, unchanged in a second plan, and then boto3
finds exactly the functions, aliases, tables, indexes, routes and queues that the design has.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from codegen.operation_view import read_route, route_key
from codegen.service_view import ServiceView, view_service
from codegen.terraform.files import terraform_files
from codegen.terraform.service import terraform_view
from common.environments import environment
from lld.model import Design, Endpoint, Resource, Trigger
from lld.parse import parse_file
from tests.codegen.terraform.build import make_design, make_function, make_index, make_table
from tests.codegen.terraform.world import FakeAws, Terraform, fake_aws
from tests.support.terraform import terraform_environment

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "templates" / "examples").glob("*.md"))
SHARED = sorted((ROOT.parent / "shared" / "llds").glob("*.md"))
DESIGNS = [pytest.param(path, id=path.stem) for path in (*EXAMPLES, *SHARED)] + [
    pytest.param(None, id="shared", marks=pytest.mark.skip(reason="no ../shared/llds here"))
] * (not SHARED)
DEV = environment("dev")
OTHER_ACCOUNT = "111122223333"

pytestmark = pytest.mark.e2e


@pytest.fixture
def providers() -> dict[str, str]:
    """Variables that name a folder of providers, or the reason why these tests do not run."""
    return terraform_environment()


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[FakeAws]:
    """The account of dev, empty."""
    with fake_aws(DEV.account, DEV.region, tmp_path) as running:
        yield running


def written(service: ServiceView, folder: Path) -> Path:
    """The service's `terraform` folder on disk."""
    for path, text in terraform_files(service):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return folder / "terraform"


def put_code(aws: FakeAws, service: ServiceView) -> None:
    """The code that functions are created with, where `artifact_key` says it is."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("src/__init__.py", "")
    s3 = aws.client("s3")
    make_bucket(aws, DEV.artifact_bucket)
    key = f"{service.repository}/initial.zip"
    s3.put_object(Bucket=DEV.artifact_bucket, Key=key, Body=buffer.getvalue())


def make_bucket(aws: FakeAws, name: str) -> None:
    place = {"LocationConstraint": aws.region}
    aws.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=place)


def make_state_storage(aws: FakeAws) -> None:
    """The bucket and the lock table that an account has before the first service."""
    make_bucket(aws, DEV.state_bucket)
    aws.client("dynamodb").create_table(
        TableName=DEV.lock_table,
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def applied(
    service: ServiceView,
    providers: dict[str, str],
    aws: FakeAws,
    folder: Path,
    chosen: Mapping[str, str] | None = None,
) -> Terraform:
    """The service in the fake account; asserts every step on the way and an empty second plan.

    With `chosen` variables the state lies in the environment's bucket, as in production.
    """
    put_code(aws, service)
    terraform = Terraform(written(service, folder), {**providers, **aws.server.environment()})
    terraform.run("fmt", "-check", "-diff", "-recursive")
    if chosen is None:
        terraform.keep_state_here()
        terraform.run("init", "-input=false")
    else:
        terraform.run("init", "-input=false", "-backend-config=environments/dev.s3.tfbackend")
    terraform.run("validate")
    variables = ["-var-file=environments/dev.tfvars"]
    variables += [f"-var={name}={value}" for name, value in (chosen or {}).items()]
    terraform.run("plan", "-input=false", *variables, "-out=first.tfplan")
    terraform.run("apply", "-input=false", "-parallelism=30", "first.tfplan")
    terraform.run("plan", "-input=false", "-detailed-exitcode", *variables)
    return terraform


@pytest.mark.parametrize("design", DESIGNS)
def test_a_design_is_applied_and_then_found(design, providers, aws, tmp_path):
    service = view_service(parse_file(design))
    terraform = applied(service, providers, aws, tmp_path)
    names = set(terraform.outputs()["function_names"].values())
    assert functions_of(aws) == names
    assert len(names) == len(service.functions)
    assert all(alias_of(aws, name) == ["live"] for name in names)
    assert tables_of(aws) == designed_tables(service.design)
    assert routes_of(aws) == designed_routes(service)
    assert queues_of(aws) == designed_queues(service)
    assert all(open_actions(aws, name) == {"xray"} for name in names)


def functions_of(aws: FakeAws) -> set[str]:
    pages = aws.client("lambda").get_paginator("list_functions").paginate()
    found = [one for page in pages for one in page["Functions"]]
    assert {tuple(one["Architectures"]) for one in found} == {("arm64",)}
    assert {one["Runtime"] for one in found} == {"python3.12"}
    return {one["FunctionName"] for one in found}


def alias_of(aws: FakeAws, function: str) -> list[str]:
    found = aws.client("lambda").list_aliases(FunctionName=function)["Aliases"]
    assert all(one["FunctionVersion"] == "1" for one in found)
    return [one["Name"] for one in found]


def tables_of(aws: FakeAws) -> dict[str, set[tuple[str, ...]]]:
    """Keys of the table under its name, with those of each index."""
    dynamodb = aws.client("dynamodb")
    found = {}
    for name in dynamodb.list_tables()["TableNames"]:
        table = dynamodb.describe_table(TableName=name)["Table"]
        indexes = table.get("GlobalSecondaryIndexes", [])
        found[name] = {keys_of("", table), *(keys_of(one["IndexName"], one) for one in indexes)}
    return found


def keys_of(name: str, keyed: dict[str, Any]) -> tuple[str, ...]:
    return (name, *(one["AttributeName"] for one in keyed["KeySchema"]))


def designed_tables(design: Design) -> dict[str, set[tuple[str, ...]]]:
    """The same facts as the design states them."""
    found = {}
    for table in design.tables:
        stated = re.sub(r"\$?\{[^}]*\}", DEV.name, table.name or "")
        name = stated or f"bbws-{design.service}-{DEV.name}"
        keys = tuple(key for key in (table.partition_key, table.sort_key) if key)
        indexes = {
            (index.name, *(key for key in (index.partition_key, index.sort_key) if key))
            for index in table.gsis
            if index.partition_key
        }
        found[name] = {("", *keys), *indexes}
    return found


def routes_of(aws: FakeAws) -> set[tuple[str, str]]:
    """Method and path of every route; each calls the alias of a function."""
    found = methods_of(aws)
    assert all(uri.endswith(":live/invocations") for uri in found.values())
    return set(found)


def methods_of(aws: FakeAws) -> dict[tuple[str, str], str]:
    """What each method of each path integrates with."""
    gateway = aws.client("apigateway")
    found = {}
    for api in gateway.get_rest_apis()["items"]:
        resources = gateway.get_resources(restApiId=api["id"], embed=["methods"], limit=500)
        for resource in resources["items"]:
            for method, facts in resource.get("resourceMethods", {}).items():
                uri = facts["methodIntegration"].get("uri", "")
                found[method, shape(resource["path"])] = uri
    return found


def shape(path: str) -> str:
    """A path without the names of its parameters."""
    return re.sub(r"\{[^}]*\}", "{}", path).lower()


def designed_routes(service: ServiceView) -> set[tuple[str, str]]:
    """Routes that the design states, as endpoints or with its functions."""
    stated = [
        *((one.method, one.path) for one in service.design.endpoints),
        *((one.method, one.path) for one in service.design.functions if one.method and one.path),
    ]
    routes = [read_route(method, path) for method, path in stated]
    return {route_key(route) for route in routes if not isinstance(route, str)}


def queues_of(aws: FakeAws) -> dict[str, str | None]:
    """Name of each queue and of the queue that keeps what it fails at."""
    sqs = aws.client("sqs")
    found = {}
    for url in sqs.list_queues().get("QueueUrls", []):
        facts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        redrive = json.loads(facts.get("RedrivePolicy", "{}"))
        target = redrive.get("deadLetterTargetArn")
        found[url.rsplit("/", 1)[1]] = target and target.rsplit(":", 1)[1]
    return found


def designed_queues(service: ServiceView) -> dict[str, str | None]:
    view = terraform_view(service)
    names = {queue.key: queue.name.replace("{env}", DEV.name) for queue in view.queues}
    found = {
        names[queue.key]: names[queue.dead_letter] if queue.dead_letter else None
        for queue in view.queues
    }
    if view.needs_failure_queue:
        found[f"{view.prefix}-failures-{DEV.name}"] = None
    return found


def open_actions(aws: FakeAws, role: str) -> set[str]:
    """Services of which a function's role reaches every resource."""
    iam = aws.client("iam")
    found = set()
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for statement in document["Statement"]:
            actions = statement["Action"]
            if statement["Resource"] == "*":
                listed = [actions] if isinstance(actions, str) else actions
                found |= {action.split(":")[0] for action in listed}
    return found


def test_trap_3_4_a_wrong_account_stops_the_plan(providers, tmp_path):
    service = view_service(make_design())
    with fake_aws(OTHER_ACCOUNT, DEV.region, tmp_path) as foreign:
        variables = {**providers, **foreign.server.environment()}
        terraform = Terraform(written(service, tmp_path), variables)
        terraform.keep_state_here()
        terraform.run("init", "-input=false")
        done = terraform.run(
            "plan", "-input=false", "-var-file=environments/dev.tfvars", codes=(1,), both=True
        )
    assert OTHER_ACCOUNT in done
    assert "not allowed" in done


def test_values_of_another_environment_stop_the_plan(providers, aws, tmp_path):
    service = view_service(make_design())
    terraform = Terraform(written(service, tmp_path), {**providers, **aws.server.environment()})
    terraform.keep_state_here()
    terraform.run("init", "-input=false")
    words = ("plan", "-no-color", "-var-file=environments/dev.tfvars", "-var=environment=sit")
    done = terraform.run(*words, codes=(1,), both=True)
    assert "environments/sit.tfvars" in done


@pytest.mark.parametrize("design", DESIGNS)
def test_trivy_finds_nothing_high(design, tmp_path):
    trivy = shutil.which("trivy")
    if trivy is None:
        pytest.skip("trivy is not on PATH")
    folder = written(view_service(parse_file(design)), tmp_path)
    options = ["--quiet", "--skip-check-update", "--format=json", "--severity=HIGH,CRITICAL"]
    done = subprocess.run(
        [trivy, "config", *options, str(folder)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout).get("Results", [])
    found = [one["ID"] for result in results for one in result.get("Misconfigurations", [])]
    assert results, "trivy looked at no file"
    assert found == []


@pytest.mark.parametrize("design", DESIGNS)
def test_checkov_finds_nothing(design, tmp_path):
    checkov = shutil.which("checkov")
    if checkov is None:
        pytest.skip("checkov is not on PATH")
    folder = written(view_service(parse_file(design)), tmp_path)
    options = ["--framework=terraform", "--output=json", "--compact", "--skip-download"]
    done = subprocess.run(
        [checkov, *options, "--directory", str(folder)], capture_output=True, text=True, timeout=300
    )
    report = json.loads(done.stdout)
    assert report["summary"]["passed"] > 0
    assert [one["check_id"] for one in report["results"]["failed_checks"]] == []


def sink() -> Design:
    """A design with every kind of caller, trigger and resource at once."""
    usual = make_design()
    bus, topic = "bbws-note-events-{env}", "bbws-note-news-{env}"
    queue = {"topic": topic, "concurrency": 5, "batch_size": 5, "batch_window_s": 1}
    accesses = ("none", "jwt", "api_key", "iam", None)
    routes = [Endpoint("GET", f"/v1.0/a{n}/{{id}}", n, auth=a) for n, a in enumerate(accesses)]
    workers = {
        "read_queue": (Trigger.SQS, "bbws-note-import-{env}"),
        "read_topic": (Trigger.SNS, topic),
        "read_bucket": (Trigger.S3, "bbws-note-files-{env}"),
        "read_stream": (Trigger.DYNAMODB_STREAM, "bbws-notes-{env}"),
        "read_bus": (Trigger.EVENTBRIDGE, "note.created"),
        "read_clock": (Trigger.SCHEDULE, "daily at 02:30"),
    }
    return replace(
        usual,
        endpoints=(*usual.endpoints, *routes),
        functions=(
            *usual.functions,
            *(make_function(name, kind, source=source) for name, (kind, source) in workers.items()),
        ),
        tables=(make_table(ttl_attribute="expiresAt", gsis=(make_index(),)),),
        resources=(
            Resource("sqs", "bbws-note-import-{env}", details=queue),
            Resource("sns", topic),
            Resource("s3", "bbws-note-files-{env}"),
            Resource("eventbridge", bus, details={"kind": "bus"}),
        ),
    )


def test_every_kind_of_resource_is_applied(providers, aws, tmp_path):
    service = view_service(sink())
    pool = f"arn:aws:cognito-idp:{DEV.region}:{DEV.account}:userpool/{DEV.region}_abc"
    chosen = {
        "cors_allowed_origin": "https://pages.example.org",
        "cognito_user_pool_arn": pool,
        "create_secrets": "false",
        "create_event_bus": "false",
    }
    make_state_storage(aws)
    aws.client("events").create_event_bus(Name=f"bbws-note-events-{DEV.name}")
    aws.client("secretsmanager").create_secret(Name="bbws/note/page-token", SecretString="x")
    terraform = applied(service, providers, aws, tmp_path, chosen)
    assert ("OPTIONS", "/v1.0/a0/{}") in methods_of(aws)
    sources = terraform.run("state", "list", "aws_lambda_event_source_mapping.queue")
    assert 'queue["read_queue"]' in sources
    state = aws.client("s3").list_objects_v2(Bucket=DEV.state_bucket)["Contents"]
    assert [one["Key"] for one in state] == [f"{service.repository}/terraform.tfstate"]

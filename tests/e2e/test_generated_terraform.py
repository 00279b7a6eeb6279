"""Generated infrastructure, applied by the real Terraform and provider to an AWS played by moto.

Each design: laid out as `fmt` wants, valid, applied, unchanged in a second plan, and then boto3
finds exactly the functions, aliases, tables, indexes, routes and queues that the design has.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from codegen.api.document import openapi_document
from codegen.terraform.service import terraform_view
from codegen.views.service_view import view_service
from common.environments import environment
from lld.parse import parse_file
from tests.codegen.terraform.account import (
    designed_functions,
    designed_queues,
    designed_routes,
    designed_tables,
)
from tests.codegen.terraform.applying import Applications, Applied, Work, written
from tests.codegen.terraform.build import make_design
from tests.codegen.terraform.designs import DOCUMENTS, every_resource
from tests.codegen.terraform.world import FakeAws, Terraform, fake_aws
from tests.support.terraform import terraform_environment

DEV = environment("dev")
OTHER_ACCOUNT = "111122223333"
POOL = f"arn:aws:cognito-idp:{DEV.region}:{DEV.account}:userpool/{DEV.region}_abc"
EVERYTHING = Work(
    view_service(every_resource()),
    chosen={
        "cors_allowed_origin": "https://pages.example.org",
        "cognito_user_pool_arn": POOL,
        "create_secrets": "false",
        "create_event_bus": "false",
    },
    existing_bus=f"bbws-note-events-{DEV.name}",
    existing_secret="bbws/note/page-token",
    deployed=True,
)

INTERRUPTED = Work(view_service(replace(make_design(), title="Interrupted")), interrupted=True)

# One worker runs them all: they share the designs that are applied side by side.
pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("generated_terraform")]


@pytest.fixture(scope="module")
def providers() -> dict[str, str]:
    """Variables that name a folder of providers, or the reason why these tests do not run."""
    return terraform_environment()


@pytest.fixture(scope="module")
def applications(
    request: pytest.FixtureRequest, providers: dict[str, str], tmp_path_factory
) -> Iterator[Applications]:
    """Every design that a selected test asks for, being applied."""
    running = Applications(providers, tmp_path_factory.mktemp("applied"))
    for item in request.session.items:
        names = getattr(item, "fixturenames", ()) if item.path == request.path else ()
        if "everything" in names:
            running.start(EVERYTHING.service.title, EVERYTHING)
        elif "resumed" in names:
            running.start(INTERRUPTED.service.title, INTERRUPTED)
        elif "applied" in names and (document := item.callspec.params["document"]):
            running.start(document.stem, Work(view_service(parse_file(document))))
    yield running
    running.end()


@pytest.fixture
def document(request: pytest.FixtureRequest) -> Path:
    """The design a test is about."""
    return request.param


@pytest.fixture
def applied(document: Path, applications: Applications) -> Applied:
    """That design in an account of its own; asserts each step and the empty second plan."""
    work = Work(view_service(parse_file(document)))
    return applications.start(document.stem, work).result(timeout=900)


@pytest.fixture
def everything(applications: Applications) -> Applied:
    """A design with every kind of resource, its state in S3 and its variables chosen."""
    return applications.start(EVERYTHING.service.title, EVERYTHING).result(timeout=900)


@pytest.fixture
def resumed(applications: Applications) -> Applied:
    """A design whose first apply ended early; asserts the next apply and the empty plan after."""
    return applications.start(INTERRUPTED.service.title, INTERRUPTED).result(timeout=900)


every_design = pytest.mark.parametrize("document", DOCUMENTS, indirect=True)


@every_design
def test_the_functions_are_those_of_the_design(applied):
    found = applied.account.functions
    assert set(found) == designed_functions(applied.service.design)
    assert set(found) == set(applied.outputs["function_names"].values())
    assert {tuple(one["Architectures"]) for one in found.values()} == {("arm64",)}
    assert {one["Runtime"] for one in found.values()} == {"python3.12"}


@every_design
def test_each_function_has_the_one_alias_on_a_published_version(applied):
    for aliases in applied.account.aliases.values():
        assert [(one["Name"], one["FunctionVersion"]) for one in aliases] == [("live", "1")]


@every_design
def test_the_tables_and_indexes_are_those_of_the_design(applied):
    assert applied.account.tables == designed_tables(applied.service.design)


@every_design
def test_the_one_api_has_the_routes_of_the_design(applied):
    account = applied.account
    assert account.apis == [f"{terraform_view(applied.service).prefix}-{DEV.name}"]
    assert [one["stageName"] for one in account.stages] == [DEV.name]
    assert account.routes == designed_routes(applied.service.design)
    assert all(uri.endswith(":live/invocations") for uri in account.methods.values())


@every_design
def test_the_api_takes_the_parameters_that_openapi_json_states(applied):
    """API Gateway imports OpenAPI 3.0; the rest of the document is for people and tests."""
    validate(applied.api)
    stated = openapi_document(applied.service)
    assert taken(applied.api) == taken(stated)
    validators = "x-amazon-apigateway-request-validators"
    assert applied.api[validators] == stated[validators]


@every_design
def test_the_queues_are_those_of_the_design_each_with_its_dead_letter_queue(applied):
    assert applied.account.queues == designed_queues(applied.service)


@every_design
def test_each_function_has_its_alarms_and_somebody_hears_them(applied):
    alarms = applied.account.alarms
    for name in applied.account.functions:
        assert {f"{name}-{kind}" for kind in ("errors", "throttles", "duration")} <= set(alarms)
    assert all(actions for actions in alarms.values())


@every_design
def test_no_role_reaches_every_resource_but_for_traces(applied):
    assert set(map(frozenset, applied.account.open_actions.values())) == {frozenset({"xray"})}


def test_trap_7_5_an_apply_that_left_only_roles_is_finished_by_the_next(resumed):
    assert set(resumed.account.functions) == designed_functions(resumed.service.design)
    assert resumed.account.routes == designed_routes(resumed.service.design)


def test_every_kind_of_resource_is_applied(everything):
    assert ("OPTIONS", "/v1.0/a0/{}") in everything.account.routes
    assert 'aws_lambda_event_source_mapping.queue["read_queue"]' in everything.resources


def test_pages_of_another_origin_can_read_what_the_gateway_answers(everything):
    validate(everything.api)
    answers = everything.api["x-amazon-apigateway-gateway-responses"]
    assert set(answers) == {"DEFAULT_4XX", "DEFAULT_5XX", "BAD_REQUEST_PARAMETERS"}
    header = "gatewayresponse.header.Access-Control-Allow-Origin"
    origins = {one["responseParameters"][header] for one in answers.values()}
    assert origins == {"'https://pages.example.org'"}
    template = answers["BAD_REQUEST_PARAMETERS"]["responseTemplates"]["application/json"]
    said = json.loads(template.replace("$context.error.messageString", '"it is missing"'))
    assert set(said["error"]) == {"code", "message", "details", "requestId"}


def test_trap_1_8_a_plan_leaves_code_and_weights_of_a_deployment_alone(everything):
    """The second plan, made after a deployment, was empty; the weights are still there."""
    for aliases in everything.account.aliases.values():
        assert [one["RoutingConfig"]["AdditionalVersionWeights"] for one in aliases] == [{"2": 0.1}]


def test_trap_1_15_callers_may_call_the_alias_and_nothing_else(everything):
    callers = everything.account.callers
    assert not any(one[""] for one in callers.values())
    services = {service.partition(".")[0] for one in callers.values() for service in one["live"]}
    assert services == {"apigateway", "events", "s3", "sns"}


def test_the_state_lies_in_the_bucket_of_the_environment(everything):
    assert everything.state_keys == [f"{everything.service.repository}/terraform.tfstate"]


def test_trap_3_4_a_wrong_account_stops_the_plan(providers, tmp_path):
    with fake_aws(OTHER_ACCOUNT, DEV.region, tmp_path) as foreign:
        said = refused_plan(foreign, providers, tmp_path)
    assert OTHER_ACCOUNT in said
    assert "not allowed" in said


def test_values_of_another_environment_stop_the_plan(providers, tmp_path):
    with fake_aws(DEV.account, DEV.region, tmp_path) as aws:
        said = refused_plan(aws, providers, tmp_path, "-var=environment=sit")
    assert "environments/sit.tfvars" in said


def taken(document: dict[str, Any]) -> dict[tuple[str, str], tuple[str, set[tuple[Any, ...]]]]:
    """Validator and parameters of each operation, by path and method."""
    return {
        (path, method): (
            operation["x-amazon-apigateway-request-validator"],
            {
                (one["name"], one["in"], one.get("required", False))
                for one in operation.get("parameters", [])
            },
        )
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def refused_plan(aws: FakeAws, providers: dict[str, str], folder: Path, *words: str) -> str:
    """What Terraform says when it refuses to plan a small service."""
    service = view_service(make_design())
    terraform = Terraform(written(service, folder), {**providers, **aws.server.environment()})
    terraform.keep_state_here()
    terraform.run("init", "-input=false")
    values = "-var-file=environments/dev.tfvars"
    return terraform.run("plan", "-no-color", values, *words, codes=(1,), both=True)

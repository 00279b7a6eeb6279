"""The OpenAPI document: valid, complete, and what the code does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from openapi_spec_validator import validate

from codegen.api.document import openapi_document
from codegen.api.schemas import model_schemas
from codegen.views.operation_sources import find_sources
from codegen.views.service_view import view_service
from lld.model import Enumeration, ModelKind
from lld.parse import parse_file
from tests.codegen.builders import (
    make_design,
    make_endpoint,
    make_field,
    make_function,
    make_model,
)
from tests.conftest import ROOT

EXAMPLES = sorted((ROOT / "templates" / "examples").glob("*.md"))
ORDERS = "/v1.0/tenants/{tenantId}/orders"
ORDER = f"{ORDERS}/{{orderId}}"


@pytest.fixture
def document():
    return openapi_document(view_service(make_design()))


def schemas_of(*fields):
    design = make_design(models=(*make_design().models, make_model("Thing", *fields)))
    return model_schemas(view_service(design).models)["Thing"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_document_of_an_example_is_valid_openapi(path):
    view = view_service(parse_file(path))
    document = openapi_document(view)
    validate(document)
    served = sum(len(methods) for methods in document["paths"].values())
    assert served == len(view.operations)


def test_a_hostile_design_gives_a_valid_document():
    text = 'a"\'}{\n{{ 7*7 }} ${file("/etc/passwd")}'
    design = make_design(
        title=text,
        version=text,
        models=(*make_design().models, make_model(text, make_field(text, description=text))),
    )
    validate(openapi_document(view_service(design)))


def test_every_route_of_the_design_is_there_once(document):
    assert {
        (path, method) for path, methods in document["paths"].items() for method in methods
    } == {
        (ORDERS, "post"),
        (ORDERS, "get"),
        ("/v1.0/orders/{orderId}", "get"),
        (ORDER, "put"),
        (ORDER, "delete"),
    }


def test_a_route_says_what_it_takes_and_answers(document):
    created = document["paths"][ORDERS]["post"]
    assert created["requestBody"]["required"]
    assert set(created["responses"]) == {"201", "400", "409", "default"}
    listed = document["paths"][ORDERS]["get"]
    assert [one["name"] for one in listed["parameters"]] == ["tenantId", "pageSize", "nextToken"]
    page = listed["responses"]["200"]["content"]["application/json"]["schema"]
    assert page["properties"]["items"]["items"] == {"$ref": "#/components/schemas/Order"}


def test_the_gateway_checks_parameters_and_the_handlers_check_bodies(document):
    validators = document["x-amazon-apigateway-request-validators"]
    for methods in document["paths"].values():
        for operation in methods.values():
            assert validators[operation["x-amazon-apigateway-request-validator"]] == {
                "validateRequestBody": False,
                "validateRequestParameters": True,
            }


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        ("jwt", [{"jwt": []}]),
        ("api_key", [{"api_key": []}]),
        ("none", []),
        (None, [{"iam": []}]),
    ],
)
def test_a_route_says_who_may_call_it(auth, expected):
    endpoint = make_endpoint("GET", "/v1.0/orders/{orderId}", auth=auth)
    document = openapi_document(view_service(make_design(endpoints=(endpoint,))))
    assert document["paths"]["/v1.0/orders/{orderId}"]["get"]["security"] == expected


def test_what_is_not_implemented_answers_501():
    endpoint = make_endpoint("POST", "/v1.0/orders/{orderId}/teleport")
    document = openapi_document(view_service(make_design(endpoints=(endpoint,))))
    assert "501" in document["paths"]["/v1.0/orders/{orderId}/teleport"]["post"]["responses"]


def test_a_field_keeps_its_limits():
    schema = schemas_of(
        make_field("name", limits={"minLength": 2, "maxLength": 9}),
        make_field("amount", "int", limits={"minimum": 1, "exclusiveMaximum": 5}),
        make_field("tags", "list[str]", limits={"minItems": 1}),
    )
    assert schema["properties"]["name"] == {"type": "string", "minLength": 2, "maxLength": 9}
    assert schema["properties"]["amount"] == {
        "type": "integer",
        "minimum": 1,
        "exclusiveMaximum": 5,
    }
    assert schema["properties"]["tags"]["minItems"] == 1
    assert schema["required"] == ["name", "amount", "tags"]


def test_what_may_be_left_out_may_be_null():
    schema = schemas_of(make_field("note", required=False), make_field("more", "Order | None"))
    assert schema["properties"]["note"]["type"] == ["string", "null"]
    assert schema["properties"]["more"]["anyOf"][1] == {"type": "null"}


def test_a_closed_set_is_an_enumeration():
    kind = Enumeration("Colour", ("RED", "BLUE"), 3)
    model = make_model("Thing", make_field("colour", "Colour"))
    view = view_service(make_design(models=(*make_design().models, model), enums=(kind,)))
    assert model_schemas(view.models)["Colour"]["enum"] == ["RED", "BLUE"]


def test_a_request_takes_no_unknown_field():
    model = replace(make_model("MakeOrderRequest", "note"), kind=ModelKind.PYDANTIC)
    view = view_service(make_design(models=(*make_design().models, model)))
    assert model_schemas(view.models)["MakeOrderRequest"]["additionalProperties"] is False


@pytest.mark.parametrize(
    ("function", "route", "expected"),
    [
        ("Return one title", "return one title.", "Return one title"),
        ("Return one title", None, "Return one title"),
        ("Return one", "Return one title", "Return one title"),
        ("Keep a link.", "Queue a check", "Keep a link. Queue a check"),
    ],
)
def test_what_the_design_says_twice_is_said_once(function, route, expected):
    path = "/v1.0/titles/{titleId}"
    design = make_design(
        endpoints=(make_endpoint("GET", path, summary=route),),
        functions=(make_function("get_title", method="GET", path=path, description=function),),
    )
    assert find_sources(design)[0][0].text == expected

from __future__ import annotations

import pytest

from lld.model import Endpoint, ErrorCode, Function, Parameter, Trigger
from tests.codegen.terraform.build import (
    block,
    make_design,
    make_function,
    points,
    rendered,
    view,
)

PATH = "/v1.0/notes/{noteId}"


def api_of(*endpoints, functions=()):
    return make_design(endpoints=endpoints, functions=tuple(functions))


def routes(design):
    return {
        (route.method, path.path): route for path in view(design).paths for route in path.routes
    }


def test_each_endpoint_calls_the_function_that_serves_it():
    found = routes(make_design())
    assert found["post", "/v1.0/owners/{ownerId}/notes"].function == "create_note"
    assert found["get", "/v1.0/owners/{ownerId}/notes/{noteId}"].function == "get_note"


def test_a_function_without_an_endpoint_entry_is_served_too():
    function = make_function("get_note", method="GET", path=PATH)
    assert list(routes(api_of(functions=[function]))) == [("get", PATH)]


def test_endpoints_that_no_function_serves_share_one():
    design = api_of(Endpoint("GET", PATH, 1), Endpoint("PUT", PATH, 2))
    assert {route.function for route in routes(design).values()} == {"api"}


def test_one_place_in_a_path_has_one_parameter_name():
    design = api_of(Endpoint("GET", "/users/{id}", 1), Endpoint("GET", "/users/{userId}/notes", 2))
    assert [path for _, path in routes(design)] == ["/users/{id}", "/users/{id}/notes"]


def test_paths_that_are_none_are_left_out_and_named():
    design = api_of(Endpoint("GET", "/a b/${x}", 5), Endpoint("GET", "/a@b", 6))
    assert routes(design) == {}
    assert "5: GET /a b/${x}" in points(view(design))
    assert "6: GET /a@b: API Gateway takes no 'a@b'" in points(view(design))


@pytest.mark.parametrize(
    ("auth", "access"),
    [("none", "none"), ("jwt", "jwt"), ("api_key", "api_key"), ("iam", "iam"), (None, "unstated")],
)
def test_who_may_call_is_what_the_design_says(auth, access):
    assert routes(api_of(Endpoint("GET", PATH, 1, auth=auth)))["get", PATH].access == access


def test_unstated_access_is_closed_until_someone_decides():
    design = api_of(Endpoint("GET", PATH, 9))
    text = rendered(design)["variables.tf"].split('variable "unstated_routes_are_public"')[1]
    assert "default     = false" in text
    assert f"9: GET {PATH}: the design does not say who may call it" in points(view(design))


def test_tokens_are_checked_by_the_pool_and_closed_without_one():
    text = rendered(api_of(Endpoint("GET", PATH, 1, auth="jwt")))["api.tf"]
    assert "providerARNs = [pool]" in text
    assert "var.cognito_user_pool_arn == null ? { sigv4 = [] } : { jwt = [] }" in text


def test_an_authorizer_of_the_design_checks_tokens_through_its_alias():
    functions = (
        Function("check_token", Trigger.AUTHORIZER, 1),
        make_function("get_note", method="GET", path=PATH),
    )
    text = rendered(api_of(Endpoint("GET", PATH, 1, auth="jwt"), functions=functions))["api.tf"]
    assert 'aws_lambda_alias.live["check_token"].invoke_arn' in text
    assert 'aws_lambda_permission" "authorizer"' in text


def test_api_keys_come_with_a_usage_plan():
    text = rendered(api_of(Endpoint("GET", PATH, 1, auth="api_key")))["api.tf"]
    assert 'resource "aws_api_gateway_usage_plan_key" "this"' in text


def test_each_route_states_what_it_takes_beside_the_body():
    found = routes(make_design())["get", "/v1.0/owners/{ownerId}/notes"].parameters
    assert [(one.name, one.place, one.required) for one in found] == [
        ("ownerId", "path", True),
        ("pageSize", "query", False),
        ("nextToken", "query", False),
    ]
    entry = '{ name = "pageSize", in = "query", required = false },'
    assert entry in rendered()["api.tf"]


def test_a_parameter_under_a_name_the_gateway_does_not_take_is_not_stated():
    size = Parameter("page[size]", "query")
    aliased = Parameter("limit", "query")
    for stated, expected in ((size, set()), (aliased, {"limit"})):
        listed = Endpoint("GET", "/v1.0/owners/{ownerId}/notes", 1, parameters=(stated,))
        design = make_design(endpoints=(listed,))
        found = routes(design)["get", "/v1.0/owners/{ownerId}/notes"].parameters
        assert {one.name for one in found} - {"ownerId", "nextToken"} == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (None, "INVALID_REQUEST"),
        ("NOTE-400", "NOTE-400"),
        ('$context.identity"', "INVALID_REQUEST"),
    ],
)
def test_a_missing_parameter_is_answered_in_the_form_of_the_service(code, expected):
    codes = (ErrorCode(code, 400, "Bad", line=1),) if code else ()
    text = rendered(make_design(error_codes=codes))["api.tf"]
    assert f'{{\\"error\\":{{\\"code\\":\\"{expected}\\"' in text.split("BAD_REQUEST_PARAMETERS")[1]


def test_trap_1_15_permissions_are_on_the_alias():
    text = rendered()["api.tf"]
    permission = block(text, "resource", "aws_lambda_permission", "api")
    assert "qualifier     = aws_lambda_alias.live[each.key].name" in permission
    assert "uri                 = alias.invoke_arn" in text


def test_the_stage_is_throttled_logged_and_traced():
    text = rendered()["api.tf"]
    for expected in (
        "throttling_rate_limit  = var.throttling_rate_limit",
        "destination_arn = aws_cloudwatch_log_group.api.arn",
        "xray_tracing_enabled = true",
    ):
        assert expected in text

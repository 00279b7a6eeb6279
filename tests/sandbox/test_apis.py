"""Deployed REST APIs answer at AWS's own addresses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.control import Sandbox
from tests.sandbox.apis import Api, deploy_api, document, operation, permit, proxy
from tests.sandbox.support import Lambdas, session

ANSWER = """
import json

def handler(event, context):
    if event["httpMethod"] == "DELETE":
        raise RuntimeError("no")
    seen = {k: event.get(k) for k in (
        "resource", "path", "pathParameters", "queryStringParameters", "body", "isBase64Encoded",
        "multiValueQueryStringParameters")}
    seen["stage"] = event["requestContext"]["stage"]
    seen["who"] = (event["requestContext"].get("authorizer") or {}).get("principalId")
    seen["version"] = context.function_version
    return {"statusCode": 201, "headers": {"X-Own": "1", "Content-Type": "application/json"},
            "body": json.dumps(seen)}
"""


@pytest.fixture
def http(sandbox: Sandbox) -> Iterator[requests.Session]:
    """A client with the sandbox's exports, and nothing that knows of it."""
    exports = sandbox.exports.variables
    with requests.Session() as client, pytest.MonkeyPatch.context() as patch:
        for variable in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "REQUESTS_CA_BUNDLE"):
            patch.setenv(variable, exports[variable])
        yield client


@pytest.fixture
def live(lambdas: Lambdas, name: str) -> str:
    """A function behind an alias that answers with what it was asked."""
    lambdas.create(name, ANSWER, Publish=True)
    lambdas.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    return name


@pytest.fixture
def api(sandbox: Sandbox, lambdas: Lambdas, live: str) -> Api:
    item = {"get": operation(proxy(live)), "delete": operation(proxy(live))}
    preflight = {
        "type": "mock",
        "requestTemplates": {"application/json": '{"statusCode": 200}'},
        "responses": {
            "default": {
                "statusCode": "200",
                "responseParameters": {
                    "method.response.header.Access-Control-Allow-Origin": "'https://a.example'"
                },
            }
        },
    }
    unbuilt = {
        "type": "mock",
        "requestTemplates": {"application/json": '{"statusCode":501}'},
        "responses": {
            "default": {
                "statusCode": "501",
                "responseTemplates": {"application/json": '{"code":"NOT_IMPLEMENTED"}'},
            }
        },
    }
    made = deploy_api(
        sandbox,
        document(
            {
                "/": {"get": operation(proxy(live))},
                "/v1/items": {"post": operation(proxy(live)), "put": operation(unbuilt)},
                "/v1/items/{id}": {**item, "options": operation(preflight)},
                "/v1/items/latest": {"get": operation(proxy(live))},
                "/files/{path+}": {"get": operation(proxy(live))},
            }
        ),
    )
    permit(lambdas, live, made)
    return made


def test_the_address_that_terraform_prints_leads_to_the_function(
    http: requests.Session, api: Api
) -> None:
    answer = http.get(f"{api.url}/v1/items/a%20b?x=1&x=2&y=")
    assert (answer.status_code, answer.headers["X-Own"]) == (201, "1")
    assert answer.json() == {
        "resource": "/v1/items/{id}",
        "path": "/v1/items/a b",
        "pathParameters": {"id": "a b"},
        "queryStringParameters": {"x": "2", "y": ""},
        "multiValueQueryStringParameters": {"x": ["1", "2"], "y": [""]},
        "body": None,
        "isBase64Encoded": False,
        "stage": "dev",
        "who": None,
        "version": "1",
    }


def test_bodies_arrive_as_text_or_encoded(http: requests.Session, api: Api) -> None:
    assert http.post(f"{api.url}/v1/items", json={"ü": 1}).json()["body"] == '{"\\u00fc": 1}'
    sent = http.post(
        f"{api.url}/v1/items", data=b"\xff\x00", headers={"Content-Type": "image/png"}
    ).json()
    assert (sent["body"], sent["isBase64Encoded"]) == ("/wA=", True)


def test_fixed_paths_win_over_parameters_and_those_over_the_rest(
    http: requests.Session, api: Api
) -> None:
    assert http.get(f"{api.url}/v1/items/latest").json()["resource"] == "/v1/items/latest"
    deep = http.get(f"{api.url}/files/a/b/c").json()
    assert deep["pathParameters"] == {"path": "a/b/c"}
    assert http.get(f"{api.url}/").json()["resource"] == "/"


def test_unknown_routes_and_failing_functions_answer_as_api_gateway(
    http: requests.Session, api: Api
) -> None:
    unknown = http.get(f"{api.url}/nothing")
    assert (unknown.status_code, unknown.json()) == (
        403,
        {"message": "Missing Authentication Token"},
    )
    failed = http.delete(f"{api.url}/v1/items/1")
    assert (failed.status_code, failed.json()) == (502, {"message": "Internal server error"})


def test_mock_integrations_answer_without_a_function(http: requests.Session, api: Api) -> None:
    preflight = http.options(f"{api.url}/v1/items/1")
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == "https://a.example"
    unbuilt = http.put(f"{api.url}/v1/items")
    assert (unbuilt.status_code, unbuilt.json()) == (501, {"code": "NOT_IMPLEMENTED"})


def test_trap_1_15_without_permission_on_the_alias_the_api_fails(
    sandbox: Sandbox, lambdas: Lambdas, http: requests.Session, live: str
) -> None:
    made = deploy_api(sandbox, document({"/x": {"get": operation(proxy(live))}}))
    permit(lambdas, live, made, qualifier=None)  # on the function only
    assert http.get(f"{made.url}/x").status_code == 500
    permit(lambdas, live, made)
    assert http.get(f"{made.url}/x").status_code == 201


def test_a_stage_serves_its_deployment_until_it_is_moved(
    sandbox: Sandbox, http: requests.Session, api: Api, live: str
) -> None:
    client = session(sandbox).client("apigateway")
    first = client.get_stage(restApiId=api.id, stageName="dev")["deploymentId"]
    changed = document({"/v2": {"get": operation(proxy(live))}})
    client.put_rest_api(restApiId=api.id, mode="overwrite", body=json.dumps(changed).encode())
    assert http.get(f"{api.url}/v2").status_code == 403
    second = client.create_deployment(restApiId=api.id)["id"]
    assert http.get(f"{api.url}/v2").status_code == 403

    def move(deployment: str) -> None:
        operations = [{"op": "replace", "path": "/deploymentId", "value": deployment}]
        client.update_stage(restApiId=api.id, stageName="dev", patchOperations=operations)

    move(second)
    assert http.get(f"{api.url}/v2").status_code == 201
    assert http.get(f"{api.url}/v1/items/latest").status_code == 403
    move(first)
    assert http.get(f"{api.url}/v1/items/latest").status_code == 201


AUTHORIZER = """
def handler(event, context):
    token = event.get("authorizationToken") or event["headers"].get("Authorization")
    if token == "Bearer crash":
        raise ValueError("x")
    if token == "Bearer nobody":
        raise Exception("Unauthorized")
    effect = "Allow" if token == "Bearer good" else "Deny"
    return {"principalId": "user-1", "policyDocument": {"Version": "2012-10-17", "Statement": [
        {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}]}}
"""


@pytest.fixture
def guarded(sandbox: Sandbox, lambdas: Lambdas, live: str) -> Api:
    guard = f"{live}-guard"
    lambdas.create(guard, AUTHORIZER, Publish=True)
    lambdas.client.create_alias(FunctionName=guard, Name="live", FunctionVersion="1")
    schemes = {
        "authorizer": {
            "type": "apiKey",
            "name": "Authorization",
            "in": "header",
            "x-amazon-apigateway-authtype": "custom",
            "x-amazon-apigateway-authorizer": {
                "type": "request",
                "identitySource": "method.request.header.Authorization",
                "authorizerUri": proxy(guard)["uri"],
                "authorizerResultTtlInSeconds": 0,
            },
        },
        "sigv4": {
            "type": "apiKey",
            "name": "Authorization",
            "in": "header",
            "x-amazon-apigateway-authtype": "awsSigv4",
        },
        "api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
    }
    paths: dict[str, Any] = {
        "/token": {"get": operation(proxy(live), security=[{"authorizer": []}])},
        "/signed": {"get": operation(proxy(live), security=[{"sigv4": []}])},
        "/key": {"get": operation(proxy(live), security=[{"api_key": []}])},
        "/open": {"get": operation(proxy(live), security=[])},
    }
    made = deploy_api(sandbox, document(paths, schemes))
    permit(lambdas, live, made)
    permit(lambdas, guard, made)
    return made


@pytest.mark.parametrize(
    ("token", "status"),
    [(None, 401), ("Bearer nobody", 401), ("Bearer bad", 403), ("Bearer crash", 500)],
)
def test_an_authorizer_function_keeps_out(
    http: requests.Session, guarded: Api, token: str | None, status: int
) -> None:
    headers = {"Authorization": token} if token else {}
    assert http.get(f"{guarded.url}/token", headers=headers).status_code == status


def test_an_authorizer_function_lets_in_and_says_who(http: requests.Session, guarded: Api) -> None:
    answer = http.get(f"{guarded.url}/token", headers={"Authorization": "Bearer good"})
    assert (answer.status_code, answer.json()["who"]) == (201, "user-1")


def test_routes_by_signature_and_key(
    sandbox: Sandbox, http: requests.Session, guarded: Api
) -> None:
    assert http.get(f"{guarded.url}/open").status_code == 201
    assert http.get(f"{guarded.url}/signed").status_code == 403
    assert http.get(f"{guarded.url}/key").status_code == 403
    client = session(sandbox).client("apigateway")
    key = client.create_api_key(name="k", enabled=True)["value"]
    assert http.get(f"{guarded.url}/key", headers={"x-api-key": key}).status_code == 201


def test_every_aws_host_but_deployed_apis_is_out_of_reach(http: requests.Session) -> None:
    for host in ("sts.amazonaws.com", "s3.eu-west-1.amazonaws.com", "lambda.eu-west-1.api.aws"):
        with pytest.raises(requests.exceptions.ProxyError, match="403"):
            http.get(f"https://{host}/")


def test_another_program_needs_only_the_exports(sandbox: Sandbox, api: Api) -> None:
    code = f"import requests; print(requests.get({api.url + '/v1/items/latest'!r}).status_code)"
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env=sandbox.exports.applied(os.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == "201"


def test_the_sandboxs_own_address_serves_apis_too(sandbox: Sandbox, api: Api) -> None:
    base = f"{sandbox.running.endpoint}/restapis/{api.id}/dev/_user_request_"
    assert requests.get(f"{base}/v1/items/latest").json()["path"] == "/v1/items/latest"

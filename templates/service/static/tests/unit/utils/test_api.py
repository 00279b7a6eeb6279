"""What every route has in common."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from src.models.base import Model, RequestModel
from src.repositories.pages import PageRequest
from src.utils.api import (
    body_of,
    caller_of,
    claim_of,
    create_app,
    entry_point,
    expected_version_of,
    list_body,
    page_of,
    query_of,
    respond,
)
from src.utils.errors import ConflictError, NotImplementedYetError
from tests.factories import Context, api_event, call


class Thing(RequestModel):
    name: str
    size: int = 1


def served(answer):
    """A handler with one route, which does what `answer` does with the app."""
    app = create_app()
    app.post("/things")(lambda: answer(app))

    @entry_point
    def handler(event, context):
        return app.resolve(event, context)

    return handler


def echo(app):
    return respond(HTTPStatus.OK, body_of(app, Thing))


def test_a_body_becomes_its_model():
    assert call(served(echo), "POST", "/things", body={"name": "a"}).body == {
        "name": "a",
        "size": 1,
    }


def test_an_encoded_body_is_decoded():
    answer = call(served(echo), "POST", "/things", body={"name": "a"}, encoded=True)
    assert answer.status == 200


def test_an_unreadable_body_is_a_bad_request():
    event = {**api_event("POST", "/things"), "body": "gICA", "isBase64Encoded": True}
    assert served(echo)(event, Context())["statusCode"] == 400


@pytest.mark.parametrize("body", ["{", "[]", "null", '{"name": 1}', '{"name": "a", "x": 1}'])
def test_a_body_that_does_not_fit_is_a_bad_request(body):
    assert call(served(echo), "POST", "/things", body=body).status == 400


def test_a_bad_request_names_the_fields():
    error = call(served(echo), "POST", "/things", body={"size": "x"}).body["error"]
    assert [one["field"] for one in error["details"]] == ["name", "size"]
    assert error["requestId"] == Context().aws_request_id


def test_an_unknown_route_is_not_found():
    assert call(served(echo), "POST", "/nothing").status == 404


def test_an_unexpected_error_tells_nothing_of_itself():
    def fail(app):
        raise RuntimeError("secret detail")

    answer = call(served(fail), "POST", "/things")
    assert answer.status == 500
    assert "secret" not in str(answer.body)


@pytest.mark.parametrize(("error", "status"), [(ConflictError, 409), (NotImplementedYetError, 501)])
def test_an_expected_error_has_its_status(error, status):
    def fail(app):
        raise error("no")

    assert call(served(fail), "POST", "/things").status == status


@pytest.mark.parametrize("size", ["0", "101", "-1", "x", "1.5", "٣"])
def test_a_page_size_out_of_range_is_a_bad_request(size):
    def page(app):
        return respond(HTTPStatus.OK, {"size": page_of(app, "size", "token").size})

    assert call(served(page), "POST", "/things", query={"size": size}).status == 400


def test_a_page_is_asked_for_by_its_parameters():
    def page(app):
        assert page_of(app, "size", "token") == PageRequest(size=5, token="t")
        return respond(HTTPStatus.OK, query_of(app, "size", "other"))

    answer = call(served(page), "POST", "/things", query={"size": "5", "token": "t"})
    assert answer.body == {"size": "5"}


def test_the_caller_is_who_the_authorizer_found():
    def who(app):
        return respond(HTTPStatus.OK, {"caller": caller_of(app)})

    assert call(served(who), "POST", "/things").body == {"caller": "tester@example.com"}
    event = api_event("POST", "/things")
    event["requestContext"] = {}
    assert '"anonymous"' in served(who)(event, Context())["body"]


@pytest.mark.parametrize("name", ["tenantId", "tenant_id", "custom:tenantId"])
def test_a_claim_is_found_in_any_spelling(name):
    def tenant(app):
        return respond(HTTPStatus.OK, {"tenant": claim_of(app, "tenant_id")})

    event = api_event("POST", "/things")
    event["requestContext"]["authorizer"] = {name: "t"}
    assert served(tenant)(event, Context())["body"] == '{"tenant": "t"}'
    event["requestContext"]["authorizer"] = {}
    assert served(tenant)(event, Context())["statusCode"] == 403


@pytest.mark.parametrize(("header", "status"), [('"3"', 200), ("x", 400), ("", 200)])
def test_if_match_is_a_version(header, status):
    def version(app):
        return respond(HTTPStatus.OK, {"version": expected_version_of(app)})

    answer = call(served(version), "POST", "/things", headers={"If-Match": header})
    assert answer.status == status


def test_a_list_without_a_form_of_its_own_has_items_and_a_token():
    class Named(Model):
        name: str

    class Found:
        items = (Named(name="a"),)
        next_token = "t"

    assert list_body(Found()) == {"items": [{"name": "a"}], "nextToken": "t"}


def test_other_origins_are_let_in_where_that_is_configured(monkeypatch):
    monkeypatch.setenv("CORS_ALLOW_ORIGIN", "https://example.com")
    headers = {"Origin": "https://example.com"}
    answer = call(served(echo), "POST", "/things", body={"name": "a"}, headers=headers)
    assert answer.headers["Access-Control-Allow-Origin"] == ["https://example.com"]


def test_the_health_check_looks_at_the_tables(aws):
    answer = call(served(echo), "GET", "/health")
    assert answer.status == 200
    assert answer.body["status"] == "healthy"

"""From an API Gateway event to an answer: routes, bodies, pages, errors and the health check.

Every handler of the API makes its app here, so all of them answer errors in one form:
`{"error": {"code", "message", "details", "requestId"}}`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, CORSConfig, Response
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel

from src.repositories.pages import Page, PageRequest
from src.repositories.table import status_of
from src.utils.error_codes import TABLES, code_for
from src.utils.errors import FieldError, ForbiddenError, InvalidRequestError, ServiceError
from src.utils.observability import logger, metrics, tracer
from src.utils.validation import parsed

R = TypeVar("R", bound=BaseModel)
M = TypeVar("M", bound=BaseModel)
Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]

MAX_PAGE_SIZE = 100
_JSON = "application/json"


def create_app(*, health: bool = True) -> APIGatewayRestResolver:
    """An app without routes, which knows every error and `GET /health`."""
    origin = os.environ.get("CORS_ALLOW_ORIGIN")
    app = APIGatewayRestResolver(cors=CORSConfig(allow_origin=origin) if origin else None)
    app.exception_handler(ServiceError)(lambda error: _expected(app, error))
    app.exception_handler(Exception)(lambda error: _unexpected(app, error))
    app.not_found(lambda _: _no_route(app))
    if health:
        app.get("/health")(check_health)
    return app


def entry_point(handler: Handler) -> Handler:
    """A Lambda handler with structured logs, traces and a count of its requests."""

    @wraps(handler)
    def counted(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        metrics.add_metric(name="Requests", unit=MetricUnit.Count, value=1)
        return handler(event, context)

    observed: Handler = metrics.log_metrics(counted, capture_cold_start_metric=True)
    observed = tracer.capture_lambda_handler(observed, capture_response=False)
    return logger.inject_lambda_context(
        observed, correlation_id_path=correlation_paths.API_GATEWAY_REST
    )


def body_of(app: APIGatewayRestResolver, model: type[R]) -> R:
    """The request body as its model.

    Raises:
        InvalidRequestError: It is no JSON, or does not fit; says what is wrong by field.
    """
    try:
        text = app.current_event.decoded_body or "{}"
    except ValueError as error:
        raise InvalidRequestError("the request body is not readable text") from error
    return parsed(model, text)


def query_of(app: APIGatewayRestResolver, *names: str) -> dict[str, str]:
    """The query parameters of these names that were sent."""
    sent = app.current_event.query_string_parameters or {}
    return {name: sent[name] for name in names if sent.get(name)}


def page_of(app: APIGatewayRestResolver, size: str, token: str) -> PageRequest:
    """Which page is asked for, by the query parameters of these names.

    Raises:
        InvalidRequestError: The size is not a number between 1 and 100.
    """
    sent = query_of(app, size, token)
    wanted = sent.get(size, "20")
    if not (wanted.isascii() and wanted.isdigit() and 1 <= int(wanted[:9]) <= MAX_PAGE_SIZE):
        detail = FieldError(size, f"must be a number from 1 to {MAX_PAGE_SIZE}")
        raise InvalidRequestError("the page size is out of range", details=(detail,))
    return PageRequest(size=int(wanted), token=sent.get(token))


def claims_of(app: APIGatewayRestResolver) -> Mapping[str, Any]:
    """What the authorizer found out about the caller."""
    context: Mapping[str, Any] = app.current_event.get("requestContext") or {}
    authorizer: Mapping[str, Any] = context.get("authorizer") or {}
    claims: Mapping[str, Any] = authorizer.get("claims") or authorizer
    return claims


def claim_of(app: APIGatewayRestResolver, name: str) -> str:
    """A claim of the caller's token, in any of the spellings authorizers hand it on in.

    Raises:
        ForbiddenError: The token has no such claim.
    """
    first, *rest = name.split("_")
    camel = first + "".join(part.capitalize() for part in rest)
    for spelling in (f"custom:{name}", name, f"custom:{camel}", camel):
        if claims_of(app).get(spelling):
            return str(claims_of(app)[spelling])
    raise ForbiddenError(f"the token has no claim {name}")


def caller_of(app: APIGatewayRestResolver) -> str:
    """Who calls, by what the authorizer found out; `anonymous` when there is none."""
    claims = claims_of(app)
    for name in ("email", "cognito:username", "username", "sub", "principalId"):
        if claims.get(name):
            return str(claims[name])
    return "anonymous"


def expected_version_of(app: APIGatewayRestResolver) -> int | None:
    """The version a client believes to change, from `If-Match`.

    Raises:
        InvalidRequestError: The header is no version number.
    """
    header = (app.current_event.headers or {}).get("If-Match", "").strip().strip('"')
    if not header:
        return None
    if not (header.isascii() and header.isdigit() and len(header) < 19):
        raise InvalidRequestError("If-Match must be the version of the item")
    return int(header)


def respond(status: HTTPStatus, body: BaseModel | Mapping[str, Any] | None = None) -> Response[str]:
    """An answer with a JSON body, or none for 204."""
    if body is None:
        return Response(status_code=status, content_type=_JSON, body="")
    if isinstance(body, BaseModel):
        return Response(
            status_code=status, content_type=_JSON, body=body.model_dump_json(by_alias=True)
        )
    return Response(status_code=status, content_type=_JSON, body=json.dumps(body))


def list_body(page: Page[M]) -> dict[str, Any]:
    """A page of a list whose form the design leaves open."""
    items = [one.model_dump(mode="json", by_alias=True) for one in page.items]
    return {"items": items, "nextToken": page.next_token}


def check_health() -> Response[str]:
    """Whether the tables of the service are there and ready: 200 or 503."""
    checks = {variable: status_of(os.environ.get(variable, "")) for variable in TABLES}
    healthy = all(state == "ACTIVE" for state in checks.values())
    status = HTTPStatus.OK if healthy else HTTPStatus.SERVICE_UNAVAILABLE
    return respond(status, {"status": "healthy" if healthy else "unhealthy", "checks": checks})


def _expected(app: APIGatewayRestResolver, error: ServiceError) -> Response[str]:
    logger.info("request refused", extra={"code": error.code, "status": int(error.status)})
    details = [{"field": one.field, "message": one.message} for one in error.details]
    return _error(app, error.status, error.code, error.message, details)


def _unexpected(app: APIGatewayRestResolver, error: Exception) -> Response[str]:
    logger.exception("unexpected error", exc_info=error)
    metrics.add_metric(name="UnexpectedErrors", unit=MetricUnit.Count, value=1)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return _error(app, status, code_for(status, ""), "an unexpected error occurred", [])


def _no_route(app: APIGatewayRestResolver) -> Response[str]:
    status = HTTPStatus.NOT_FOUND
    return _error(app, status, "ROUTE_NOT_FOUND", "there is no such route", [])


def _error(
    app: APIGatewayRestResolver,
    status: HTTPStatus,
    code: str,
    message: str,
    details: list[dict[str, str]],
) -> Response[str]:
    context = app.lambda_context
    request_id = str(getattr(context, "aws_request_id", ""))
    body = {"code": code, "message": message, "details": details, "requestId": request_id}
    return respond(status, {"error": body})

"""`openapi.json` of a service, from what its code does: an operation for each route it serves.

The tests of the generated repository hold every answer against it. Who may call a route, and under
which names its parameters stand, is decided where Terraform's API is made, so that both agree.
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from codegen.api.parameters import VALIDATOR, VALIDATORS, parameters_of
from codegen.api.schemas import Schema, component, model_schemas
from codegen.code import RenderedFile
from codegen.quoting import one_line, sentence
from codegen.sources.handlers import answer_model
from codegen.terraform.api import find_paths
from codegen.views.operation_view import Action
from lld.model import Trigger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codegen.terraform.view import Route
    from codegen.views.operation_view import OperationView
    from codegen.views.service_view import ServiceView

PATH = "openapi.json"
ERROR = "Error_"
"""Names of the document's own schemas end in an underscore, which no model's does."""

_PARAMETER = re.compile(r"\{([^{}]*)\}")
_HEALTH = "Health_"
_TEXT: Schema = {"type": "string"}
_OWN: dict[str, Schema] = {
    ERROR: {
        "type": "object",
        "properties": {
            "error": {
                "type": "object",
                "properties": {
                    "code": _TEXT,
                    "message": _TEXT,
                    "requestId": _TEXT,
                    "details": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": {"field": _TEXT, "message": _TEXT},
                            "required": ["field", "message"],
                        },
                    },
                },
                "required": ["code", "message", "details", "requestId"],
            }
        },
        "required": ["error"],
    },
    _HEALTH: {
        "type": "object",
        "properties": {
            "status": {"type": "string", "enum": ["healthy", "unhealthy"]},
            "checks": {"type": "object", "additionalProperties": _TEXT},
        },
        "required": ["status", "checks"],
    },
}
_SCHEMES: dict[str, Schema] = {
    "jwt": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "authorizer": {"type": "http", "scheme": "bearer"},
    "api_key": {"type": "apiKey", "name": "X-Api-Key", "in": "header"},
    "iam": {"type": "apiKey", "name": "Authorization", "in": "header"},
}


def render_api(view: ServiceView) -> Iterator[RenderedFile]:
    """The OpenAPI document; nothing where the service has no routes."""
    if view.operations:
        text = json.dumps(openapi_document(view), indent=2, ensure_ascii=False)
        yield RenderedFile(PATH, f"{text}\n")


def openapi_document(view: ServiceView) -> dict[str, Any]:
    """The document as data; the same for the same design."""
    authorizer = next(
        (one.module for one in view.events if one.trigger is Trigger.AUTHORIZER), None
    )
    served = {
        (route.method, _shape(path.path)): (path.path, route)
        for path in find_paths(view, authorizer)[0]
        for route in path.routes
    }
    paths: dict[str, dict[str, Any]] = {}
    schemes: set[str] = set()
    for operation in view.operations:
        method = operation.route.method.lower()
        found = served.get((method, _shape(operation.route.path)))
        if found and method not in paths.get(found[0], {}):
            paths.setdefault(found[0], {})[method] = _operation(operation, *found, view)
            schemes.add(_scheme(found[1].access))
    components: dict[str, Any] = {"schemas": {**model_schemas(view.models), **_OWN}}
    wanted = {name: _SCHEMES[name] for name in _SCHEMES if name in schemes}
    if wanted:
        components["securitySchemes"] = wanted
    return {
        "openapi": "3.1.0",
        "info": {"title": one_line(view.title, 120), "version": _version(view)},
        "paths": paths,
        "components": components,
        "x-amazon-apigateway-request-validators": VALIDATORS,
    }


def _shape(path: str) -> str:
    return _PARAMETER.sub("{}", path)


def _version(view: ServiceView) -> str:
    return one_line(view.design.version or "", 40) or "0.0.0"


def _scheme(access: str) -> str:
    """Routes of which the design does not say who may call take signed requests only."""
    return "iam" if access == "unstated" else access


def _operation(
    operation: OperationView, path: str, route: Route, view: ServiceView
) -> dict[str, Any]:
    scheme = _scheme(route.access)
    found: dict[str, Any] = {
        "operationId": operation.name,
        "summary": sentence(operation.description, f"{operation.route.method} {path}"),
        "security": [{scheme: []}] if scheme in _SCHEMES else [],
        "x-function": view.function_of(operation).module,
    }
    parameters = parameters_of(operation, path)
    if parameters:
        found["parameters"] = list(parameters)
    if operation.request:
        schema = component(operation.request.class_name)
        found["requestBody"] = {"required": True, "content": _json(schema)}
    found["x-amazon-apigateway-request-validator"] = VALIDATOR
    found["responses"] = _responses(operation, route)
    return found


def _responses(operation: OperationView, route: Route) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status in sorted({*route.statuses, *_statuses(operation)}):
        if status == operation.status or (status == 503 and operation.action is Action.HEALTH):
            found[str(status)] = _success(operation, status)
        elif status >= 400:
            found[str(status)] = _described(status, component(ERROR))
    # Whatever else goes wrong has the same form.
    found["default"] = {"description": "Error", "content": _json(component(ERROR))}
    return found


def _statuses(operation: OperationView) -> set[int]:
    """What the code itself answers with, apart from what the design says."""
    if operation.action is Action.HEALTH:
        return {200, 503}
    if not operation.implemented:
        return {operation.status, 501}
    takes = operation.request or operation.shape or operation.uses_version
    finds = operation.action in (Action.GET, Action.UPDATE, Action.DELETE)
    stores = operation.action is Action.CREATE or operation.uses_version
    wanted = ((400, takes), (403, operation.claims), (404, finds), (409, stores))
    return {operation.status, *(status for status, is_wanted in wanted if is_wanted)}


def _success(operation: OperationView, status: int) -> Schema:
    if operation.action is Action.HEALTH:
        return _described(status, component(_HEALTH))
    if status == 204:
        return _described(status, None)
    if operation.implemented and operation.action is Action.DELETE:
        return _described(status, {"type": "object"})
    return _described(status, _body(operation))


def _body(operation: OperationView) -> Schema | None:
    """What a success answers; None where nobody knows yet."""
    model = answer_model(operation)
    if not operation.implemented:
        model = operation.response
    elif model is None and operation.entity:
        model = operation.entity.model
        if operation.shape:
            items = {"type": "array", "items": component(model.class_name)}
            page = {"items": items, "nextToken": {"type": ["string", "null"]}}
            return {"type": "object", "properties": page, "required": ["items", "nextToken"]}
    return component(model.class_name) if model else None


def _described(status: int, schema: Schema | None) -> Schema:
    found: Schema = {"description": _phrase(status)}
    return found if schema is None else {**found, "content": _json(schema)}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"


def _json(schema: Schema) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}

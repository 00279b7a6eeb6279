"""What a caller sends beside the body: in the path, as a query, in headers; and who checks it.

One source for the OpenAPI document and for Terraform's API, so that both say the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codegen.views.operation_view import OperationView

VALIDATOR = "params-only"
"""Name of the request validator of every operation.

API Gateway checks that required parameters are there. Bodies are left to the handlers: they know
the whole model and answer with the service's own errors, field by field.
"""
VALIDATORS = {VALIDATOR: {"validateRequestBody": False, "validateRequestParameters": True}}
"""`x-amazon-apigateway-request-validators` of the document and of the API."""

_IN_PATH = re.compile(r"\{([^{}]*)\}")
_TEXT = {"type": "string"}


def parameters_of(operation: OperationView, path: str) -> tuple[dict[str, Any], ...]:
    """OpenAPI parameter objects of an operation served at a path, each name once a place."""
    return (*_in_path(path), *_in_query(operation), *_in_headers(operation))


def _in_path(path: str) -> Iterator[dict[str, Any]]:
    for name in _IN_PATH.findall(path):
        yield {**_parameter(name, "path", _TEXT), "required": True}


def _in_query(operation: OperationView) -> Iterator[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    if operation.shape:
        size = {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}
        found[operation.shape.size] = _parameter(operation.shape.size, "query", size)
        found[operation.shape.token] = _parameter(operation.shape.token, "query", _TEXT)
    for one in operation.filters:
        for wire, _ in one.params:
            found.setdefault(wire, _parameter(wire, "query", _TEXT))
    yield from found.values()


def _in_headers(operation: OperationView) -> Iterator[dict[str, Any]]:
    if operation.uses_version:
        yield _parameter("If-Match", "header", _TEXT)


def _parameter(name: str, place: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": place, "schema": schema}

"""The contract of the service: `openapi.json`, which every answer in a test is held against."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator

_FILE = Path(__file__).parents[1] / "openapi.json"
DOCUMENT: dict[str, Any] = (
    json.loads(_FILE.read_text(encoding="utf-8")) if _FILE.exists() else {"paths": {}}
)
_METHODS = ("get", "put", "post", "delete", "patch")


class Operation(NamedTuple):
    """One route of the contract; `module` is the handler that serves it."""

    method: str
    path: str
    module: str


def operations() -> list[Operation]:
    """Every route of the contract."""
    return [
        Operation(method.upper(), path, methods[method]["x-function"])
        for path, methods in DOCUMENT["paths"].items()
        for method in _METHODS
        if method in methods
    ]


def check_answer(method: str, path: str, status: int, body: Any) -> None:
    """Fail when an answer is not what the contract says; what it does not know may be anything."""
    route = _route(method.lower(), path)
    if route is None:
        return
    errors = sorted(_validator(*route, status).iter_errors(body), key=lambda one: list(one.path))
    assert not errors, f"{method} {path} answered {status}, unlike openapi.json: {errors[0]}"


@cache
def _routes() -> list[tuple[re.Pattern[str], str]]:
    """The paths as patterns, those with fewer parameters first."""
    paths = sorted(DOCUMENT["paths"], key=lambda path: path.count("{"))
    return [(re.compile(_pattern(path)), path) for path in paths]


def _pattern(path: str) -> str:
    parts = re.split(r"\{[^{}]*\}", path)
    return "[^/]+".join(re.escape(part) for part in parts)


def _route(method: str, path: str) -> tuple[str, str] | None:
    for pattern, known in _routes():
        if pattern.fullmatch(path) and method in DOCUMENT["paths"][known]:
            return known, method
    return None


@cache
def _validator(path: str, method: str, status: int) -> Draft202012Validator:
    responses = DOCUMENT["paths"][path][method]["responses"]
    if str(status) not in responses and status < 400:
        raise AssertionError(f"{method} {path} answered {status}, which openapi.json does not know")
    response = responses.get(str(status)) or responses["default"]
    if "content" not in response:
        schema: dict[str, Any] = {"type": "null"} if status == 204 else {}
    else:
        schema = response["content"]["application/json"]["schema"]
    return Draft202012Validator({**schema, "components": DOCUMENT["components"]})

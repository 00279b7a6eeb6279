"""A design as an OpenAPI 3.1 document: schemas, examples, security and Lambda integrations."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from lld.model import Trigger
from lld.schemas import Schemas, defined_names
from lld.text import fold, parameters_of, words

if TYPE_CHECKING:
    from lld.model import Design, Endpoint, Function

_SUCCESS = {"POST": 201, "DELETE": 204}
_PHRASES = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    204: "No Content",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    413: "Payload Too Large",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
}
_SECURITY = {
    "jwt": ("bearerAuth", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}),
    "api_key": ("apiKey", {"type": "apiKey", "in": "header", "name": "X-Api-Key"}),
    "iam": ("sigv4", {"type": "apiKey", "in": "header", "name": "Authorization"}),
}
_PROBLEM = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
            "required": ["code", "message"],
        }
    },
    "required": ["error"],
}
_BROKEN_BRACES = re.compile(r"[{}]")


def openapi(design: Design) -> dict[str, Any]:
    """The OpenAPI 3.1 document of a design's endpoints."""
    return _Document(design).build()


class _Document:
    def __init__(self, design: Design) -> None:
        self._design = design
        self._schemas = Schemas(design, "#/components/schemas/")
        self._operation_ids: set[str] = set()
        self._schemes: dict[str, Any] = {}
        self._problem = self._problem_name()
        api = [one for one in design.functions if one.trigger is Trigger.API]
        self._functions = {one.name: one for one in design.functions}
        self._only = api[0] if len(api) == 1 else None

    def _problem_name(self) -> str:
        taken = {fold(name) for name in defined_names(self._design)}
        names = ("ErrorResponse", "ProblemResponse", "ServiceError", "ErrorBody")
        return next((name for name in names if fold(name) not in taken), "DesignErrorBody")

    def build(self) -> dict[str, Any]:
        paths: dict[str, Any] = {}
        for endpoint in self._design.endpoints:
            path = _valid_path(endpoint.path)
            item = paths.setdefault(path, {})
            method = "x-amazon-apigateway-any-method" if endpoint.method == "ANY" else None
            item[method or endpoint.method.lower()] = self._operation(endpoint, path)
        document: dict[str, Any] = {
            "openapi": "3.1.0",
            "info": self._info(),
            "paths": paths,
            "components": {"schemas": {**self._schemas.all(), self._problem: _PROBLEM}},
        }
        if self._schemes:
            document["components"]["securitySchemes"] = self._schemes
        return document

    def _info(self) -> dict[str, Any]:
        info: dict[str, Any] = {
            "title": self._design.title or self._design.document,
            "version": self._design.version or "0.0.0",
        }
        if self._design.lld_id:
            info["description"] = f"Extracted from LLD {self._design.lld_id}."
        return info

    def _operation(self, endpoint: Endpoint, path: str) -> dict[str, Any]:
        function = self._functions.get(endpoint.function or "") or self._only
        operation: dict[str, Any] = {"operationId": self._operation_id(endpoint, function)}
        summary = endpoint.summary or (function.description if function else None)
        if summary:
            operation["summary"] = summary[:120]
        parameters = self._parameters(endpoint, path)
        if parameters:
            operation["parameters"] = parameters
        body = self._body(endpoint)
        if body:
            operation["requestBody"] = body
        operation["responses"] = self._responses(endpoint)
        if endpoint.auth:
            operation["security"] = self._security(endpoint.auth)
        if function:
            operation["x-amazon-apigateway-integration"] = _integration(function.name)
        return operation

    def _operation_id(self, endpoint: Endpoint, function: Function | None) -> str:
        own = function if function is not self._only or len(self._design.endpoints) == 1 else None
        parts = words(own.name) if own else (endpoint.method.lower(), *words(endpoint.path))
        base = "_".join(parts)[:100] or "operation"
        name, count = base, 1
        while name in self._operation_ids:
            count += 1
            name = f"{base}_{count}"
        self._operation_ids.add(name)
        return name

    def _parameters(self, endpoint: Endpoint, path: str) -> list[dict[str, Any]]:
        found: dict[tuple[str, str], dict[str, Any]] = {}
        described = {(one.location, one.name): one for one in endpoint.parameters}
        for name in parameters_of(path):
            one = described.get(("path", name))
            text = one.description if one else None
            found["path", name] = _parameter(name, "path", text, is_required=True)
        for one in endpoint.parameters:
            if one.location != "path":
                kind = self._schemas.type(one.type or "str") or {"type": "string"}
                found[one.location, one.name] = {
                    **_parameter(one.name, one.location, one.description, is_required=one.required),
                    "schema": kind,
                }
        return list(found.values())

    def _body(self, endpoint: Endpoint) -> dict[str, Any] | None:
        if endpoint.method not in ("POST", "PUT", "PATCH", "ANY"):
            return None
        name = endpoint.request_model or self._guessed(endpoint)
        example = _example(endpoint.request_example)
        if not name and example is None:
            return None
        return {"required": True, "content": self._content(name, example)}

    def _guessed(self, endpoint: Endpoint) -> str | None:
        """`CreateOrderRequest` for the function `create_order`, when the design defines it."""
        function = self._functions.get(endpoint.function or "")
        if function is None:
            return None
        name = "".join(part.capitalize() for part in words(function.name)) + "Request"
        return name if self._schemas.knows(name) else None

    def _content(self, name: str | None, example: Any) -> dict[str, Any]:
        schema: dict[str, Any] = {}
        if name and self._schemas.knows(name):
            schema = self._schemas.reference(name)
        media: dict[str, Any] = {"schema": schema}
        if example is not None:
            media["example"] = example
        return {"application/json": media}

    def _responses(self, endpoint: Endpoint) -> dict[str, Any]:
        stated = {one.status: one for one in endpoint.responses if 200 <= one.status < 600}
        success = [status for status in stated if status < 300] or [
            _SUCCESS.get(endpoint.method, 200)
        ]
        found: dict[str, Any] = {}
        for status in sorted({*success, *stated}):
            one = stated.get(status)
            description = (one.description if one else None) or _PHRASES.get(status, "Response")
            response: dict[str, Any] = {"description": description}
            if status == success[0] and status != 204:
                name = (one.model if one else None) or endpoint.response_model
                response["content"] = self._content(name, _example(endpoint.response_example))
            elif status >= 400:
                name = one.model if one and self._schemas.knows(one.model) else None
                reference = {"$ref": f"#/components/schemas/{self._problem}"}
                schema = self._schemas.reference(name) if name else reference
                response["content"] = {"application/json": {"schema": schema}}
            found[str(status)] = response
        return found

    def _security(self, auth: str) -> list[dict[str, list[str]]]:
        if auth not in _SECURITY:
            return []
        name, scheme = _SECURITY[auth]
        self._schemes[name] = scheme
        return [{name: []}]


def _valid_path(path: str) -> str:
    """A path whose braces are balanced; a second parameter of one name gets a number."""
    if len(_BROKEN_BRACES.findall(re.sub(r"\{[^{}/]+\}", "", path))):
        path = _BROKEN_BRACES.sub("", path)
    seen: dict[str, int] = {}

    def numbered(found: re.Match[str]) -> str:
        name = found[1].strip("+") or "id"
        seen[name] = seen.get(name, 0) + 1
        return "{" + name + (str(seen[name]) if seen[name] > 1 else "") + "}"

    return re.sub(r"\{([^{}/]+)\}", numbered, path)


def _parameter(
    name: str, location: str, description: str | None, *, is_required: bool
) -> dict[str, Any]:
    parameter: dict[str, Any] = {
        "name": name,
        "in": location,
        "required": is_required or location == "path",
        "schema": {"type": "string"},
    }
    if description:
        parameter["description"] = description
    return parameter


def _integration(function: str) -> dict[str, Any]:
    """The Lambda proxy integration; the stage variable names the deployed function."""
    arn = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions"
    target = "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function"
    return {
        "type": "aws_proxy",
        "httpMethod": "POST",
        "passthroughBehavior": "when_no_match",
        "uri": f"{arn}/{target}:{function}:live/invocations",
    }


def _example(text: str | None) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def as_yaml(document: dict[str, Any]) -> str:
    """The document as YAML, in its own order."""
    import yaml

    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)


def as_markdown(design: Design) -> str:
    """The endpoints as a Markdown table, with what is known of each."""
    document = openapi(design)
    lines = [
        "| Method | Path | Summary | Auth | Request | Success | Errors | Function |",
        "|--------|------|---------|------|---------|---------|--------|----------|",
    ]
    for endpoint in design.endpoints:
        item = document["paths"][_valid_path(endpoint.path)]
        operation = item.get(endpoint.method.lower()) or item["x-amazon-apigateway-any-method"]
        statuses = list(operation["responses"])
        cells = (
            endpoint.method,
            f"`{endpoint.path}`",
            operation.get("summary", ""),
            endpoint.auth or "",
            _schema_name(operation.get("requestBody")),
            ", ".join(s for s in statuses if s < "300"),
            ", ".join(s for s in statuses if s >= "400"),
            endpoint.function or "",
        )
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return "\n".join(lines)


def _schema_name(body: Any) -> str:
    schema = body["content"]["application/json"]["schema"] if body else {}
    return str(schema.get("$ref", "")).rsplit("/", 1)[-1]


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())

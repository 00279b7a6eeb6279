"""OpenAPI documents and fragments, JSON Schemas, and SAM or CloudFormation templates in blocks."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from lld.facts import EnumFact, Fact, FunctionFact, ModelFact, RouteFact, Trust
from lld.model import ModelField, ModelKind, Parameter, Problem, Response, Severity
from lld.readers.cloudformation import read_template
from lld.readers.serverless import read_serverless
from lld.text import METHODS, clean_path
from lld.types import reference_name, schema_constraints, schema_type
from lld.yaml_tree import Mapping, YamlProblemError, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Fence

_LOOKS_API = re.compile(
    r"^\s*[\"']?(?:openapi|swagger|paths|components|schemas|definitions)[\"']?\s*:|^\s{0,4}[\"']?/[\w{}/.-]+[\"']?\s*:",
    re.M,
)
_LOOKS_TEMPLATE = re.compile(r"AWS::\w+::\w+")
_MODEL_NAME = re.compile(r"[A-Za-z_][\w.-]*\Z")


def read_structured(fence: Fence) -> Iterator[Fact]:
    """A YAML or JSON block, when it looks like an API, a schema or a template."""
    text = fence.text
    is_api = bool(_LOOKS_API.search(text[:200_000]))
    is_template = bool(_LOOKS_TEMPLATE.search(text[:200_000]))
    is_schema = '"properties"' in text or "properties:" in text
    is_template = is_template or "KeySchema" in text
    is_serverless = "functions:" in text and "handler:" in text
    if not (is_api or is_template or is_schema or is_serverless):
        return
    try:
        data = read_yaml(text)
    except YamlProblemError as problem:
        if is_api or is_template:
            yield Problem(
                Severity.WARNING,
                "yaml_unreadable",
                f"this block does not parse as YAML: {problem.message}",
                fence.line + problem.line - 1,
                "make the block valid YAML",
            )
        return
    if not isinstance(data, dict):
        return
    if is_template:
        yield from read_template(data, fence)
    if is_serverless:
        yield from read_serverless(data, fence)
    if is_api:
        yield from _Api(fence, data).read()
    elif is_schema:
        yield from _json_schema(fence, data)


def _line(fence: Fence, node: Any, key: str) -> int:
    lines = getattr(node, "lines", {})
    return fence.line + int(lines.get(key, 1)) - 1


class _Api:
    """One OpenAPI document or fragment."""

    def __init__(self, fence: Fence, data: dict[str, Any]) -> None:
        self._fence = fence
        self._data = data
        self._seen: set[int] = set()

    def read(self) -> Iterator[Fact]:
        yield from self._schemas()
        paths = self._data.get("paths")
        if not isinstance(paths, dict):
            paths = self._data if any(str(k).startswith("/") for k in self._data) else {}
        base = self._base()
        for path, operations in paths.items():
            if str(path).startswith("/") and isinstance(operations, dict):
                yield from self._operations(base + str(path), operations)

    def _base(self) -> str:
        """The part of the servers' path that routes lack, without the version."""
        servers = self._data.get("servers")
        first = servers[0] if isinstance(servers, list) and servers else None
        url = first.get("url") if isinstance(first, dict) else None
        base = self._data.get("basePath") or url
        if not isinstance(base, str):
            return ""
        path = clean_path(base)
        kept = [part for part in path.split("/") if part and not re.match(r"v\d|\{|\$", part)]
        stages = {"dev", "sit", "prod", "uat", "api"}
        return "".join("/" + part for part in kept if part not in stages)

    def _schemas(self) -> Iterator[Fact]:
        components = self._data.get("components")
        schemas = components.get("schemas") if isinstance(components, dict) else None
        if not isinstance(schemas, dict):
            schemas = self._data.get("schemas") or self._data.get("definitions")
        if not isinstance(schemas, dict):
            return
        for name, node in schemas.items():
            if isinstance(node, dict) and _MODEL_NAME.match(name):
                yield from schema_facts(
                    name, node, _line(self._fence, schemas, name), ModelKind.OPENAPI, schemas
                )

    def _operations(self, path: str, operations: dict[str, Any]) -> Iterator[Fact]:
        shared = self._parameters(operations.get("parameters"))
        for method, node in operations.items():
            if method.upper() not in METHODS or not isinstance(node, dict):
                continue
            line = _line(self._fence, operations, method)
            name = node.get("operationId")
            name = name if isinstance(name, str) else None
            route = (method.upper(), clean_path(path))
            yield RouteFact(
                route[0],
                route[1],
                line,
                Trust.FORMAL,
                name,
                self._auth(node),
                _string(node.get("summary")) or _string(node.get("description")),
                self._body_model(node.get("requestBody")),
                self._success_model(node.get("responses")),
                self._responses(node.get("responses")),
                shared + self._parameters(node.get("parameters")),
                section=self._fence.section,
            )
            if name:
                yield FunctionFact(name, line, Trust.HINT, self._fence.line, None, (route,))
            yield from self._inline_enums(node)

    def _inline_enums(self, node: dict[str, Any]) -> Iterator[Fact]:
        for parameter in node.get("parameters") or []:
            schema = parameter.get("schema") if isinstance(parameter, dict) else None
            values = schema.get("enum") if isinstance(schema, dict) else None
            if isinstance(values, list) and len(values) > 1:
                yield EnumFact(None, tuple(map(str, values[:200])), self._fence.line, Trust.FORMAL)

    def _resolve(self, node: Any) -> Any:
        """The target of a local `$ref`, followed a bounded number of times."""
        for _ in range(10):
            target = node.get("$ref") if isinstance(node, dict) else None
            if not isinstance(target, str) or not target.startswith("#/"):
                return node
            node = self._data
            for part in target[2:].split("/"):
                node = node.get(part) if isinstance(node, dict) else None
        return None

    def _parameters(self, nodes: Any) -> tuple[Parameter, ...]:
        found = []
        for one in nodes if isinstance(nodes, list) else []:
            node = self._resolve(one)
            if not isinstance(node, dict) or not isinstance(node.get("name"), str):
                continue
            location = node.get("in")
            if location in ("query", "path", "header"):
                kind = schema_type(self._resolve(node.get("schema")) or node)
                found.append(
                    Parameter(
                        node["name"],
                        str(location),
                        kind,
                        bool(node.get("required")),
                        _string(node.get("description")),
                    )
                )
        return tuple(found)

    def _auth(self, node: dict[str, Any]) -> str | None:
        security = node.get("security", self._data.get("security"))
        if security == []:
            return "none"
        if not isinstance(security, list) or not isinstance(security[0], dict):
            return None
        schemes = self._data.get("components")
        schemes = schemes.get("securitySchemes") if isinstance(schemes, dict) else None
        for name in security[0]:
            scheme = schemes.get(name) if isinstance(schemes, dict) else None
            kind = str(scheme.get("type", "")) if isinstance(scheme, dict) else str(name)
            if "apikey" in kind.lower() and "authorization" not in str(scheme).lower():
                return "api_key"
            return "jwt"
        return "none"

    def _content_schema(self, node: Any) -> Any:
        node = self._resolve(node)
        content = node.get("content") if isinstance(node, dict) else None
        if isinstance(content, dict):
            for media in content.values():
                if isinstance(media, dict):
                    return media.get("schema")
        return node.get("schema") if isinstance(node, dict) else None

    def _body_model(self, node: Any) -> str | None:
        return reference_name(self._content_schema(node))

    def _success_model(self, nodes: Any) -> str | None:
        for status, node in nodes.items() if isinstance(nodes, dict) else ():
            if str(status).startswith("2"):
                schema = self._content_schema(node)
                name = reference_name(schema)
                if name:
                    return name
        return None

    def _responses(self, nodes: Any) -> tuple[Response, ...]:
        found = []
        for status, node in nodes.items() if isinstance(nodes, dict) else ():
            if not str(status).isdigit() or len(str(status)) != 3:
                continue
            target = self._resolve(node)
            description = target.get("description") if isinstance(target, dict) else None
            found.append(
                Response(
                    int(status), reference_name(self._content_schema(node)), _string(description)
                )
            )
        return tuple(found)


def _string(value: Any) -> str | None:
    return value.strip() if isinstance(value, str) and value.strip() else None


# --- schemas -------------------------------------------------------------------------------------


def schema_facts(
    name: str, node: dict[str, Any], line: int, kind: ModelKind, schemas: dict[str, Any]
) -> Iterator[Fact]:
    """A named schema: a model, or an enumeration."""
    values = node.get("enum")
    if isinstance(values, list) and "properties" not in node:
        yield EnumFact(name, tuple(map(str, values[:500])), line, Trust.FORMAL)
        return
    properties, required = _properties(node, schemas)
    if not properties:
        return
    fields = []
    for key, value in properties.items():
        inline = value.get("enum") if isinstance(value, dict) else None
        if isinstance(inline, list) and len(inline) > 1:
            yield EnumFact(None, tuple(map(str, inline[:500])), line, Trust.FORMAL)
        description = value.get("description") if isinstance(value, dict) else None
        fields.append(
            ModelField(
                str(key),
                schema_type(value),
                str(key) in required,
                schema_constraints(value),
                None,
                _string(description),
            )
        )
    yield ModelFact(name, kind, tuple(fields), line, Trust.FORMAL)


def _properties(
    node: Any, schemas: dict[str, Any], seen: frozenset[str] = frozenset(), depth: int = 0
) -> tuple[dict[str, Any], set[str]]:
    """A schema's own properties and those of its `allOf` parts; a reference back stops there."""
    found: dict[str, Any] = {}
    required: set[str] = set()
    if not isinstance(node, dict) or depth > 8:
        return found, required
    name = reference_name(node)
    if name:
        if name in seen:
            return found, required
        return _properties(schemas.get(name), schemas, seen | {name}, depth + 1)
    for part in node.get("allOf") or [] if isinstance(node.get("allOf"), list) else []:
        inner, needed = _properties(part, schemas, seen, depth + 1)
        found.update(inner)
        required |= needed
    properties = node.get("properties")
    if isinstance(properties, dict):
        found.update(properties)
    if isinstance(node.get("required"), list):
        required |= {str(one) for one in node["required"]}
    return found, required


def _json_schema(fence: Fence, data: dict[str, Any]) -> Iterator[Fact]:
    """A JSON Schema with a name of its own, and those it defines for itself."""
    inner = data.get("$defs")
    inner = inner if isinstance(inner, dict) else {}
    for name, node in inner.items():
        if isinstance(node, dict) and _MODEL_NAME.match(str(name)):
            line = _line(fence, inner, name)
            yield from schema_facts(str(name), node, line, ModelKind.JSON_SCHEMA, inner)
    title = data.get("title") or data.get("$id")
    properties = data.get("properties")
    if not isinstance(title, str) or not isinstance(properties, dict):
        return
    name = re.sub(r"\W+", "", title.rsplit("/", 1)[-1].removesuffix(".json"))
    if _MODEL_NAME.match(name):
        yield from schema_facts(name, data, fence.line, ModelKind.JSON_SCHEMA, {})


def read_json(text: str) -> Any:
    """JSON, or None when it is not; bounded in size and depth."""
    if len(text) > 1_000_000:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


__all__ = ["Mapping", "read_json", "read_structured", "schema_facts"]

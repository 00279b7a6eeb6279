"""Values made up for a schema: valid, harmless, and recognisable as a rehearsal's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rehearsal.api_document import Document, resolved

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORMATS = {
    "email": "rehearsal-{mark}@example.com",
    "uri": "https://example.com/{mark}",
    "url": "https://example.com/{mark}",
    "uuid": "00000000-0000-4000-8000-{mark:0>12}",
    "date-time": "2026-01-05T08:00:00Z",
    "date": "2026-01-05",
    "time": "08:00:00Z",
    "ipv4": "192.0.2.1",
    "hostname": "example.com",
}
_BY_NAME = (
    (re.compile(r"e?mail", re.I), "rehearsal-{mark}@example.com"),
    (re.compile(r"ur[li]$|link|website|image", re.I), "https://example.com/{mark}"),
    (re.compile(r"phone|mobile|msisdn", re.I), "+27110000000"),
    (re.compile(r"(?:_at|At|date|time)$", re.I), "2026-01-05T08:00:00Z"),
    (re.compile(r"currency", re.I), "ZAR"),
    (re.compile(r"country", re.I), "ZA"),
)
_PATTERNS = ("rehearsal-{mark}", "rehearsal{mark}", "{mark}", "A1", "ABC123", "12345", "2026-01-05")
_DEEPEST = 8


class CannotMakeUpError(ValueError):
    """No value for a schema is known; the message names the property."""


def made_up(schema: Mapping[str, Any], document: Document, mark: str, name: str = "body") -> Any:
    """A value for the schema, with its required properties only.

    Args:
        mark: Lowercase letters and digits that tell this run's values from others'.

    Raises:
        CannotMakeUpError: A pattern, or a schema that refers to itself without end.
    """
    return _value(schema, document, mark, name, 0)


def _value(schema: Mapping[str, Any], document: Document, mark: str, name: str, depth: int) -> Any:
    if depth > _DEEPEST:
        raise CannotMakeUpError(f"{name} refers to itself without end")
    schema = resolved(schema, document)
    stated = _stated(schema)
    if stated is not None:
        return stated
    for key in ("oneOf", "anyOf"):
        choices = [one for one in schema.get(key) or () if one.get("type") != "null"]
        if choices:
            return _value(choices[0], document, mark, name, depth + 1)
    return _of_kind(schema, document, mark, name, depth)


def _stated(schema: Mapping[str, Any]) -> Any:
    """A value that the schema itself names."""
    for key in ("const", "example", "default"):
        if schema.get(key) is not None:
            return schema[key]
    return next((schema[key][0] for key in ("examples", "enum") if schema.get(key)), None)


def _of_kind(
    schema: Mapping[str, Any], document: Document, mark: str, name: str, depth: int
) -> Any:
    kind = schema.get("type")
    kind = next((one for one in kind if one != "null"), None) if isinstance(kind, list) else kind
    if kind == "object" or "properties" in schema:
        return _object(schema, document, mark, depth)
    if kind == "array":
        count = int(schema.get("minItems", 0))
        item = schema.get("items") or {}
        return [_value(item, document, f"{mark}{n or ''}", name, depth + 1) for n in range(count)]
    if kind in ("integer", "number"):
        return _number(schema, whole=kind == "integer")
    if kind == "boolean":
        return False
    return _string(schema, mark, name)


def _object(schema: Mapping[str, Any], document: Document, mark: str, depth: int) -> dict[str, Any]:
    properties = schema.get("properties") or {}
    names = list(dict.fromkeys(schema.get("required") or ()))
    if not names and int(schema.get("minProperties", 0)) == 0 and depth == 0:
        names = list(properties)[:1]
    return {
        name: _value(properties.get(name, {}), document, mark, name, depth + 1) for name in names
    }


def _number(schema: Mapping[str, Any], *, whole: bool) -> int | float:
    low = schema.get("minimum")
    above = schema.get("exclusiveMinimum")
    value = low if low is not None else (above + 1 if above is not None else 1)
    high = schema.get("maximum")
    value = high if high is not None and value > high else value
    step = schema.get("multipleOf")
    if step and value % step:
        value = (value // step + 1) * step
    return int(value) if whole else float(value)


def _string(schema: Mapping[str, Any], mark: str, name: str) -> str:
    pattern = schema.get("pattern")
    named = [made for words, made in _BY_NAME if words.search(name)]
    known = _FORMATS.get(str(schema.get("format")))
    candidates = [*([known] if known else []), *named, *_PATTERNS]
    for candidate in candidates:
        value = _fitted(candidate.format(mark=mark), schema)
        if pattern is None or _matches(pattern, value):
            return value
    raise CannotMakeUpError(f"{name} must match {pattern!r}")


def _fitted(value: str, schema: Mapping[str, Any]) -> str:
    shortest, longest = int(schema.get("minLength", 0)), schema.get("maxLength")
    if longest is not None and len(value) > int(longest):
        # The end holds the mark, which tells this run's values from others'.
        value = value[-int(longest) :] if longest else ""
    return value.ljust(shortest, "x")


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return False

"""Types in Python's notation, from the notations that designs use."""

from __future__ import annotations

import re
from typing import Any

from lld.text import plain

_SIMPLE = {
    "string": "str",
    "str": "str",
    "s": "str",
    "text": "str",
    "varchar": "str",
    "char": "str",
    "uuid": "str",
    "email": "str",
    "emailstr": "str",
    "url": "str",
    "uri": "str",
    "enum": "str",
    "id": "str",
    "number": "Decimal",
    "n": "Decimal",
    "decimal": "Decimal",
    "currency": "Decimal",
    "money": "Decimal",
    "float": "float",
    "double": "float",
    "integer": "int",
    "int": "int",
    "long": "int",
    "timestamp": "datetime",
    "datetime": "datetime",
    "date-time": "datetime",
    "iso8601": "datetime",
    "date": "date",
    "time": "str",
    "boolean": "bool",
    "bool": "bool",
    "map": "dict[str, Any]",
    "m": "dict[str, Any]",
    "object": "dict[str, Any]",
    "json": "dict[str, Any]",
    "dict": "dict[str, Any]",
    "record": "dict[str, Any]",
    "list": "list[Any]",
    "l": "list[Any]",
    "array": "list[Any]",
    "set": "set[str]",
    "string set": "set[str]",
    "stringset": "set[str]",
    "ss": "set[str]",
    "binary": "bytes",
    "bytes": "bytes",
    "any": "Any",
}
_GENERIC = re.compile(r"^(\w+)\s*(?:\[(.*)\]|~(.*)~|<(.*)>|\((.*)\))$", re.S)
_ARRAY_OF = re.compile(r"^(?:array|list)\s+of\s+(.+?)s?$", re.I)
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*\Z")
_DEEPEST = 6


def python_type(text: str, depth: int = 0) -> str | None:
    """A type as a table or diagram writes it (`List~Item~`, `string[]`), in Python's notation."""
    text = plain(text).strip().rstrip("?")[:200]
    if not text or depth > _DEEPEST:
        return None
    known = _SIMPLE.get(text.lower())
    if known:
        return known
    if text.endswith("[]"):
        return f"list[{python_type(text[:-2], depth + 1) or 'Any'}]"
    array = _ARRAY_OF.match(text)
    if array:
        return f"list[{python_type(array[1], depth + 1) or 'Any'}]"
    for separator in ("|", " or ", "/"):
        if separator in text:
            parts = [part for part in text.split(separator) if part.strip().lower() not in _NOTHING]
            return python_type(parts[0], depth + 1) if len(parts) == 1 else "str"
    generic = _GENERIC.match(text)
    if generic:
        inner = next((group for group in generic.groups()[1:] if group is not None), "")
        return _generic(generic[1].lower(), inner, depth)
    return text if _IDENTIFIER.match(text) else None


def is_simple_type(word: str) -> bool:
    """Whether a lower-case word is a type that designs write: `string`, `uuid`, `array`."""
    return word.rstrip("?") in _SIMPLE


_NOTHING = frozenset({"none", "null", "undefined"})


def _generic(outer: str, inner: str, depth: int) -> str | None:
    if outer in ("optional", "partial", "promise", "annotated", "required"):
        return python_type(inner.split(",")[0] if outer == "annotated" else inner, depth + 1)
    if outer in ("list", "array", "sequence", "tuple", "iterable"):
        return f"list[{python_type(inner, depth + 1) or 'Any'}]"
    if outer in ("set", "frozenset"):
        return f"set[{python_type(inner, depth + 1) or 'str'}]"
    if outer in ("dict", "map", "mapping", "record"):
        value = inner.split(",", 1)[1] if "," in inner else "Any"
        return f"dict[str, {python_type(value, depth + 1) or 'Any'}]"
    return _SIMPLE.get(outer)


def is_optional_type(text: str) -> bool:
    """Whether a type as written admits the absence of a value."""
    lowered = plain(text).lower()
    return (
        lowered.startswith("optional")
        or lowered.endswith("?")
        or "none" in lowered
        or ("null" in lowered and "nullable" not in lowered)
    )


_FORMATS = {
    "date-time": "datetime",
    "date": "date",
    "binary": "bytes",
}
_KEYWORDS = (
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "pattern",
    "enum",
    "format",
    "default",
    "minItems",
    "maxItems",
    "uniqueItems",
)


def reference_name(node: Any) -> str | None:
    """The last part of a `$ref`, or None."""
    target = node.get("$ref") if isinstance(node, dict) else None
    return target.rsplit("/", 1)[-1] if isinstance(target, str) and target else None


def schema_type(node: Any, depth: int = 0) -> str | None:
    """The Python notation of a JSON Schema node."""
    if not isinstance(node, dict) or depth > _DEEPEST:
        return None
    name = reference_name(node)
    if name:
        return name if _IDENTIFIER.match(name) else None
    for keyword in ("allOf", "oneOf", "anyOf"):
        parts = node.get(keyword)
        if isinstance(parts, list):
            found = [schema_type(part, depth + 1) for part in parts[:20]]
            named = [kind for kind in found if kind]
            return named[0] if len(named) == 1 else "dict[str, Any]"
    kind = node.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), None)
    if kind == "array":
        return f"list[{schema_type(node.get('items'), depth + 1) or 'Any'}]"
    if kind == "number":
        return "Decimal"
    if kind == "string":
        return _FORMATS.get(str(node.get("format")), "str")
    if isinstance(kind, str):
        return _SIMPLE.get(kind.lower())
    return "dict[str, Any]" if "properties" in node else None


def schema_constraints(node: Any) -> dict[str, Any]:
    """The keywords of a JSON Schema node that limit its values."""
    if not isinstance(node, dict):
        return {}
    return {
        keyword: node[keyword]
        for keyword in _KEYWORDS
        if keyword in node and isinstance(node[keyword], (str, int, float, bool, list))
    }

"""JSON Schema of a design's models: the one view that OpenAPI, JSON Schema and examples share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lld.text import fold

if TYPE_CHECKING:
    from lld.model import Design, Model, ModelField

_SCALARS: dict[str, dict[str, Any]] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "Decimal": {"type": "number"},
    "bool": {"type": "boolean"},
    "bytes": {"type": "string", "format": "binary"},
    "datetime": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "format": "time"},
    "UUID": {"type": "string", "format": "uuid"},
    "EmailStr": {"type": "string", "format": "email"},
}
_GENERIC = re.compile(r"(list|set|dict)\[(.*)\]\Z", re.S)
_DEEPEST = 6


def defined_names(design: Design) -> list[str]:
    """Names of all models and enumerations."""
    return [model.name for model in design.models] + [enum.name for enum in design.enums]


class Schemas:
    """Schemas of the models and enumerations, with references below `base`."""

    def __init__(self, design: Design, base: str) -> None:
        self._base = base
        self._design = design
        self._names = {fold(name): name for name in defined_names(design)}
        self._models = {fold(model.name): model for model in design.models}

    def all(self) -> dict[str, Any]:
        """Every model and enumeration by name."""
        found: dict[str, Any] = {model.name: self.model(model) for model in self._design.models}
        for enum in self._design.enums:
            found.setdefault(
                enum.name, {"type": "string", "enum": list(dict.fromkeys(enum.values))}
            )
        return found

    def knows(self, name: str | None) -> bool:
        """Whether the design defines this name."""
        return bool(name) and fold(name or "") in self._names

    def reference(self, name: str) -> dict[str, Any]:
        """A `$ref` to a defined name."""
        return {"$ref": f"{self._base}{self._names[fold(name)]}"}

    def model(self, model: Model) -> dict[str, Any]:
        """The schema of one model; inherited fields come by reference."""
        own: dict[str, Any] = {
            "type": "object",
            "properties": {wire_name(one): self.field(one) for one in model.fields},
        }
        required = sorted({wire_name(one) for one in model.fields if one.required})
        if required:
            own["required"] = required
        bases = [self.reference(base) for base in model.bases if self.knows(base)]
        bases = [base for base in bases if base["$ref"] != f"{self._base}{model.name}"]
        return {"allOf": [*bases, own]} if bases else own

    def field(self, field: ModelField) -> dict[str, Any]:
        """The schema of one field, with its limits where they fit its type."""
        schema = self.type(field.type)
        limits = fitting(schema, field.constraints)
        if "$ref" in schema:
            extra = {**({"default": limits["default"]} if "default" in limits else {})}
            if field.description:
                extra["description"] = field.description
            return {"allOf": [schema], **extra} if extra else schema
        schema = {**schema, **limits}
        if field.description:
            schema["description"] = field.description
        return schema

    def type(self, written: str | None, depth: int = 0) -> dict[str, Any]:
        """The schema of a type in Python's notation; anything when it is unknown."""
        text = (written or "").strip()
        if text in _SCALARS:
            return dict(_SCALARS[text])
        generic = _GENERIC.match(text) if depth < _DEEPEST else None
        if generic:
            return self._generic(generic[1], generic[2], depth)
        if self.knows(text):
            return self.reference(text)
        return {} if text in ("", "Any") else {"type": "object"}

    def _generic(self, outer: str, inner: str, depth: int) -> dict[str, Any]:
        if outer == "dict":
            value = self.type(inner.partition(",")[2], depth + 1)
            return {"type": "object", "additionalProperties": value or True}
        schema: dict[str, Any] = {"type": "array", "items": self.type(inner, depth + 1)}
        return {**schema, "uniqueItems": True} if outer == "set" else schema


def wire_name(field: ModelField) -> str:
    """The field's name in JSON."""
    return field.alias or field.name


_TEXT_KEYS = ("minLength", "maxLength")
_NUMBER_KEYS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_LIST_KEYS = ("minItems", "maxItems")


def fitting(schema: dict[str, Any], constraints: dict[str, Any]) -> dict[str, Any]:
    """The constraints that are valid JSON Schema for this type."""
    kind = schema.get("type")
    kept: dict[str, Any] = {}
    for key, value in constraints.items():
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        is_length = isinstance(value, int) and is_number and value >= 0
        fits = (
            (key in _TEXT_KEYS and kind == "string" and is_length)
            or (key in _LIST_KEYS and kind == "array" and is_length)
            or (key in _NUMBER_KEYS and kind in ("number", "integer") and is_number)
            or (key == "pattern" and kind == "string" and _is_pattern(value))
            or (key == "format" and kind == "string" and isinstance(value, str))
            or (key == "enum" and isinstance(value, list) and _unique(value))
            or (key == "default" and _is_default(kind, value))
        )
        if fits and not (key == "multipleOf" and value <= 0):
            kept[key] = value
    return kept


def _unique(values: list[Any]) -> bool:
    return bool(values) and len({repr(one) for one in values}) == len(values)


def _is_pattern(value: Any) -> bool:
    if not isinstance(value, str) or len(value) > 500:
        return False
    try:
        re.compile(value)
    except (re.error, RecursionError, OverflowError):
        return False
    return True


_PYTHON: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def _is_default(kind: Any, value: Any) -> bool:
    if kind is None:
        return isinstance(value, (str, int, float, bool))
    wanted = _PYTHON.get(str(kind), ())
    return isinstance(value, wanted) and (kind == "boolean" or not isinstance(value, bool))

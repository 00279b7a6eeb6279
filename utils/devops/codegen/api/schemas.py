"""Models and enumerations as JSON Schema 2020-12, as they are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from codegen.quoting import one_line
from codegen.views.field_types import FieldType, Kind
from codegen.views.model_view import FieldView, ModelView, Role

if TYPE_CHECKING:
    from codegen.views.model_view import Models

Schema = dict[str, Any]
NULL: Schema = {"type": "null"}

_PLAIN: dict[Kind, Schema] = {
    Kind.STR: {"type": "string"},
    Kind.INT: {"type": "integer"},
    Kind.FLOAT: {"type": "number"},
    Kind.NUMBER: {"type": "number"},
    Kind.BOOL: {"type": "boolean"},
    Kind.DATETIME: {"type": "string", "format": "date-time"},
    Kind.DATE: {"type": "string", "format": "date"},
    Kind.TIME: {"type": "string", "format": "time"},
    Kind.UUID: {"type": "string", "format": "uuid"},
    Kind.EMAIL: {"type": "string", "format": "email"},
    Kind.OBJECT: {"type": "object"},
    Kind.ANY: {},
}
_NUMBERS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
_LENGTHS = {"string": "Length", "array": "Items", "object": "Properties"}


def component(name: str) -> Schema:
    """A reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def model_schemas(models: Models) -> dict[str, Schema]:
    """The schema of every model and enumeration, by class."""
    enums = {
        one.class_name: {"type": "string", "enum": [value for _, value in one.members]}
        for one in models.enums.values()
    }
    return {**enums, **{one.class_name: _model(one, models) for one in models.models.values()}}


def _model(model: ModelView, models: Models) -> Schema:
    found: Schema = {
        "type": "object",
        "properties": {one.wire: _field(one, models) for one in model.fields},
    }
    required = [one.wire for one in model.fields if one.required]
    if required:
        found["required"] = required
    if model.role is Role.REQUEST:
        found["additionalProperties"] = False
    return found


def _field(one: FieldView, models: Models) -> Schema:
    found = {**type_schema(one.type, models), **_limits(one)}
    if one.description:
        found["description"] = one_line(one.description, 200)
    if one.has_default and isinstance(one.default, bool | int | float | str):
        found["default"] = one.default
    if one.type.nullable and found:
        return _or_null(found)
    return found


def _or_null(schema: Schema) -> Schema:
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, NULL]}


def type_schema(type_: FieldType, models: Models) -> Schema:
    """The schema of a type, whether null is a value apart."""
    if type_.kind in (Kind.MODEL, Kind.ENUM):
        return component(models.classes[type_.name])
    if type_.kind is Kind.LITERAL:
        return {"type": "string", "enum": list(type_.values)}
    if type_.kind in (Kind.LIST, Kind.DICT):
        inner = type_schema(type_.item, models) if type_.item else {}
        inner = _or_null(inner) if type_.item and type_.item.nullable and inner else inner
        if type_.kind is Kind.LIST:
            return {"type": "array", "items": inner}
        return {"type": "object", "additionalProperties": inner}
    return dict(_PLAIN[type_.kind])


def _limits(one: FieldView) -> Schema:
    found: Schema = {_NUMBERS[name]: v for name, v in one.limits.items() if name in _NUMBERS}
    kind = _LENGTHS.get(str(_PLAIN.get(one.type.kind, {}).get("type", "")))
    if one.type.kind in (Kind.LIST, Kind.DICT):
        kind = _LENGTHS["array" if one.type.kind is Kind.LIST else "object"]
    for name, word in (("min_length", "min"), ("max_length", "max")):
        if kind and name in one.limits:
            found[f"{word}{kind}"] = one.limits[name]
    step = one.limits.get("multiple_of")
    if isinstance(step, int):
        # A step such as 0.01 is no exact binary number; validators disagree about it.
        found["multipleOf"] = step
    if "pattern" in one.limits:
        found["pattern"] = str(one.limits["pattern"])
    return found

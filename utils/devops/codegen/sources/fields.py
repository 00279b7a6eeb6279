"""A field of a model as the line of code that declares it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen.quoting import bracketed, py_regex, py_str, py_value
from codegen.views.field_types import Kind, annotation

if TYPE_CHECKING:
    from codegen.views.model_view import FieldView, Models


def field_source(one: FieldView, models: Models) -> str:
    """The line or lines of a field in its class."""
    head = f"{one.name}: {annotation(one.type, models.classes)}"
    arguments = _field_arguments(one, models)
    if not arguments:
        return head
    if len(arguments) == 1 and arguments[0].startswith("default="):
        return f"{head} = {arguments[0].removeprefix('default=')}"
    return bracketed(f"{head} = Field(", arguments, ")", 4)


def _field_arguments(one: FieldView, models: Models) -> list[str]:
    found = []
    if one.has_default and isinstance(one.default, list | dict):
        found.append(f"default_factory={'list' if isinstance(one.default, list) else 'dict'}")
    elif one.has_default:
        found.append(f"default={default_source(one, models)}")
    elif not one.required:
        found.append("default=None")
    if one.wire != one.name:
        found.append(f"alias={py_str(one.wire)}")
    found += [
        f"{name}={py_regex(value) if name == 'pattern' else py_value(value)}"
        for name, value in one.limits.items()
    ]
    return found


def default_source(one: FieldView, models: Models) -> str:
    """The default as an expression."""
    enum = models.enums.get(one.type.name)
    member = enum.member_of(one.default) if enum else None
    if member:
        return member
    if one.type.kind is Kind.NUMBER:
        return f'Decimal("{one.default}")'
    return py_value(one.default)

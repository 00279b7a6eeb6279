"""Limits of a field: the constraints of a design under the names Pydantic has for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from codegen.views.field_types import FieldType, Kind
from codegen.views.regex_samples import matching_text

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_PATTERN = 500
_TEXT_LIMITS = {"minLength": "min_length", "maxLength": "max_length"}
_ITEM_LIMITS = {"minItems": "min_length", "maxItems": "max_length", **_TEXT_LIMITS}
_NUMBER_LIMITS = {
    "minimum": "ge",
    "maximum": "le",
    "exclusiveMinimum": "gt",
    "exclusiveMaximum": "lt",
    "multipleOf": "multiple_of",
}


def clean_limits(type_: FieldType, constraints: Mapping[str, Any]) -> dict[str, Any]:
    """Constraints that make sense for the type, under the names Pydantic has for them."""
    names = (
        _NUMBER_LIMITS
        if type_.is_numeric
        else _ITEM_LIMITS
        if type_.kind in (Kind.LIST, Kind.DICT, Kind.OBJECT)
        else _TEXT_LIMITS
        if type_.is_textual
        else {}
    )
    found: dict[str, Any] = {}
    for keyword, argument in names.items():
        value = constraints.get(keyword)
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
            continue
        if names is not _NUMBER_LIMITS and not (isinstance(value, int) and 0 <= value < 10**9):
            continue
        if argument == "multiple_of" and value <= 0:
            continue
        found.setdefault(argument, value)
    if _is_empty_range(found):
        return {}
    pattern = constraints.get("pattern")
    if type_.kind is Kind.STR and isinstance(pattern, str) and len(pattern) <= _MAX_PATTERN:
        lengths = (found.get("min_length", 0), found.get("max_length", 200))
        if matching_text(pattern, *lengths) is not None:
            found["pattern"] = pattern
    return found


def _is_empty_range(limits: Mapping[str, Any]) -> bool:
    low = max((limits[one] for one in ("ge", "gt", "min_length") if one in limits), default=None)
    high = min((limits[one] for one in ("le", "lt", "max_length") if one in limits), default=None)
    return low is not None and high is not None and low > high

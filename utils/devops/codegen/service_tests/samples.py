"""Sample values and Hypothesis strategies for the fields of a design, by type and limits.

Both are on the wire: what a client would send, what a test may store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from codegen.naming import words
from codegen.quoting import WIDTH, bracketed, py_regex, py_str
from codegen.secrecy import names_secret, placeholder
from codegen.views.field_types import FieldType, Kind
from codegen.views.model_view import FieldView, Models, ModelView
from codegen.views.regex_samples import matching_text

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEPTH = 12
_MOMENT = "2026-01-15T09:30:00.000Z"
_UUID = "6f1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"


def sample_model(
    model: ModelView, models: Models, above: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """A valid value of a model on the wire, with every field; a model inside itself is left out."""
    found = {}
    above |= {model.design}
    for one in model.fields:
        value = _sample(one.type, one, models, above)
        if value is not _NONE:
            found[one.wire] = value
    return found


_NONE = object()


def _sample(type_: FieldType, one: FieldView, models: Models, above: frozenset[str]) -> Any:
    if type_.kind is Kind.ENUM:
        return models.enums[type_.name].members[0][1]
    if type_.kind is Kind.MODEL:
        return _sample_model(type_, one, models, above)
    if type_.kind is Kind.LIST:
        return _sample_list(type_, one, models, above)
    if type_.kind is Kind.DICT:
        value = _sample(type_.item or type_, _unlimited(one), models, above)
        return {} if value is _NONE else {"key": value}
    if type_.is_numeric:
        return _sample_number(type_, one.limits)
    if type_.kind is Kind.STR:
        return _sample_text(one)
    return {
        Kind.BOOL: True,
        Kind.DATETIME: _MOMENT,
        Kind.DATE: _MOMENT[:10],
        Kind.TIME: "09:30:00",
        Kind.UUID: _UUID,
        Kind.EMAIL: "person@example.com",
        Kind.ANY: "anything",
        Kind.OBJECT: {"key": "value"},
        Kind.LITERAL: (type_.values or ("",))[0],
    }[type_.kind]


def _sample_model(type_: FieldType, one: FieldView, models: Models, above: frozenset[str]) -> Any:
    if type_.name in above or len(above) > _DEPTH:
        return _NONE if one.type.nullable or one.is_optional else {}
    return sample_model(models.models[type_.name], models, above)


def _sample_list(type_: FieldType, one: FieldView, models: Models, above: frozenset[str]) -> Any:
    least = int(one.limits.get("min_length", 0))
    if one.limits.get("max_length") == 0:
        return []
    item = _sample(type_.item or FieldType(Kind.ANY), _loose(one), models, above)
    return [] if item is _NONE else [item] * max(1, least)


def _loose(one: FieldView) -> FieldView:
    """The field as one whose item may be left out."""
    return FieldView(one.name, one.wire, one.design, one.type, required=False)


def _unlimited(one: FieldView) -> FieldView:
    return FieldView(one.name, one.wire, one.design, one.type, required=True)


def _sample_number(type_: FieldType, limits: Mapping[str, Any]) -> int | float:
    low = max((limits[name] for name in ("ge", "gt") if name in limits), default=None)
    high = min((limits[name] for name in ("le", "lt") if name in limits), default=None)
    step = limits.get("multiple_of")
    if step:
        value = step * (int(low // step) + 1 if low is not None else 1)
        return int(value) if type_.kind is Kind.INT else value
    if low is None and high is None:
        return 1
    if low is None:
        return int(high) - 1 if high is not None else 1
    if high is None:
        return int(low) + 1
    middle = (low + high) / 2
    whole = int(low) + 1
    if type_.kind is Kind.INT or low < whole < high:
        return whole if whole < high or limits.get("le") == whole else int(low)
    return float(middle)


def _sample_text(one: FieldView) -> str:
    pattern = one.limits.get("pattern")
    least, most = int(one.limits.get("min_length", 0)), int(one.limits.get("max_length", 200))
    if pattern:
        return matching_text(pattern, least, most) or ""
    if names_secret(one.wire):
        return placeholder(one.wire, least, most)
    text = _texts(one)
    if len(text) < least:
        text += "x" * (least - len(text))
    return text[:most]


def _texts(one: FieldView) -> str:
    parts = words(one.design)
    if parts[-1:] == ["email"]:
        return "person@example.com"
    if parts[-1:] in (["at"], ["timestamp"]) or "date" in parts:
        return _MOMENT
    return f"{'-'.join(parts[:4]) or 'text'}-1"


def strategy(model: ModelView, models: Models) -> tuple[list[str], list[str]]:
    """Entries of a fixed dictionary: those of required and those of optional fields."""
    required: list[str] = []
    optional: list[str] = []
    for one in model.fields:
        text = _strategy(one.type, one, models)
        if text is None:
            continue
        name = py_str(one.wire)
        entry = f"{name}: {_wrapped(text, 12, len(name) + 2)}"
        (required if one.required else optional).append(entry)
    return required, optional


def _wrapped(text: str, indent: int, before: int) -> str:
    """A call on several lines where it does not fit on one."""
    if indent + before + len(text) + 1 <= WIDTH or not text.endswith(")") or "(" not in text:
        return text
    opening, rest = text.split("(", 1)
    return bracketed(f"{opening}(", _arguments(rest[:-1]), ")", indent, before=before, after=1)


def _arguments(text: str) -> list[str]:
    """The arguments of a call, split at commas outside brackets and quotes."""
    found, depth, quote, start = [], 0, "", 0
    for position, one in enumerate(text):
        if quote:
            quote = "" if one == quote and text[position - 1] != "\\" else quote
        elif one in "\"'":
            quote = one
        elif one in "([{":
            depth += 1
        elif one in ")]}":
            depth -= 1
        elif one == "," and depth == 0:
            found.append(text[start:position].strip())
            start = position + 1
    return [*found, text[start:].strip()]


def _strategy(type_: FieldType, one: FieldView, models: Models) -> str | None:
    if type_.kind is Kind.ENUM:
        values = [value for _, value in models.enums[type_.name].members]
        return f"st.sampled_from([{', '.join(map(py_str, values))}])"
    if type_.kind is Kind.MODEL:
        return f"st.just(SAMPLES[{py_str(models.classes[type_.name])}])"
    if type_.kind is Kind.LIST:
        item = _strategy(type_.item or FieldType(Kind.ANY), _unlimited(one), models)
        least = int(one.limits.get("min_length", 0))
        most = min(int(one.limits.get("max_length", least + 2)), least + 2)
        return f"st.lists({item}, min_size={least}, max_size={most})" if item else "st.just([])"
    if type_.kind is Kind.DICT:
        item = _strategy(type_.item or FieldType(Kind.ANY), _unlimited(one), models)
        return f"st.dictionaries(TEXT, {item}, max_size=2)" if item else "st.just({})"
    if type_.is_numeric:
        return _number_strategy(type_, one.limits)
    if type_.kind is Kind.STR:
        return _text_strategy(one)
    if type_.kind is Kind.LITERAL:
        return f"st.sampled_from([{', '.join(py_str(value) for value in type_.values)}])"
    return {
        Kind.BOOL: "st.booleans()",
        Kind.DATETIME: "MOMENTS",
        Kind.DATE: "DATES",
        Kind.TIME: 'st.just("09:30:00")',
        Kind.UUID: "st.uuids().map(str)",
        Kind.EMAIL: "EMAILS",
        Kind.ANY: "ANYTHING",
        Kind.OBJECT: "OBJECTS",
    }[type_.kind]


def _text_strategy(one: FieldView) -> str:
    if "pattern" in one.limits:
        pattern = str(one.limits["pattern"])
        if len(one.limits) == 1 and pattern.startswith("^") and pattern.endswith("$"):
            return f"st.from_regex(re.compile({py_regex(pattern)}, re.ASCII), fullmatch=True)"
        return f"st.just({py_str(_sample_text(one))})"
    least = int(one.limits.get("min_length", 0))
    most = int(one.limits.get("max_length", least + 40))
    return f"st.text(CHARACTERS, min_size={least}, max_size={min(most, least + 40)})"


def _number_strategy(type_: FieldType, limits: Mapping[str, Any]) -> str:
    sample = _sample_number(type_, limits)
    if "multiple_of" in limits:
        return f"st.just({sample})"
    low = max((limits[name] for name in ("ge", "gt") if name in limits), default=-(10**6))
    high = min(
        (limits[name] for name in ("le", "lt") if name in limits), default=max(low, 0) + 10**6
    )
    low = min(low, high) if "ge" in limits or "gt" in limits else min(low, high - 10**6)
    if type_.kind is Kind.INT:
        first = int(low) + (1 if "gt" in limits and limits["gt"] == low else 0)
        last = int(high) - (1 if "lt" in limits and limits["lt"] == high else 0)
        return f"st.integers({min(first, last)}, {last})" if first <= last else f"st.just({sample})"
    exclude = "".join(
        f", exclude_{side}=True" for side, name in (("min", "gt"), ("max", "lt")) if name in limits
    )
    if type_.kind is Kind.FLOAT:
        return f"st.floats({low}, {high}{exclude})" if low < high else f"st.just({sample})"
    if exclude or low >= high:
        whole = (int(low) + 1, int(high) - 1)
        return (
            f"st.integers({whole[0]}, {whole[1]})" if whole[0] <= whole[1] else f"st.just({sample})"
        )
    return f"st.decimals({low}, {high}, places=2).map(float)"

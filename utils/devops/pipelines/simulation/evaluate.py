"""What an expression is worth before anything has run.

Values that only exist at run time are `Unknown` and stay readable as `«steps.x.outputs.y»`; a
secret is `***` and never its value. Logic is three-valued: `false && unknown` is false.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.workflow.expressions import (
    Access,
    Call,
    Expression,
    ExpressionError,
    Literal,
    Name,
    Operation,
    embedded,
    parse,
)

MASK = "***"


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value nobody knows before the run; `text` says which."""

    text: str

    def __str__(self) -> str:
        return self.text if self.text == MASK else f"«{self.text}»"


Contexts = Mapping[str, Any]


def evaluate(tree: Expression, contexts: Contexts) -> Any:
    """The value of an expression, or Unknown."""
    if isinstance(tree, Literal):
        return tree.value
    if isinstance(tree, Name | Access):
        return _look_up(tree, contexts)
    if isinstance(tree, Call):
        return _call(tree, contexts)
    return _operate(tree, contexts)


def truth(value: Any) -> bool | None:
    """Whether GitHub takes a value for true; None when unknown."""
    if isinstance(value, Unknown):
        return None
    return value not in (None, False, 0, 0.0, "")


def condition(text: str, contexts: Contexts) -> bool | None:
    """The outcome of an `if:`; without a status function it also asks for success."""
    inside = text.strip()
    if inside.startswith("${{") and inside.endswith("}}") and inside.count("${{") == 1:
        inside = inside[3:-2]
    elif "${{" in inside:
        return True  # text around an expression is never empty, so GitHub takes it for true
    try:
        return truth(evaluate(parse(inside), contexts))
    except ExpressionError:
        return None


def fill_in(text: str, contexts: Contexts) -> str:
    """A text with its expressions replaced by what they are worth."""
    try:
        parts = list(embedded(text))
    except ExpressionError:
        return text
    for part in reversed(parts):
        try:
            value = render(evaluate(parse(part.inside), contexts))
        except ExpressionError:
            continue
        text = text[: part.at - 3] + value + text[part.at + len(part.inside) + 2 :]
    return text


def value_of(text: str, contexts: Contexts) -> Any:
    """The value of a text: of its type when it is one expression, else a text."""
    stripped = text.strip()
    if stripped.startswith("${{") and stripped.endswith("}}") and stripped.count("${{") == 1:
        try:
            return evaluate(parse(stripped[3:-2]), contexts)
        except ExpressionError:
            return Unknown(stripped[3:-2].strip())
    return fill_in(text, contexts)


def render(value: Any) -> str:
    """A value as it would appear in a text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | dict):
        return "Array" if isinstance(value, list) else "Object"
    return str(value)


def _look_up(tree: Expression, contexts: Contexts) -> Any:
    if isinstance(tree, Name):
        return contexts.get(tree.name.lower(), Unknown(tree.name))
    if not isinstance(tree, Access):
        return evaluate(tree, contexts)
    shown = _shown(tree)
    holder = _look_up(tree.of, contexts)
    if isinstance(holder, Unknown):
        return Unknown(shown) if holder.text != MASK else holder
    if tree.key is None and tree.index is None:
        return list(holder.values()) if isinstance(holder, dict) else holder
    key = tree.key if tree.key is not None else evaluate(tree.index, contexts)  # type: ignore[arg-type]
    return Unknown(shown) if isinstance(key, Unknown) else _item(holder, key)


def _shown(tree: Expression) -> str:
    """A chain of names as it is written."""
    keys: list[str] = []
    while isinstance(tree, Access):
        keys.append(tree.key or "*")
        tree = tree.of
    return ".".join([tree.name if isinstance(tree, Name) else "value", *reversed(keys)])


def _item(holder: Any, key: Any) -> Any:
    if isinstance(holder, list) and isinstance(key, str):
        return [_item(each, key) for each in holder]
    if isinstance(holder, list) and isinstance(key, int | float):
        return holder[int(key)] if 0 <= int(key) < len(holder) else None
    if isinstance(holder, Mapping):
        wanted = render(key).lower()
        return next((v for name, v in holder.items() if str(name).lower() == wanted), None)
    return None


def _operate(tree: Operation, contexts: Contexts) -> Any:
    if tree.operator in ("&&", "||"):
        return _logic(tree, contexts)
    values = [evaluate(part, contexts) for part in tree.parts]
    if tree.operator == "!":
        known = truth(values[0])
        return values[0] if known is None else not known
    unknown = next((value for value in values if isinstance(value, Unknown)), None)
    if unknown is not None:
        return unknown
    left, right = _comparable(values[0]), _comparable(values[1])
    if type(left) is not type(right):
        left, right = _number(left), _number(right)
    compare: dict[str, Callable[[Any, Any], bool]] = {
        "==": lambda a, b: bool(a == b),
        "!=": lambda a, b: bool(a != b),
        "<": lambda a, b: bool(a < b),
        "<=": lambda a, b: bool(a <= b),
        ">": lambda a, b: bool(a > b),
        ">=": lambda a, b: bool(a >= b),
    }
    try:
        return compare[tree.operator](left, right)
    except TypeError:
        return False


def _logic(tree: Operation, contexts: Contexts) -> Any:
    left = evaluate(tree.parts[0], contexts)
    decided = truth(left)
    settles = tree.operator == "||"
    if decided is settles:
        return left
    right = evaluate(tree.parts[1], contexts)
    if decided is None:
        return right if truth(right) is settles else left
    return right


def _comparable(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _number(value: Any) -> float:
    if value is None or value == "":
        return 0.0
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _call(tree: Call, contexts: Contexts) -> Any:
    values = [evaluate(argument, contexts) for argument in tree.arguments]
    statuses = {"success": True, "always": True, "failure": False, "cancelled": False}
    if tree.name in statuses:
        return contexts.get(f"{tree.name}()", statuses[tree.name])
    given = contexts.get(f"{tree.name}()")
    if callable(given):  # a running job can look into its files
        return given(values)
    function = _FUNCTIONS.get(tree.name)
    if function is None or tree.name == "hashfiles":
        return Unknown(f"{tree.name}()")
    unknown = next((value for value in values if isinstance(value, Unknown)), None)
    if unknown is not None and tree.name != "format":
        return unknown
    try:
        return function(values)
    except (ValueError, IndexError, TypeError):
        return Unknown(f"{tree.name}()")


def _contains(values: Sequence[Any]) -> bool:
    holder, wanted = values
    if isinstance(holder, list):
        return any(_comparable(each) == _comparable(wanted) for each in holder)
    return render(wanted).lower() in render(holder).lower()


def _format(values: Sequence[Any]) -> str:
    text = render(values[0])
    for index, value in enumerate(values[1:]):
        text = text.replace(f"{{{index}}}", render(value))
    return text.replace("{{", "{").replace("}}", "}")


def _join(values: Sequence[Any]) -> str:
    separator = render(values[1]) if len(values) > 1 else ","
    entries = values[0] if isinstance(values[0], list) else [values[0]]
    return separator.join(render(entry) for entry in entries)


_FUNCTIONS: Mapping[str, Callable[[Sequence[Any]], Any]] = {
    "contains": _contains,
    "startswith": lambda v: render(v[0]).lower().startswith(render(v[1]).lower()),
    "endswith": lambda v: render(v[0]).lower().endswith(render(v[1]).lower()),
    "format": _format,
    "join": _join,
    "tojson": lambda v: json.dumps(v[0], default=str),
    "fromjson": lambda v: json.loads(render(v[0])),
    "hashfiles": lambda _: None,
}

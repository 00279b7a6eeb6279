"""Text of the HCL language: values that stay data, and the layout `terraform fmt` expects.

Templates are written without alignment; `layout` gives them the indentation and the aligned `=`
that `terraform fmt -check` asks for, so that no template has to count spaces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from codegen.quoting import one_line

ENV = "{env}"
"""Stands for the environment's name in AWS names and settings: becomes `${var.environment}`."""

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_STRING = re.compile(r'"(?:\\.|[^"\\])*"')
_ASSIGN = re.compile(r"(?<![=!<>])=(?![=>])")
_INVISIBLE = r"\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
_LONE_SURROGATE = r"\ud800-\udfff"
_SPECIAL = re.compile(rf'[\\"{_INVISIBLE}{_LONE_SURROGATE}]|[$%]+\{{')
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def quote(text: str) -> str:
    """A quoted HCL string that evaluates to exactly `text`: nothing in it is interpolated.

    Characters that nobody sees are written as escapes, so that a reader is not misled; half a
    surrogate pair, which is no character, becomes the replacement character.
    """
    return f'"{_SPECIAL.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    found = match[0]
    if found[0] in "$%" and len(found) > 1:
        # `$${` is a literal `${`; only the last sign before the brace is doubled.
        return found[:-1] + found[-2] + "{"
    if "\ud800" <= found <= "\udfff":
        return "\\ufffd"
    return _ESCAPES.get(found) or f"\\u{ord(found):04x}"


def quote_name(text: str) -> str:
    """A quoted HCL string in which `{env}` is the environment's name and the rest is literal."""
    inner = "${var.environment}".join(quote(part)[1:-1] for part in text.split(ENV))
    return f'"{inner}"'


def comment(text: str) -> str:
    """Text for one comment line: whatever it holds, the comment ends with its line."""
    return one_line(text, 160)


def key(text: str) -> str:
    """A key of an object: bare where HCL allows it, else quoted."""
    return text if _IDENTIFIER.fullmatch(text) else quote(text)


def value(data: Any) -> str:
    """Plain data as a one-line HCL expression, strings taken literally."""
    if data is None:
        return "null"
    if isinstance(data, bool):
        return str(data).lower()
    if isinstance(data, (int, float)):
        return str(data)
    if isinstance(data, str):
        return quote(data)
    if isinstance(data, Mapping):
        inner = ", ".join(f"{key(str(name))} = {value(item)}" for name, item in data.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(data, Iterable):
        return f"[{', '.join(value(item) for item in data)}]"
    raise TypeError(f"{type(data).__name__} has no HCL form")


def layout(text: str) -> str:
    """Lay lines out as `terraform fmt` does: two spaces a level, `=` of neighbours aligned."""
    lines = list(_indented(_without_extra_blanks(text.splitlines())))
    for start, end in _assignment_runs(lines):
        _align(lines, start, end)
    return "\n".join(lines).rstrip("\n") + "\n"


def _without_extra_blanks(lines: Iterable[str]) -> Iterable[str]:
    """At most one empty line in a row, and none just inside a bracket."""
    held: str | None = None
    opened = True
    for raw in lines:
        line = raw.strip()
        if not line:
            held = "" if not opened else None
            continue
        if held is not None and not line.startswith(("}", "]", ")")):
            yield ""
        held = None
        opened = line.endswith(("{", "[", "("))
        yield line


def _indented(lines: Iterable[str]) -> Iterable[str]:
    depth = 0
    for line in lines:
        opening, closing = _brackets(line)
        leading = len(re.match(r"[\]})]*", line.replace(" ", ""))[0])  # type: ignore[index]
        yield "  " * max(depth - min(leading, 1), 0) + line if line else ""
        depth += _levels(opening - closing)


def _levels(net: int) -> int:
    """`terraform fmt` indents once for a line however many brackets it leaves open."""
    return (net > 0) - (net < 0)


def _code(line: str) -> str:
    """The line with its strings blanked out and its comment removed."""
    blanked = _STRING.sub(lambda found: '"' + "_" * (len(found[0]) - 2) + '"', line)
    return re.sub(r"(#|//).*$", "", blanked)


def _brackets(line: str) -> tuple[int, int]:
    code = _code(line)
    return sum(code.count(sign) for sign in "([{"), sum(code.count(sign) for sign in ")]}")


def _assign_column(line: str) -> int | None:
    """Where the `=` stands, if the line is a whole assignment."""
    code = _code(line)
    found = _ASSIGN.search(code)
    if not found or not code[: found.start()].strip():
        return None
    opening, closing = _brackets(code[found.start() :])
    return found.start() if opening == closing else None


def _assignment_runs(lines: list[str]) -> Iterable[tuple[int, int]]:
    start = None
    for number, line in enumerate([*lines, ""]):
        if _assign_column(line) is not None:
            start = number if start is None else start
        elif start is not None:
            yield start, number
            start = None


def _align(lines: list[str], start: int, end: int) -> None:
    parts = []
    for line in lines[start:end]:
        column = _assign_column(line)
        parts.append((line[:column].rstrip(), line[column:].lstrip("= ")))
    width = max(len(left) for left, _ in parts)
    lines[start:end] = [f"{left:<{width}} = {right}" for left, right in parts]

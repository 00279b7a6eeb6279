"""Values of a design, quoted for the language they land in.

Python comes out as `ruff format` leaves it at 100 columns, so that generated code needs no
formatter: what fits stays on one line, what does not goes one item a line with a trailing comma.
"""

from __future__ import annotations

import json
import re
import shlex
import textwrap
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

WIDTH = 100
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})


def py_str(text: str) -> str:
    """A Python string literal; in double quotes unless that needs more escapes."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    body = "".join(_escaped(character, quote) for character in text)
    return f"{quote}{body}{quote}"


def _escaped(character: str, quote: str) -> str:
    if character in (quote, "\\"):
        return f"\\{character}"
    if character in "\n\t\r":
        return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}[character]
    code = ord(character)
    if unicodedata.category(character) not in _INVISIBLE and code != 0xA0:
        return character
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def py_regex(text: str) -> str:
    """A Python literal of a regular expression: raw where it can be."""
    printable = all(unicodedata.category(one) not in _INVISIBLE for one in text)
    if "\\" in text and '"' not in text and printable and not text.endswith("\\"):
        return f'r"{text}"'
    return py_str(text)


def py_value(value: Any, indent: int = 0, *, before: int = 0, after: int = 0) -> str:
    """A JSON-like value as a Python literal.

    Args:
        indent: Column the line starts at that the value stands on.
        before: Characters before the value on that line.
        after: Characters that follow its last line.
    """
    if isinstance(value, str):
        return py_str(value)
    room = {"indent": indent, "before": before, "after": after}
    if isinstance(value, Mapping):
        return bracketed("{", [_entry(k, v, indent + 4) for k, v in value.items()], "}", **room)
    if isinstance(value, list | tuple):
        items = [py_value(item, indent + 4, after=1) for item in value]
        return bracketed("[", items, "]", **room)
    return repr(value)


def _entry(key: Any, value: Any, indent: int) -> str:
    name = py_value(key)
    return f"{name}: {py_value(value, indent, before=len(name) + 2, after=1)}"


def bracketed(
    opening: str,
    items: Sequence[str],
    closing: str,
    indent: int = 0,
    *,
    before: int = 0,
    after: int = 0,
) -> str:
    """`opening item, item closing`, on one line where it fits, else one item a line.

    Args:
        indent: Column the line with the opening starts at.
        before: Characters between that column and the opening.
        after: Characters that follow the closing on its line.
    """
    line = f"{opening}{', '.join(items)}{closing}"
    if not items or ("\n" not in line and indent + before + len(line) + after <= WIDTH):
        return line
    inner = " " * (indent + 4)
    return opening + "".join(f"\n{inner}{item}," for item in items) + f"\n{' ' * indent}{closing}"


def py_tuple(items: Sequence[str], indent: int = 0, *, before: int = 0) -> str:
    """A tuple of literals; `indent` is the column its line starts at."""
    if len(items) == 1:
        line = f"({items[0]},)"
        if indent + before + len(line) <= WIDTH and "\n" not in line:
            return line
        inner = " " * (indent + 4)
        return f"(\n{inner}{items[0]},\n{' ' * indent})"
    return bracketed("(", items, ")", indent, before=before)


def imports(lines: Iterable[str]) -> str:
    """An import block in isort's order from `module:name` and `module` entries."""
    plain: dict[int, set[str]] = {}
    members: dict[int, dict[str, set[str]]] = {}
    for line in lines:
        module, _, name = line.partition(":")
        section = _section(module)
        if name:
            members.setdefault(section, {}).setdefault(module, set()).add(name)
        else:
            plain.setdefault(section, set()).add(module)
    blocks = []
    for section in sorted({*plain, *members}):
        block = [f"import {module}" for module in sorted(plain.get(section, ()), key=_module_key)]
        for module in sorted(members.get(section, {}), key=_module_key):
            names = sorted(members[section][module], key=_member_key)
            plainly = [name for name in names if " as " not in name]
            block += [_from_import(module, plainly)] if plainly else []
            block += [_from_import(module, [name]) for name in names if name not in plainly]
        blocks.append("\n".join(block))
    return "\n\n".join(blocks)


def _from_import(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= WIDTH:
        return line
    return bracketed(f"from {module} import (", names, ")")


_STANDARD = frozenset(
    {
        "__future__", "base64", "collections", "dataclasses", "datetime", "decimal", "enum",
        "functools", "http", "importlib", "json", "os", "pathlib", "re", "typing", "uuid",
    }
)  # fmt: skip


def _section(module: str) -> int:
    root = module.split(" ")[0].split(".")[0]
    if root == "__future__":
        return 0
    if root in _STANDARD:
        return 1
    return 3 if root in ("src", "tests") else 2


def _module_key(module: str) -> tuple[list[tuple[int, int, str]], str]:
    return (_natural(module), module)


def _member_key(name: str) -> tuple[int, list[tuple[int, int, str]], str]:
    base = name.split(" as ")[0]
    kind = 0 if base.isupper() and len(base) > 1 else 1 if base[:1].isupper() else 2
    return (kind, _natural(base), base)


def _natural(name: str) -> list[tuple[int, int, str]]:
    """isort's order: case ignored, numbers by their size."""
    return [
        (0, int(part), "") if part.isdigit() else (1, 0, part)
        for part in re.split(r"(\d+)", name.lower())
        if part
    ]


def one_line(text: str, limit: int = 400) -> str:
    """The text on one line: white space folded, invisible characters gone, cut where it is long."""
    text = _visible(text)
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def _visible(text: str, keep: str = "") -> str:
    """The text with a space for each control, format or lone surrogate character."""
    return "".join(
        " " if one not in keep and unicodedata.category(one) in _INVISIBLE else one for one in text
    )


def sentence(text: str | None, default: str) -> str:
    """A design's words as the sentence of a docstring: capitalised, ended with a full stop."""
    line = one_line(text or "") or default
    line = line[:1].upper() + line[1:]
    return line if line.endswith((".", "!", "?", "…")) else f"{line}."


def docstring(text: str, indent: int = 0) -> str:
    r"""A docstring with its quotes; a text with a backslash or quotes cannot end or escape it.

    The first line may not start with a quote nor the last end with one or a backslash.
    """
    safe = _visible(text, keep="\n").replace("\\", "/").replace('"""', "'''").rstrip()
    if safe.endswith('"'):
        safe += "."
    if safe.startswith('"'):
        safe = f"The {safe}"
    pad = " " * indent
    paragraphs = [part for part in safe.split("\n\n") if part.strip()] or ["(no description)"]
    if len(paragraphs) == 1 and indent + len(paragraphs[0]) + 6 <= WIDTH:
        return f'"""{paragraphs[0]}"""'
    width = WIDTH - indent - (10 if len(paragraphs) == 1 else 3)
    wrapped = [
        "\n".join(textwrap.wrap(part, width, break_long_words=False, break_on_hyphens=False))
        for part in paragraphs
    ]
    body = "\n\n".join(wrapped)
    lines = body.split("\n")
    rest = [f"{pad}{line}" if line else "" for line in lines[1:]]
    if not rest:
        return f'"""{lines[0]}\n{pad}"""'
    return "\n".join([f'"""{lines[0]}', *rest, f'{pad}"""'])


def comment(text: str, indent: int = 0) -> str:
    """A Python comment of one or more lines."""
    lines = textwrap.wrap(one_line(text, 2000), WIDTH - indent - 2, break_long_words=False)
    return f"\n{' ' * indent}".join(f"# {line}" for line in lines)


def toml_str(text: str) -> str:
    """A basic TOML string."""
    return json.dumps(one_line(text), ensure_ascii=False).replace("\x7f", "\\u007f")


def yaml_str(text: str) -> str:
    """A double-quoted YAML scalar; its escapes are those of Python."""
    return f'"{"".join(_escaped(character, chr(34)) for character in text)}"'


_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#+!|~])")


def markdown(text: str) -> str:
    """Plain text inside Markdown: nothing in it is markup, nor a new line."""
    return _MARKDOWN.sub(r"\\\1", one_line(text))


def markdown_code(text: str) -> str:
    """A code span: as many backticks around it as it needs; a pipe would end a table's cell."""
    line = one_line(text).replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def shell(text: str) -> str:
    """One word of a shell command."""
    return shlex.quote(one_line(text))

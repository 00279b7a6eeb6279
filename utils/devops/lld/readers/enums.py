"""Enumerations from tables of values, lists and lines, and closed lists of values in a cell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.columns import Role, first_column, header_words, roles
from lld.facts import EnumFact, Fact, Trust
from lld.names import model_name, without_number
from lld.text import code_spans, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Item, Paragraph, Table

_VALUE = r"[A-Za-z][A-Za-z0-9_-]*"
_LIST = re.compile(
    rf"(?:^|[(:;]\s*|one of:?\s*|enum:?\s*)({_VALUE}(?:\s*[,|/]\s*{_VALUE}){{1,30}})(?:\)|$|;)",
    re.I,
)


def enum_values(text: str) -> tuple[str, ...]:
    """A closed list of upper-case values written in a cell: `PENDING, PAID, CANCELLED`."""
    spans = [s for s in code_spans(text) if re.fullmatch(r"[A-Z][A-Z0-9_]+", s)]
    if len(spans) > 1:
        return tuple(dict.fromkeys(spans))
    found = _LIST.search(text)
    if not found:
        return ()
    values = [value.strip() for value in re.split(r"[,|/]", found[1])]
    if not all(re.fullmatch(r"[A-Z][A-Z0-9_]*", value) for value in values):
        return ()
    return tuple(dict.fromkeys(values)) if "etc" not in text else ()


_TYPE_LIST = re.compile(r"(?:enum|one of|choice)\s*[(\[<{:]?\s*(.{3,300}?)\s*[)\]>}]?\Z", re.I)
_ITEM_OF_LIST = re.compile(r"[\"'`]?([A-Za-z][\w-]{0,60})[\"'`]?\Z")


def type_values(text: str) -> tuple[str, ...]:
    """The values that a type cell lists: `enum(ACTIVE, SUSPENDED)`, `ACTIVE | SUSPENDED`."""
    text = plain(text)
    found = _TYPE_LIST.match(text)
    parts = re.split(r"\s*[,|/]\s*", found[1] if found else text)
    values = [one[1] for part in parts if (one := _ITEM_OF_LIST.match(part.strip()))]
    if len(values) < 2 or len(values) != len(parts):
        return ()
    closed = found or all(value.isupper() for value in values) or "'" in text or '"' in text
    return tuple(dict.fromkeys(values)) if closed else ()


_ENUM_TITLE = re.compile(
    r"(?:enum(?:eration)?s?\b[:\s-]*)(\w+)|(\w+)\s+\(?enum(?:eration)?\b", re.I
)


def read_table(table: Table) -> Iterator[Fact]:
    """A table of values whose heading or caption says it is an enumeration."""
    columns = roles(table.header)
    first = first_column(table.header)
    title = table.caption or table.section.title
    found = _ENUM_TITLE.search(title)
    word = header_words(table.header[first])
    cells = [plain(row.cells[first]) for row in table.rows]
    values = tuple(cell for cell in cells if re.fullmatch(r"[\w-]+", cell))
    if not values or len(values) != len(table.rows):
        return
    if word == "enum" and len(table.header) > 1:
        return
    if found or columns.get(Role.ENUM_VALUE) == first:
        name = next((g for g in (found.groups() if found else ()) if g), None) or model_name(title)
        if name and name.lower() not in ("values", "definitions", "value", "s"):
            yield EnumFact(name, values, table.line, Trust.STATED)
    elif (
        word in _VALUE_WORDS
        and (name := _type_title(title))
        and Role.TYPE not in {role for role, at in columns.items() if at != first}
        and _are_constants(values)
    ):
        yield EnumFact(name, values, table.line, Trust.STATED)
    elif word in ("status", "value", "state", "role", "type", "category", "priority"):
        yield EnumFact(None, values, table.line, Trust.HINT)


def read_list(table: Table) -> Iterator[Fact]:
    """A table with one enumeration a row: `Enum | Values`."""
    columns = roles(table.header)
    first = first_column(table.header)
    if header_words(table.header[first]) not in ("enum", "enumeration", "enum name"):
        return
    value_column = columns.get(Role.VALUE, columns.get(Role.ENUM_VALUE))
    if value_column in (None, first):
        value_column = next(
            (i for i, cell in enumerate(table.header) if "value" in header_words(cell)), None
        )
    if value_column is None:
        return
    for row in table.rows:
        name = plain(row.cells[first])
        values = [v.strip(" `\"'") for v in re.split(r"[,|/]", plain(row.cells[value_column]))]
        if re.fullmatch(r"\w+", name) and len(values) > 1 and all(values):
            yield EnumFact(name, tuple(values), row.line, Trust.STATED)


_VALUE_WORDS = ("value", "code", "status", "state", "constant", "literal", "type", "name", "key")
_TYPE_TITLE = re.compile(r"([A-Z][a-z0-9]+(?:[A-Z][a-z0-9]+)+)(?: (?:values|codes|states))?\Z")


def _type_title(title: str) -> str | None:
    """The type that a caption or heading is the name of, as `JobStatus`, and nothing else."""
    found = _TYPE_TITLE.match(without_number(title))
    return found[1] if found else None


def _are_constants(values: tuple[str, ...]) -> bool:
    """Whether values look like those of an enumeration: several, all of one case."""
    same = all(v == v.upper() for v in values) or all(v == v.lower() for v in values)
    return len(values) > 1 and same and not any(value[0].isdigit() for value in values)


_ENUM_ITEM = re.compile(r"[*`\s]*([A-Za-z][\w-]*)[*`]*\s*(?:[:–—(=-].*)?\Z", re.S)


def read_item(item: Item) -> Iterator[Fact]:
    """`- PENDING` in a list that a heading or caption calls an enumeration."""
    title = item.caption or item.section.title
    found = _ENUM_TITLE.search(title) if "enum" in title.lower() else None
    value = _ENUM_ITEM.match(item.lines[0][:200])
    name = next((group for group in found.groups() if group), None) if found else None
    if name is None and item.caption and item.section.speaks_of("enum"):
        name = model_name(item.caption)
    if name is None and value and value[1].isupper() and item.lines[0].lstrip().startswith("`"):
        heading = without_number(item.section.title)
        name = heading if re.fullmatch(r"[A-Z][a-z]+(?:[A-Z][a-z]+)+", heading) else None
    if value and name and name.lower() not in ("values", "definitions", "s"):
        yield EnumFact(name, (value[1],), item.line, Trust.TOLD)


_LINE = re.compile(
    r"\W{0,4}(?:(?:the )?enum(?:eration)?\s+)?[`*]{0,3}([A-Z]\w+)[`*]{0,3}"
    r"(?P<kind>\s*\(?(?:enum(?:eration)?|values)\)?)?[`*]{0,2}"
    r"\s*(?::|=|is one of)\s*[*]{0,2}\s*(.+)\Z",
    re.I,
)


def read_line(block: Paragraph | Item) -> Iterator[Fact]:
    """`**Effect**: `ALLOW`, `DENY`` where enumerations are told, or in words that say so."""
    about = block.section.speaks_of("enum", "value set", "constants")
    for offset, text in enumerate(block.lines):
        yield from _under_heading(block, text[:600], block.line + offset)
        named = _TYPED_LINE.match(text[:80]) is not None
        if not about and not named and "enum" not in text.lower()[:80]:
            continue
        found = _LINE.match(text[:600])
        values = _listed(found[3]) if found else ()
        if named and not about and not _are_constants(values):
            continue
        if found and found[1][0].isupper() and found[1].lower() not in _NO_NAMES and values:
            yield EnumFact(found[1], values, block.line + offset, Trust.STATED)


_TYPED_LINE = re.compile(r"\W{0,4}[*`]{1,3}[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]+)+\b[*`: ]{2,6}")
_ONE_OF = re.compile(
    r"\W{0,4}(?:one of|(?:allowed |possible |valid )?values(?: are)?)\W{0,4}:?\s+(.+)\Z", re.I
)


def _under_heading(block: Paragraph | Item, text: str, line: int) -> Iterator[Fact]:
    """`One of: `cpu`, `memory`` below a heading that is the type's name."""
    title = without_number(block.section.title)
    if not re.fullmatch(r"[A-Z][a-z]+[A-Z]\w*", title):
        return
    found = _ONE_OF.match(text)
    alone = text.startswith("`") and not re.sub(r"`[^`]*`|[\s,|/.]", "", text)
    values = _listed(found[1] if found else text) if found or alone else ()
    if values:
        yield EnumFact(title, values, line, Trust.STATED)


_NO_NAMES = frozenset(
    ("enum", "enumeration", "values", "note", "example", "default", "type", "see")
)


def _listed(text: str) -> tuple[str, ...]:
    """A closed list at the end of a line: code spans, or words between bars or commas."""
    spans = code_spans(text)
    if len(spans) > 1 and not re.sub(r"`[^`]*`|[\s,|/.;]|\bor\b|\band\b", "", text):
        return tuple(dict.fromkeys(spans))
    inner = spans[0] if len(spans) == 1 and text.strip(" .").startswith("`") else plain(text)
    parts = [part.strip(" .\"'") for part in re.split(r"[,|/]", inner.strip("()[]{} "))]
    fit = all(re.fullmatch(r"[A-Za-z][\w-]*", part) for part in parts)
    return tuple(dict.fromkeys(parts)) if fit and len(parts) > 1 else ()

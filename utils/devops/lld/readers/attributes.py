"""Data models from attribute tables: what a heading or caption names, with typed rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lld.columns import Role, first_column, header_words, roles
from lld.facts import EnumFact, Fact, ModelFact, Trust
from lld.model import ModelField, ModelKind
from lld.names import index_name, is_generic, is_tail, model_name
from lld.text import code_spans, plain
from lld.types import is_optional_type, python_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Item, Row, Table

_IDENTIFIER = re.compile(r"[A-Za-z_$][\w.$]*(?:\[\])?\Z")
_ASIDE = (
    "environment",
    "configuration",
    "metric",
    "monitor",
    "alarm",
    "terraform",
    "logging",
    "nfr",
    "query param",
    "path param",
    "header",
    "tagging",
    "cognito",
    "error code",
)
_KEYS = re.compile(
    r"(?:(?:GSI|LSI)[_-]?\d+[_-]?)?(?:PK|SK)\Z|(?:entity_?type|type discriminator)\Z", re.I
)


def read_table(table: Table) -> Iterator[Fact]:
    """A model from an attribute table that has a name, and its lists of values."""
    columns = roles(table.header)
    first = first_column(table.header)
    naming = (Role.ATTRIBUTE, Role.FIELD, Role.NAME)
    named = any(columns.get(role) == first for role in naming) or (
        header_words(table.header[first]) == "property"
    )
    if not named or Role.TYPE not in columns or Role.KEY_TYPE in columns:
        return
    name = _name(table)
    if name is None:
        return
    fields = tuple(field for row in table.rows if (field := _field(row, columns, first)))
    if fields:
        yield ModelFact(name, ModelKind.ATTRIBUTE_TABLE, fields, table.line, Trust.STATED)


_API = (" api", "api ", "endpoint", "operations", "rest ")
_DATA = ("data model", "schema", "entit", "dynamodb", "model", "object")
_BODIES = ("Request", "Response", "Event", "Message", "Payload", "Body", "Dto", "DTO")


def _name(table: Table) -> str | None:
    if table.section.speaks_of(*_ASIDE):
        return None
    if table.caption and not is_tail(table.caption):
        return None if index_name(table.caption) else model_name(table.caption)
    in_api = table.section.speaks_of(*_API) and not table.section.speaks_of(*_DATA)
    for section in table.section.lineage()[:3]:
        if index_name(section.title):
            return None
        name = model_name(section.title)
        if name:
            return name if not in_api or name.endswith(_BODIES) else None
        if not is_generic(section.title):
            return None
    return None


def is_key_attribute(name: str) -> bool:
    """Whether an attribute exists for DynamoDB's sake: keys and the type discriminator."""
    return bool(_KEYS.match(name))


def _field(row: Row, columns: dict[Role, int], first: int) -> ModelField | None:
    name = plain(row.cells[first]).split(" ")[0].rstrip("*?")
    if not _IDENTIFIER.match(name) or is_key_attribute(name):
        return None
    written = row.cells[columns[Role.TYPE]]
    description = plain(row.cells[columns[Role.DESCRIPTION]]) if Role.DESCRIPTION in columns else ""
    constraints = plain(row.cells[columns[Role.CONSTRAINTS]]) if Role.CONSTRAINTS in columns else ""
    return ModelField(
        name,
        python_type(written),
        _required(row, columns, written, f"{description} {constraints}"),
        _limits(f"{constraints}; {description}", _default(row, columns)),
        None,
        description or constraints or None,
    )


_OPTIONAL = re.compile(r"\boptional\b|\bnullable\b|\bnot required\b", re.I)


def _required(row: Row, columns: dict[Role, int], written: str, text: str) -> bool:
    if Role.REQUIRED in columns:
        answer = plain(row.cells[columns[Role.REQUIRED]]).lower()
        return answer.startswith(
            ("y", "true", "required", "mandatory", "✓", "✅", "m", "x", "always")
        )
    return not (is_optional_type(written) or _OPTIONAL.search(text))


def _default(row: Row, columns: dict[Role, int]) -> str | None:
    if Role.DEFAULT not in columns:
        return None
    value = plain(row.cells[columns[Role.DEFAULT]])
    return None if value in ("", "-", "–", "None", "N/A", "none") else value


_VALUE = r"[A-Za-z][A-Za-z0-9_-]*"
_LIST = re.compile(
    rf"(?:^|[(:;]\s*|one of:?\s*|enum:?\s*)({_VALUE}(?:\s*[,|/]\s*{_VALUE}){{1,30}})(?:\)|$|;)",
    re.I,
)
_LENGTHS = re.compile(r"(\d+)\s*(?:-|–|to)\s*(\d+)\s*char", re.I)
_MAX_LENGTH = re.compile(
    r"max(?:imum)?\.?(?:\s*length)?:?\s*(\d+)\s*char|max\s*length:?\s*(\d+)", re.I
)
_MIN_LENGTH = re.compile(
    r"min(?:imum)?\.?(?:\s*length)?:?\s*(\d+)\s*char|min\s*length:?\s*(\d+)", re.I
)


def _limits(text: str, default: str | None) -> dict[str, Any]:
    """Constraints that the words of a row state, as JSON Schema keywords."""
    text = text[:400]
    found: dict[str, Any] = {}
    span = _LENGTHS.search(text)
    if span:
        found["minLength"], found["maxLength"] = int(span[1]), int(span[2])
    for keyword, pattern in (("maxLength", _MAX_LENGTH), ("minLength", _MIN_LENGTH)):
        limit = pattern.search(text)
        if limit and keyword not in found:
            found[keyword] = int(limit[1] or limit[2])
    values = enum_values(text)
    if values:
        found["enum"] = list(values)
    if default is not None:
        found["default"] = default
    return found


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


_ENUM_TITLE = re.compile(
    r"(?:enum(?:eration)?s?\b[:\s-]*)(\w+)|(\w+)\s+\(?enum(?:eration)?\b", re.I
)


def read_enum_table(table: Table) -> Iterator[Fact]:
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
    elif word in ("status", "value", "state", "role", "type", "category", "priority"):
        yield EnumFact(None, values, table.line, Trust.HINT)


def read_enum_list(table: Table) -> Iterator[Fact]:
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


_ENUM_ITEM = re.compile(r"[*`\s]*([A-Za-z][\w-]*)[*`]*\s*(?:[:–—(=-].*)?\Z", re.S)


def read_enum_item(item: Item) -> Iterator[Fact]:
    """`- PENDING` in a list that a heading or caption calls an enumeration."""
    title = item.caption or item.section.title
    found = _ENUM_TITLE.search(title) if "enum" in title.lower() else None
    value = _ENUM_ITEM.match(item.lines[0][:200])
    name = next((group for group in found.groups() if group), None) if found else None
    if value and name and name.lower() not in ("values", "definitions", "s"):
        yield EnumFact(name, (value[1],), item.line, Trust.TOLD)

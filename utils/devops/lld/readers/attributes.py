"""Data models from attribute tables: what a heading or caption names, with typed rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lld.columns import Role, first_column, header_words, roles
from lld.facts import Fact, ModelFact, Trust
from lld.model import ModelField, ModelKind
from lld.names import (
    index_name,
    is_generic,
    is_service_name,
    is_tail,
    model_name,
    spoken_name,
    without_number,
)
from lld.readers.enums import enum_values, type_values
from lld.text import plain
from lld.types import is_optional_type, is_simple_type, python_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Item, Row, Section, Table

_IDENTIFIER = re.compile(r"[A-Za-z_$][\w.$]*(?:\[\])?\Z")
_ASIDE = re.compile(
    r"\b(?:environment|configurations?|metrics?|monitor\w*|alarms?|terraform|logging|nfrs?"
    r"|(?:query|path) param\w*|headers?|tagging|cognito|error codes?)\b"
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
    name, trust = _name(table), Trust.STATED
    if name is None:
        said = _spoken_name(table)
        if said is None:
            return
        name, trust = said[0], Trust.STATED if said[1] else Trust.HINT
    fields = tuple(field for row in table.rows if (field := _field(row, columns, first)))
    if fields:
        yield ModelFact(name, ModelKind.ATTRIBUTE_TABLE, fields, table.line, trust)


_API = (" api", "api ", "endpoint", "operations", "rest ")
_DATA = ("data model", "schema", "entit", "dynamodb", "model", "object")
_BODIES = ("Request", "Response", "Event", "Message", "Payload", "Body", "Dto", "DTO")


def _is_aside(section: Section) -> bool:
    return any(_ASIDE.search(one.lowered) for one in section.lineage())


def _name(table: Table) -> str | None:
    if _is_aside(table.section):
        return None
    if table.caption and not is_tail(table.caption):
        return None if index_name(table.caption) else model_name(table.caption)
    in_api = table.section.speaks_of(*_API) and not table.section.speaks_of(*_DATA)
    for section in table.section.lineage()[:3]:
        if index_name(section.title):
            return None
        name = model_name(section.title) or _bare_name(section)
        if name and is_service_name(name):
            return None
        if name:
            return name if not in_api or name.endswith(_BODIES) else None
        if not is_generic(section.title):
            return None
    return None


_BARE = frozenset(("Record", "Item", "Document", "Event", "Message"))


def _bare_name(section: Section) -> str | None:
    """`Record` below `Types`: a word that elsewhere only says what kind of thing a table is."""
    title = without_number(section.title)
    around = section.parent
    return title if title in _BARE and around is not None and is_generic(around.title) else None


def _spoken_name(table: Table) -> tuple[str, bool] | None:
    """What a caption, or else the heading, calls the table's type in plain words."""
    title = table.caption or table.section.title
    if _is_aside(table.section) or _ASIDE.search(title.lower()) or index_name(title):
        return None
    return spoken_name(title)


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
        _limits(f"{constraints}; {description}", written, _default(row, columns)),
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


_LENGTHS = re.compile(r"(\d+)\s*(?:-|–|to)\s*(\d+)\s*char", re.I)
_MAX_LENGTH = re.compile(
    r"max(?:imum)?\.?(?:\s*length)?:?\s*(\d+)\s*char|max\s*length:?\s*(\d+)", re.I
)
_MIN_LENGTH = re.compile(
    r"min(?:imum)?\.?(?:\s*length)?:?\s*(\d+)\s*char|min\s*length:?\s*(\d+)", re.I
)


def _limits(text: str, written: str, default: str | None) -> dict[str, Any]:
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
    values = type_values(written) or enum_values(text)
    if values:
        found["enum"] = list(values)
    if default is not None:
        found["default"] = default
    return found


_FIELD_ITEM = re.compile(
    r"(?:`|\*\*`?)([A-Za-z_]\w*)(?:`?\*\*|`)\s*(?:\(([^()]{2,120}(?:\([^()]*\)[^()]*)?)\)"
    r"|:\s*([A-Za-z][\w\[\]<>]*\??)(?=\s*(?:[,;(–—-]|\Z)))\s*(?:[:,;–—-]\s*(.*))?\Z",
    re.S,
)
_FIELD_PLACES = ("data", "model", "schema", "entit", "type", "object", "dto", "payload")


def read_field_item(item: Item) -> Iterator[Fact]:
    """`` - `email` (string, required): address `` below a heading that names a model."""
    found = _FIELD_ITEM.match(" ".join(item.lines)[:600])
    if not found or item.depth > 1 or is_key_attribute(found[1]):
        return
    written = found[2] or found[3]
    kind = python_type(re.split(r"[,;:]", written)[0])
    name = model_name(item.caption) if item.caption else model_name(item.section.title)
    if kind is None or name is None or not _is_type(written):
        return
    if _is_aside(item.section) or not item.section.speaks_of(*_FIELD_PLACES):
        return
    required = not (_OPTIONAL.search(written) or is_optional_type(written))
    limits = _limits(written, "", None)
    field = ModelField(found[1], kind, required, limits, None, plain(found[4] or "") or None)
    yield ModelFact(name, ModelKind.ATTRIBUTE_TABLE, (field,), item.line, Trust.TOLD)


def _is_type(written: str) -> bool:
    first = re.split(r"[,;:<\[( ]", written.strip())[0].lower()
    return is_simple_type(first)

"""Keys among the rows of an attribute table: an entity, an index, or a table with plain keys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.columns import Role, first_column
from lld.model import IndexKey
from lld.names import entity_name, index_name, is_generic
from lld.readers.key_cells import (
    INDEX_ATTRIBUTE,
    KeyCell,
    is_pattern,
    key_cell,
    key_role,
    pattern_in,
)
from lld.readers.key_statements import announced_index, key_facts
from lld.text import first_code, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Row, Table
    from lld.facts import Fact

_NAMING = (Role.ATTRIBUTE, Role.FIELD, Role.PROPERTY, Role.NAME, Role.KEY)
_TELLING = (
    Role.PATTERN,
    Role.VALUE,
    Role.DESCRIPTION,
    Role.EXAMPLE,
    Role.CONSTRAINTS,
    Role.KEY_TYPE,
    Role.KEY,
)


def read_attribute_rows(table: Table, columns: dict[Role, int]) -> Iterator[Fact]:
    """Key rows of an attribute table: an entity, an index, or a table with plain keys."""
    first = first_column(table.header)
    if not any(columns.get(role) == first for role in _NAMING):
        return
    attributes: dict[str, str] = {}
    patterns: dict[str, str] = {}
    index_keys: dict[str, dict[str, str]] = {}
    line = table.line
    announced = announced_index(table)
    told = [columns[role] for role in _TELLING if role in columns and columns[role] != first]
    kind = columns.get(Role.KEY_TYPE, columns.get(Role.KEY))
    for row in table.rows:
        name = plain(row.cells[first])
        role = key_role(name) or (_key_kind(row.cells[kind]) if kind not in (None, first) else None)
        of_index = INDEX_ATTRIBUTE.match(name)
        values = [row.cells[position] for position in told]
        if role is None and of_index and announced:
            role = of_index[2].lower()
        elif role is None and not of_index:
            role = _described_key(values)
        if of_index and not announced:
            index_keys.setdefault(of_index[1], {})[of_index[2].lower()] = _value(values) or ""
        elif role and role not in attributes:
            if columns.get(Role.VALUE) and _says_none(row.cells[columns[Role.VALUE]]):
                continue
            cell = key_cell(row.cells[first])
            attributes[role] = _attribute(row, cell, name, columns, role.upper())
            line = row.line if role == "pk" else line
            value = _value(values, is_named=" " not in name)
            if value:
                patterns[role] = value
    found = tuple(IndexKey(i, k.get("pk"), k.get("sk")) for i, k in index_keys.items())
    if not attributes.get("pk"):
        return
    shown = _are_examples(table, columns, patterns)
    yield from key_facts(
        table, line, attributes, patterns, _entity_title(table), found, are_examples=shown
    )


def _are_examples(table: Table, columns: dict[Role, int], patterns: dict[str, str]) -> bool:
    """Whether the values of the keys are those of one item, from a column of examples."""
    position = columns.get(Role.EXAMPLE)
    if position is None or any("{" in one or "<" in one for one in patterns.values()):
        return False
    shown = {plain(row.cells[position]) for row in table.rows}
    return any(re.search(r"#.*\d", one) and one in shown for one in patterns.values())


def _says_none(text: str) -> bool:
    return plain(text).lower() in ("", "-", "–", "—", "none", "n/a", "not used", "no")


def _attribute(row: Row, cell: KeyCell, name: str, columns: dict[Role, int], usual: str) -> str:
    """The attribute's name: the cell's own, or for a row `Partition Key` what its value names; a
    constant there, as `METADATA`, is the key's value and not its name."""
    if cell.attribute and key_role(cell.attribute) is None:
        return cell.attribute
    if " " in name and Role.VALUE in columns:
        value = key_cell(row.cells[columns[Role.VALUE]])
        named = value.attribute or ""
        is_constant = named.isupper() and len(named) > 2 and not INDEX_ATTRIBUTE.match(named)
        return usual if is_constant or not named else named
    return cell.attribute or name


def _key_kind(text: str) -> str | None:
    return key_role(plain(text).split("(")[0])


def _described_key(values: list[str]) -> str | None:
    """`Partition key` or `Sort key` at the start of what is said about a plain attribute."""
    for value in values:
        lowered = plain(value).lower()
        if (
            lowered.startswith(("partition key", "primary key", "hash key", "pk ", "pk,"))
            or lowered == "pk"
        ):
            return "pk"
        if lowered.startswith(("sort key", "range key", "sk ")) or lowered == "sk":
            return "sk"
    return None


def _value(values: list[str], *, is_named: bool = True) -> str | None:
    """The pattern or constant of a key among the telling cells of its row. In a row such as
    `Partition Key | `email``, which does not name the attribute itself, a plain word does."""
    for text in values:
        code = first_code(text)
        if code and not (is_named or is_pattern(code) or code.isupper()):
            continue
        if code and not code.lower().startswith(("pk", "sk")):
            return pattern_in(code)
        content = plain(text)
        found = re.search(r"([A-Za-z][\w-]*#[^\s,;)]*(?:#[^\s,;)]*)*)", content)
        if found:
            return found[1]
        if re.fullmatch(r"[A-Z][A-Z0-9_]+|\{\w+\}", content) and not key_role(content):
            return content
    return None


def _entity_title(table: Table) -> str | None:
    """The entity an attribute table is about, from its caption or the headings above it."""
    if table.caption and not is_generic(table.caption):
        name = entity_name(table.caption)
        if name:
            return name
    for section in table.section.lineage()[:3]:
        name = entity_name(section.title)
        if name:
            return name
        if not is_generic(section.title) and not index_name(section.title):
            return None
    return None

"""DynamoDB keys, indexes and entities from tables with a row an entity, index, table or key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.columns import Role, first_column, header_words, roles
from lld.facts import EntityFact, Fact, IndexFact, TableFact, Trust
from lld.model import IndexKey
from lld.names import index_name, is_index_cell
from lld.readers.access_patterns import read_access_patterns
from lld.readers.attribute_keys import read_attribute_rows
from lld.readers.key_cells import (
    ATTRIBUTE,
    INDEX_ATTRIBUTE,
    NUMBERED_KEYS,
    PARENTHESIS,
    TYPE_WORDS,
    KeyCell,
    key_cell,
    key_role,
    keys_in,
)
from lld.readers.key_statements import announced_index, is_about_indexes, key_facts
from lld.text import first_code, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Row, Table


def read_table(table: Table) -> Iterator[Fact]:
    """Send a table of keys to the reader of its form."""
    columns = roles(table.header)
    if Role.PK in columns and (
        Role.SK in columns or Role.INDEX in columns or Role.TABLE in columns
    ):
        yield from _pk_sk_table(table, columns)
    elif Role.INDEX in columns and columns[Role.INDEX] == first_column(table.header):
        yield from _index_list(table, columns, columns[Role.INDEX])
    elif columns.get(Role.NAME) == first_column(table.header) and is_about_indexes(table):
        yield from _index_list(table, columns, columns[Role.NAME])
    elif _is_key_structure(table, columns):
        yield from _key_structure(table, columns)
    elif Role.ACCESS_PATTERN in columns:
        yield from read_access_patterns(table, columns)
    else:
        yield from read_attribute_rows(table, columns)
        yield from _index_properties(table, columns)


def _is_key_structure(table: Table, columns: dict[Role, int]) -> bool:
    first = first_column(table.header)
    keyed = columns.get(Role.KEY) == first or columns.get(Role.KEY_TYPE) == first
    keyed = keyed or _key_column(table) == 0 != first
    return keyed and (Role.ATTRIBUTE in columns or Role.PATTERN in columns)


def _key_column(table: Table) -> int:
    """The first named column, or one without a name whose cells are `PK`, `SK`."""
    if not table.header[0] and any(key_role(plain(row.cells[0])) for row in table.rows[:10]):
        return 0
    return first_column(table.header)


_BASE_TABLE = frozenset(("primary", "table", "base table", "main", "main table", "primary key"))


def _pk_sk_table(table: Table, columns: dict[Role, int]) -> Iterator[Fact]:
    first = first_column(table.header)
    if Role.ACCESS_PATTERN in columns and columns[Role.ACCESS_PATTERN] == first:
        yield from read_access_patterns(table, columns)
        return
    tables = columns.get(Role.TABLE)
    if tables == first:
        yield from _table_list(table, columns)
        return
    announced = announced_index(table)
    naming = columns.get(Role.ENTITY, first)
    if naming == columns[Role.PK]:
        naming = columns.get(Role.DESCRIPTION, first)
    if header_words(table.header[first]) in ("operation", "query", "action"):
        return
    for row in table.rows:
        name = plain(row.cells[naming])
        pk = key_cell(row.cells[columns[Role.PK]])
        sk = key_cell(row.cells[columns[Role.SK]]) if Role.SK in columns else KeyCell()
        if name.lower() in _BASE_TABLE and pk.attribute:
            yield TableFact(None, row.line, Trust.TOLD, table.section, pk.attribute, sk.attribute)
        elif columns.get(Role.INDEX) == first or is_index_cell(name):
            yield from _index_row(table, row, columns, pk, sk)
        elif announced and (pk.attribute or pk.pattern):
            yield IndexFact(
                announced[0],
                row.line,
                Trust.STATED,
                table.section,
                announced[1],
                pk.attribute,
                sk.attribute,
            )
        elif name and (pk.pattern or pk.attribute):
            yield _entity_row(table, row, columns, name, pk, sk)


def _entity_row(
    table: Table, row: Row, columns: dict[Role, int], name: str, pk: KeyCell, sk: KeyCell
) -> EntityFact:
    index_keys: dict[str, dict[str, str]] = {}
    for position, header in enumerate(table.header):
        found = INDEX_ATTRIBUTE.match(plain(header).replace(" ", ""))
        if found and plain(row.cells[position]) not in ("", "-", "–", "N/A"):
            value = first_code(row.cells[position]) or plain(row.cells[position])
            index_keys.setdefault(found[1], {})[found[2].lower()] = value
    return EntityFact(
        name,
        row.line,
        Trust.STATED,
        table.section,
        pk.pattern or pk.attribute,
        sk.pattern or sk.attribute,
        _header_attribute(table.header[columns[Role.PK]]),
        _header_attribute(table.header[columns[Role.SK]]) if Role.SK in columns else None,
        tuple(IndexKey(i, keys.get("pk"), keys.get("sk")) for i, keys in index_keys.items()),
    )


def _header_attribute(header: str) -> str | None:
    """The attribute a key column stands for: `PK`, or what its parenthesis names."""
    text = plain(header)
    inner = PARENTHESIS.search(text)
    bare = PARENTHESIS.sub("", text).strip()
    if ATTRIBUTE.match(bare) and bare.lower() in ("pk", "sk"):
        return bare
    if inner and ATTRIBUTE.match(inner[1].strip()):
        return inner[1].strip()
    return None


def _index_row(
    table: Table, row: Row, columns: dict[Role, int], pk: KeyCell, sk: KeyCell
) -> Iterator[Fact]:
    position = columns.get(Role.INDEX, first_column(table.header))
    text = plain(row.cells[position])
    named = index_name(text) or (text.split("(")[0].strip(), None)
    if not named[0]:
        return
    projection = plain(row.cells[columns[Role.PROJECTION]]) if Role.PROJECTION in columns else None
    owner = plain(row.cells[columns[Role.TABLE]]) if Role.TABLE in columns else None
    yield IndexFact(
        named[0],
        row.line,
        Trust.STATED,
        table.section,
        named[1],
        pk.attribute or _from_header(table.header[columns[Role.PK]], named, pk),
        sk.attribute
        or (
            _from_header(table.header[columns[Role.SK]], named, sk) if Role.SK in columns else None
        ),
        projection or None,
        owner or None,
    )


def _from_header(header: str, named: tuple[str, str | None], cell: KeyCell) -> str | None:
    """The attribute that `PK (GSI1PK/GSI2PK)` gives for this row's index."""
    if cell.pattern is None:
        return None
    inner = PARENTHESIS.search(plain(header))
    if not inner:
        return None
    for attribute in re.split(r"[/,|]", inner[1]):
        name = attribute.strip()
        if any(known and name.lower().startswith(known.lower()) for known in named):
            return name
    return None


def _table_list(table: Table, columns: dict[Role, int]) -> Iterator[Fact]:
    for row in table.rows:
        name = first_code(row.cells[columns[Role.TABLE]]) or plain(row.cells[columns[Role.TABLE]])
        pk = key_cell(row.cells[columns[Role.PK]])
        sk = key_cell(row.cells[columns[Role.SK]]) if Role.SK in columns else KeyCell()
        if not name or not pk.attribute:
            continue
        yield TableFact(name, row.line, Trust.STATED, table.section, pk.attribute, sk.attribute)


def _index_list(table: Table, columns: dict[Role, int], naming: int) -> Iterator[Fact]:
    """An index table whose keys stand in one cell: `PK: email, SK: createdAt`."""
    for row in table.rows:
        text = plain(row.cells[naming])
        named = index_name(text) or (text, None)
        if not is_index_cell(text) and Role.PROJECTION not in columns and Role.KEY not in columns:
            continue
        rest = " ".join(c for i, c in enumerate(row.cells) if i != naming)
        pk, sk = keys_in(rest)
        if pk:
            yield IndexFact(named[0], row.line, Trust.STATED, table.section, named[1], pk, sk)


_INDEX_KEY = re.compile(
    r"(?:gsi|lsi|(?:global |local )?(?:secondary )?index(?:es)?)s?\s*(\d*)(?:\s*name)?\Z", re.I
)
_INDEX_NAMED = re.compile(r"(?:gsi|(?:secondary )?index)\s+([A-Za-z][\w-]+)\Z", re.I)
_INDEX_VALUE = re.compile(r"`?([A-Za-z][\w-]*)`?\s*[:(–—-]\s*(.+?)\)?\Z")
_TWO_KEYS = re.compile(
    r"`?([A-Za-z_]\w*)`?(?:\s*(?:/|,|\+|and)\s*`?([A-Za-z_]\w*)`?)?\s*(?:\(.*)?\Z"
)


def _index_properties(table: Table, columns: dict[Role, int]) -> Iterator[Fact]:
    """`GSI | ByState (state, createdAt)`, `GSI1 | GSI1PK / GSI1SK` among a table's properties."""
    first = first_column(table.header)
    first = 0 if not any(table.header) else first
    value = columns.get(Role.VALUE, first + 1)
    if len(table.header) > 3 or value == first or value >= len(table.header):
        return
    for row in table.rows:
        said = _INDEX_KEY.match(plain(row.cells[first]))
        named = _INDEX_NAMED.match(plain(row.cells[first])) if not said else None
        if named:
            yield from _index_property(table, row, "", f"{named[1]}: {row.cells[value]}")
        for text in re.split(r"<br\s*/?>|;", row.cells[value]) if said else ():
            yield from _index_property(table, row, said[1] if said else "", text.strip())


def _index_property(table: Table, row: Row, number: str, text: str) -> Iterator[Fact]:
    alias = f"GSI{number}" if number else None
    named = _INDEX_VALUE.match(text)
    keys = named[2] if named else text
    pk, sk = keys_in(keys)
    bare = _TWO_KEYS.match(keys)
    numbered = NUMBERED_KEYS.search(keys[:400])
    if pk is None and numbered:
        pk, sk = numbered[1], numbered[2]
    if pk is None and bare and (named or bare[2]):
        pk, sk = bare[1], bare[2]
    name = named[1] if named else alias
    if name and pk:
        yield IndexFact(name, row.line, Trust.STATED, table.section, alias, pk, sk)


_OF_INDEX = re.compile(r"(?:gsi|index)\s+([A-Za-z][\w-]*)\s+(.+)\Z", re.I)


def _keyed_index(table: Table, row: Row, first: int, columns: dict[Role, int]) -> Iterator[Fact]:
    """A row `GSI ByState PK | state` among the keys of a table."""
    said = plain(row.cells[first])
    found = _OF_INDEX.match(said) or INDEX_ATTRIBUTE.match(said.replace(" ", ""))
    role = key_role(found[2]) if found else None
    attribute = key_cell(row.cells[columns.get(Role.ATTRIBUTE, first)]).attribute
    if found and role and attribute:
        keys = (attribute, None) if role == "pk" else (None, attribute)
        yield IndexFact(found[1], row.line, Trust.STATED, table.section, None, *keys)


def _key_structure(table: Table, columns: dict[Role, int]) -> Iterator[Fact]:
    """Rows `PK (Partition Key) | attribute | pattern`."""
    attributes: dict[str, str] = {}
    patterns: dict[str, str] = {}
    line = table.line
    first = _key_column(table)
    told = columns.get(Role.PATTERN, columns.get(Role.VALUE))
    for row in table.rows:
        role = key_role(row.cells[first].split("(")[0]) or key_role(row.cells[first])
        if role is None:
            yield from _keyed_index(table, row, first, columns)
            continue
        line = row.line if role == "pk" else line
        attribute = row.cells[columns[Role.ATTRIBUTE]] if Role.ATTRIBUTE in columns else ""
        pattern = row.cells[told] if told is not None else ""
        found, shape = key_cell(attribute), key_cell(pattern)
        attributes[role] = found.attribute or plain(row.cells[first]).split(" ")[0]
        value = shape.pattern or shape.attribute
        if value and value.lower() not in TYPE_WORDS:
            patterns[role] = value
    yield from key_facts(table, line, attributes, patterns, None)

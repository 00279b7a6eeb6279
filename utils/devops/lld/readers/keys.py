"""DynamoDB tables, keys, indexes and entity key patterns from tables, lines and lists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lld.columns import Role, first_column, header_words, roles
from lld.facts import EntityFact, Fact, IndexFact, IndexUseFact, TableFact, Trust
from lld.model import AccessPattern, IndexKey
from lld.names import entity_name, index_name, is_generic, is_index_cell, without_number
from lld.text import LONGEST_CELL, code_spans, first_code, plain, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Item, Paragraph, Row, Section, Table

_PARENTHESIS = re.compile(r"\(([^()]*)\)")
_ATTRIBUTE = re.compile(r"[A-Za-z_][\w.:-]*\Z")
_TYPE_WORDS = vocabulary("string number binary s n b str int integer pattern type uuid")


@dataclass(frozen=True, slots=True)
class KeyCell:
    """What one cell says of a key: the attribute, the pattern of its value, or both."""

    attribute: str | None = None
    pattern: str | None = None


def key_cell(text: str) -> KeyCell:
    """Read `email (String)`, `GSI1PK = ORG#{name}`, `TENANT#{id}` or `PK (email)`."""
    text = text[:LONGEST_CELL]
    code = first_code(text)
    content = code or plain(text)
    if not content or content in ("-", "–", "—", "N/A", "n/a", "None", "none"):
        return KeyCell()
    before, equals, after = content.partition("=")
    if not equals and code is None and ": " in content:
        before, equals, after = content.partition(":")
    if equals and _ATTRIBUTE.match(before.strip()):
        value = after.strip().strip("`\"'")
        return KeyCell(before.strip(), value or None)
    if is_pattern(content):
        return KeyCell(None, _pattern(content))
    inner = _PARENTHESIS.search(plain(text))
    word = content.split("(")[0].split()[0] if content.split("(")[0].split() else ""
    if inner and key_role(word) and _names_attribute(inner[1]):
        return KeyCell(inner[1].strip())
    if _ATTRIBUTE.match(word):
        rest = plain(text)[len(word) :]
        found = re.search(r"([A-Z][A-Z0-9_]*#[^\s,;)]*)", rest)
        return KeyCell(word, found[1] if found else None)
    return KeyCell()


def is_pattern(text: str) -> bool:
    """Whether a cell holds the pattern of a key's value, not the name of an attribute."""
    return "#" in text or "{" in text or "<" in text


def _pattern(text: str) -> str:
    """A pattern without what is said about it."""
    quoted = text.strip().strip("`\"'")
    return re.split(r"\s+(?:-|–|—|\(|or\b|AND\b)", quoted)[0].strip() or quoted


def _names_attribute(text: str) -> bool:
    name = text.strip()
    return bool(_ATTRIBUTE.match(name)) and name.lower() not in _TYPE_WORDS | {
        "pk",
        "sk",
        "hash",
        "range",
    }


_PK_WORDS = frozenset(("pk", "partition key", "hash key", "primary key", "hash", "partition"))
_SK_WORDS = frozenset(("sk", "sort key", "range key", "range", "sort"))


def key_role(text: str) -> str | None:
    """`pk` or `sk` when the words name a key of the table itself."""
    folded = header_words(text)
    if folded in _PK_WORDS or folded.startswith(("partition key", "hash key")):
        return "pk"
    if folded in _SK_WORDS or folded.startswith(("sort key", "range key")):
        return "sk"
    return None


_INDEX_ATTRIBUTE = re.compile(r"((?:GSI|gsi|LSI|lsi)[_-]?\d+)[_-]?(PK|SK|pk|sk|Pk|Sk)\Z")


# --- tables --------------------------------------------------------------------------------------


def read_table(table: Table) -> Iterator[Fact]:
    """Send a table of keys to the reader of its form."""
    columns = roles(table.header)
    if Role.PK in columns and (
        Role.SK in columns or Role.INDEX in columns or Role.TABLE in columns
    ):
        yield from _pk_sk_table(table, columns)
    elif Role.INDEX in columns and columns[Role.INDEX] == first_column(table.header):
        yield from _index_list(table, columns)
    elif _is_key_structure(table, columns):
        yield from _key_structure(table, columns)
    elif Role.ACCESS_PATTERN in columns:
        yield from _access_patterns(table, columns)
    else:
        yield from _attribute_rows(table, columns)


def _is_key_structure(table: Table, columns: dict[Role, int]) -> bool:
    first = first_column(table.header)
    keyed = columns.get(Role.KEY) == first or columns.get(Role.KEY_TYPE) == first
    return keyed and (Role.ATTRIBUTE in columns or Role.PATTERN in columns)


_BASE_TABLE = frozenset(("primary", "table", "base table", "main", "main table", "primary key"))


def _pk_sk_table(table: Table, columns: dict[Role, int]) -> Iterator[Fact]:
    first = first_column(table.header)
    if Role.ACCESS_PATTERN in columns and columns[Role.ACCESS_PATTERN] == first:
        yield from _access_patterns(table, columns)
        return
    tables = columns.get(Role.TABLE)
    if tables == first:
        yield from _table_list(table, columns)
        return
    announced = _announced_index(table)
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
        found = _INDEX_ATTRIBUTE.match(plain(header).replace(" ", ""))
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
    inner = _PARENTHESIS.search(text)
    bare = _PARENTHESIS.sub("", text).strip()
    if _ATTRIBUTE.match(bare) and bare.lower() in ("pk", "sk"):
        return bare
    if inner and _ATTRIBUTE.match(inner[1].strip()):
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
    inner = _PARENTHESIS.search(plain(header))
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


def _index_list(table: Table, columns: dict[Role, int]) -> Iterator[Fact]:
    """An index table whose keys stand in one cell: `PK: email, SK: createdAt`."""
    for row in table.rows:
        text = plain(row.cells[columns[Role.INDEX]])
        named = index_name(text) or (text, None)
        if not is_index_cell(text) and Role.PROJECTION not in columns and Role.KEY not in columns:
            continue
        rest = " ".join(c for i, c in enumerate(row.cells) if i != columns[Role.INDEX])
        pk, sk = keys_in(rest)
        if pk:
            yield IndexFact(named[0], row.line, Trust.STATED, table.section, named[1], pk, sk)


def _announced_index(table: Table) -> tuple[str, str | None] | None:
    for title in (table.caption, table.section.title):
        named = index_name(title) if title else None
        if named:
            return named
    return None


def _key_structure(table: Table, columns: dict[Role, int]) -> Iterator[Fact]:
    """Rows `PK (Partition Key) | attribute | pattern`."""
    attributes: dict[str, str] = {}
    patterns: dict[str, str] = {}
    line = table.line
    first = first_column(table.header)
    for row in table.rows:
        role = key_role(row.cells[first].split("(")[0]) or key_role(row.cells[first])
        if role is None:
            continue
        line = row.line if role == "pk" else line
        attribute = row.cells[columns[Role.ATTRIBUTE]] if Role.ATTRIBUTE in columns else ""
        pattern = row.cells[columns[Role.PATTERN]] if Role.PATTERN in columns else ""
        found, shape = key_cell(attribute), key_cell(pattern)
        attributes[role] = found.attribute or plain(row.cells[first]).split(" ")[0]
        value = shape.pattern or shape.attribute
        if value and value.lower() not in _TYPE_WORDS:
            patterns[role] = value
    yield from _keys(table, line, attributes, patterns, None)


def _keys(
    table: Table,
    line: int,
    attributes: dict[str, str],
    patterns: dict[str, str],
    name: str | None,
    index_keys: tuple[IndexKey, ...] = (),
) -> Iterator[Fact]:
    if not attributes:
        return
    announced = _announced_index(table)
    if announced:
        yield IndexFact(
            announced[0],
            line,
            Trust.STATED,
            table.section,
            announced[1],
            attributes.get("pk"),
            attributes.get("sk"),
        )
        return
    yield TableFact(
        None, line, Trust.TOLD, table.section, attributes.get("pk"), attributes.get("sk")
    )
    if patterns.get("pk"):
        yield EntityFact(
            name or "",
            line,
            Trust.STATED if name else Trust.TOLD,
            table.section,
            patterns.get("pk"),
            patterns.get("sk"),
            attributes.get("pk"),
            attributes.get("sk"),
            index_keys,
        )


# --- attribute tables ----------------------------------------------------------------------------

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


def _attribute_rows(table: Table, columns: dict[Role, int]) -> Iterator[Fact]:
    """Key rows of an attribute table: an entity, an index, or a table with plain keys."""
    first = first_column(table.header)
    if not any(columns.get(role) == first for role in _NAMING):
        return
    attributes: dict[str, str] = {}
    patterns: dict[str, str] = {}
    index_keys: dict[str, dict[str, str]] = {}
    line = table.line
    told = [columns[role] for role in _TELLING if role in columns and columns[role] != first]
    kind = columns.get(Role.KEY_TYPE, columns.get(Role.KEY))
    for row in table.rows:
        name = plain(row.cells[first])
        role = key_role(name) or (_key_kind(row.cells[kind]) if kind not in (None, first) else None)
        of_index = _INDEX_ATTRIBUTE.match(name)
        values = [row.cells[position] for position in told]
        if role is None and not of_index:
            role = _described_key(values) if not _announced_index(table) else None
        if of_index and not _announced_index(table):
            index_keys.setdefault(of_index[1], {})[of_index[2].lower()] = _value(values) or ""
        elif role and role not in attributes:
            cell = key_cell(row.cells[first])
            attributes[role] = _attribute(row, cell, name, columns)
            line = row.line if role == "pk" else line
            value = _value(values)
            if value:
                patterns[role] = value
    found = tuple(IndexKey(i, k.get("pk"), k.get("sk")) for i, k in index_keys.items())
    if not attributes.get("pk"):
        return
    yield from _keys(table, line, attributes, patterns, _entity_title(table), found)


def _attribute(row: Row, cell: KeyCell, name: str, columns: dict[Role, int]) -> str:
    """The attribute's name: the cell's own, or for a row `Partition Key` what its value names."""
    if cell.attribute and key_role(cell.attribute) is None:
        return cell.attribute
    if " " in name and Role.VALUE in columns:
        value = key_cell(row.cells[columns[Role.VALUE]])
        return value.attribute or "PK"
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


def _value(values: list[str]) -> str | None:
    """The pattern or constant of a key among the telling cells of its row."""
    for text in values:
        code = first_code(text)
        if code and not code.lower().startswith(("pk", "sk")):
            return _pattern(code)
        content = plain(text)
        found = re.search(r"([A-Za-z][\w-]*#[^\s,;)]*(?:#[^\s,;)]*)*)", content)
        if found:
            return found[1]
        if re.fullmatch(r"[A-Z][A-Z0-9_]+|\{\w+\}", content):
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


# --- access patterns -----------------------------------------------------------------------------

_INDEX_IN_TEXT = re.compile(
    r"\b((?:GSI|LSI)[-_]?\d+|[A-Z][A-Za-z0-9]+Index|[a-z][\w-]*-index)(?![A-Za-z0-9]|_?[PS]K)"
)


def _access_patterns(table: Table, columns: dict[Role, int]) -> Iterator[Fact]:
    name_column = columns[Role.ACCESS_PATTERN]
    for row in table.rows:
        name = plain(row.cells[name_column])
        rest = [c for i, c in enumerate(row.cells) if i != name_column]
        text = plain(" ".join(rest))
        index = _INDEX_IN_TEXT.search(text)
        condition = _condition(row, columns)
        foreign = "table:" in text.lower() and index is not None
        if name:
            yield AccessPattern(name, row.line, index[1] if index else None, condition)
        if index and not foreign:
            yield IndexUseFact(index[1], row.line)


def _condition(row: Row, columns: dict[Role, int]) -> str | None:
    if Role.CONDITION in columns:
        return plain(row.cells[columns[Role.CONDITION]]) or None
    if Role.PK in columns:
        cells = [plain(row.cells[columns[Role.PK]])]
        if Role.SK in columns:
            cells.append(plain(row.cells[columns[Role.SK]]))
        return ", ".join(cell for cell in cells if cell) or None
    return None


# --- lines and lists -----------------------------------------------------------------------------

_PK_SAID = re.compile(
    r"(?:\bpk\b|partition[ _-]?key|hash[ _-]?key|\bhash\b)\**`?\s*"
    r"(?:\((?P<inner>[^()]*)\))?\s*\**\s*"
    r"(?:is|=|:|–|—|-|→)*\s*\**\s*`?(?P<value>[A-Za-z][\w#{}.<>$-]*)?",
    re.I,
)
_SK_SAID = re.compile(
    r"(?:\bsk\b|sort[ _-]?key|range[ _-]?key|\brange\b)\**`?\s*(?:\((?P<inner>[^()]*)\))?\s*\**\s*"
    r"(?:is|=|:|–|—|-|→)*\s*\**\s*`?(?P<value>[A-Za-z{][\w#{}.<>$-]*)?",
    re.I,
)


def keys_in(text: str) -> tuple[str | None, str | None]:
    """Attributes of the keys a line states: `PK: email, SK: createdAt`."""
    return _said(_PK_SAID, text), _said(_SK_SAID, text)


def _said(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text[:LONGEST_CELL])
    if not found:
        return None
    for candidate in (found["value"], found["inner"]):
        if candidate and _names_attribute(candidate) and not is_pattern(candidate):
            return candidate
    return None


_TABLE_NAME = re.compile(
    r"\s*\W{0,4}(?:dynamodb\s+)?table(?:\s+name)?\W{0,4}:\W{0,4}`?([A-Za-z][\w${}.<>-]+)`?", re.I
)
_KEY_LINE = re.compile(
    r"\s*\W{0,4}(pk|sk|partition key|sort key|hash key|range key|primary key)\b", re.I
)
_CONSTANT = re.compile(r"(?!(?:PK|SK)\Z)[A-Z][A-Z0-9_]{2,}\Z")
_TTL = re.compile(r"\W{0,4}ttl(?:\s+attribute)?\W{0,5}:\W{0,4}`?([A-Za-z]\w*)`?", re.I)


def read_paragraph(paragraph: Paragraph) -> Iterator[Fact]:
    """`**Table Name**: x`, `**Partition Key**: PK` and key lines below an index's caption."""
    for offset, line in enumerate(paragraph.lines):
        yield from _line(line, paragraph.line + offset, paragraph.section, "")


def read_item(item: Item) -> Iterator[Fact]:
    """The same lines as list items, and `- **GSI1**: PK=..., SK=...`."""
    text = " ".join(item.lines)
    named = _leading_index(text)
    if named:
        pk, sk = keys_in(text)
        if pk is None:
            pk, sk = _paired(text)
        if pk:
            yield IndexFact(named[0], item.line, Trust.TOLD, item.section, named[1], pk, sk)
        return
    yield from _line(text, item.line, item.section, item.caption)


_NUMBERED_KEYS = re.compile(r"\b((?:GSI|LSI)\d+[_-]?PK)\b.{0,20}?\b((?:GSI|LSI)\d+[_-]?SK)\b", re.I)


def _paired(text: str) -> tuple[str | None, str | None]:
    """Keys named without saying which is which: `GSI1PK / GSI1SK`, or two code spans in order."""
    numbered = _NUMBERED_KEYS.search(text[:LONGEST_CELL])
    if numbered:
        return numbered[1], numbered[2]
    spans = [span for span in code_spans(text) if not index_name(span)]
    names = [span for span in spans if _names_attribute(span) and not is_pattern(span)]
    if names and len(names) == len(spans) <= 2:
        return names[0], names[1] if len(names) > 1 else None
    return None, None


def _leading_index(text: str) -> tuple[str, str | None] | None:
    cut = plain(text[:200])
    for separator in (": ", " - ", " – ", " — "):
        head = cut.split(separator)[0]
        named = index_name(head)
        if named and len(head) < 60:
            second = index_name(cut.split(":")[0]) if ":" in cut else None
            return second or named
    return None


def _line(line: str, number: int, section: Section, caption: str) -> Iterator[Fact]:
    table = _TABLE_NAME.match(line)
    if table:
        yield TableFact(table[1], number, Trust.STATED, section)
        return
    ttl = _TTL.match(line)
    if ttl and ttl[1].lower() not in ("enabled", "disabled", "no", "none", "yes", "n"):
        yield TableFact(None, number, Trust.TOLD, section, ttl_attribute=ttl[1])
        return
    if not _KEY_LINE.match(line):
        return
    named = (index_name(caption) if caption else None) or index_name(section.title)
    pk, sk = keys_in(line)
    role = key_role(plain(line).lstrip("- ").split(":")[0].split("(")[0].split("=")[0])
    code = first_code(line)
    if code and not named and (is_pattern(code) or _CONSTANT.match(code)):
        yield EntityFact(
            _line_entity(section, caption),
            number,
            Trust.TOLD,
            section,
            code if role == "pk" else None,
            code if role == "sk" else None,
        )
        return
    bare = plain(line).lstrip("- ").split()[0].rstrip(":") if plain(line).lstrip("- ") else ""
    if role == "pk" and pk is None and bare in ("PK", "pk"):
        pk = bare
    if role == "sk" and sk is None and bare in ("SK", "sk"):
        sk = bare
    if not pk and not sk:
        return
    if named:
        yield IndexFact(named[0], number, Trust.TOLD, section, named[1], pk, sk)
    else:
        yield TableFact(None, number, Trust.TOLD, section, pk, sk)


def _line_entity(section: Section, caption: str) -> str:
    for title in (caption, *(s.title for s in section.lineage()[:2])):
        name = entity_name(title) if title else None
        if name:
            return name
    return ""


_TABLE_TITLE = re.compile(
    r"(?:dynamodb\s+)?table\s*\d*\s*[:–—-]\s*([\w${}.-]+)|([\w${}.-]*[a-z][\w${}]*-[\w${}.-]+)\s+table\Z",
    re.I,
)


def read_heading_table(section: Section, line: int) -> Iterator[Fact]:
    """`#### Table: bbws-orders-{env}`."""
    found = _TABLE_TITLE.match(without_number(section.title))
    name = (found[1] or found[2]) if found else None
    if name and ("-" in name or "_" in name or "{" in name):
        yield TableFact(name, line, Trust.STATED, section)

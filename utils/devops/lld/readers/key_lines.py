"""Tables and keys from lines, lists and headings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.facts import EntityFact, Fact, IndexFact, TableFact, Trust
from lld.names import entity_name, index_name, without_number
from lld.readers.index_lines import index_item, leads_with_index, several_indexes
from lld.readers.key_cells import is_pattern, key_role, keys_in
from lld.text import LONGEST_CELL, first_code, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Item, Paragraph, Section

_TABLE_NAME = re.compile(
    r"\s*\W{0,4}(?:(?:dynamodb\s+)?table(?:\s+name)?|physical(?:\s+table)?\s+name)\W{0,4}:\W{0,4}`?([A-Za-z][\w${}.<>-]+)`?",
    re.I,
)
_TABLE_SAID = re.compile(
    r"\s*(?:the |our |a |one |single )*(?:amazon |aws )?(?:dynamodb,? )?table\s*"
    r"(?:named |called |is )?"
    r"(?:\*{0,2}`([^`]{3,80})`|\*\*([^*`]{3,80})\*\*)|"
    r"\s*(?:`([^`]{3,80})`|\*\*([^*`]{3,80})\*\*) (?:is )?(?:the |a |dynamodb )*table\b",
    re.I,
)
_RESOURCE_NAME = re.compile(r"[A-Za-z][\w.]*(?:[-_][\w.]+)*(?:[-_]?\$?\{[^{}]*\}|[-_]<\w+>)?\Z")
_STORED = ("data", "table", "storage", "dynamodb", "schema", "persist", "model", "database")
_KEY_LINE = re.compile(
    r"\s*\W{0,4}(pk|sk|partition key|sort key|hash key|range key|primary key|key schema|keys)\b",
    re.I,
)
_CALLED_KEY = re.compile(
    r"\s*(?:[*`-]+\s?){1,3}[A-Za-z_]\w*[*`]+\s*\((?:partition|hash|sort|range) key\b", re.I
)
_CONSTANT = re.compile(r"(?!(?:PK|SK)\Z)[A-Z][A-Z0-9_]{2,}\Z")
_TTL = re.compile(r"\W{0,4}ttl(?:\s+attribute)?\W{0,5}:\W{0,4}`?([A-Za-z]\w*)`?", re.I)


def read_paragraph(paragraph: Paragraph) -> Iterator[Fact]:
    """`**Table Name**: x`, `**Partition Key**: PK` and key lines below an index's caption."""
    for offset, line in enumerate(paragraph.lines):
        number = paragraph.line + offset
        indexes = several_indexes(line, number, paragraph.section)
        if indexes:
            yield from indexes
            continue
        entity = _said_entity(line, number, paragraph.section) if "`" in line else None
        if entity:
            yield entity
            continue
        yield from _line(line, number, paragraph.section, "")


def read_item(item: Item) -> Iterator[Fact]:
    """The same lines as list items, and `- **GSI1**: PK=..., SK=...`."""
    text = " ".join(item.lines)
    entity = _ENTITY_ITEM.match(text[:400])
    if entity and is_pattern(entity[2]) and item.section.speaks_of(*_STORED):
        name = entity_name(entity[1]) or entity[1]
        yield EntityFact(name, item.line, Trust.TOLD, item.section, entity[2], entity[3])
        return
    index = index_item(item, text)
    if index:
        yield index
    if index or leads_with_index(text):
        return
    yield from _line(text, item.line, item.section, item.caption)


_ENTITY_ITEM = re.compile(
    r"\W{0,3}([A-Z][\w ]{1,40}?)\W{0,2}\s*[:–—-]\s*(?:pk\W{0,5})?`([^`]{2,120})`"
    r"\s*(?:/|,|;|\||\+|and|&)\s*(?:sk\W{0,5})?`([^`]{2,120})`\s*(?:\(|[–—-]|\Z)",
    re.I,
)
_STORED_UNDER = re.compile(
    r"\bpk\W{0,4}[=:]\W{0,4}`([^`]{2,120})`\W{1,6}(?:and )?sk\W{0,4}[=:]\W{0,4}`([^`]{2,120})`"
    r"|`pk\s*[=:]\s*([^`]{2,120})`\W{1,6}(?:and )?`sk\s*[=:]\s*([^`]{2,120})`",
    re.I,
)
_NOT_STORED = ("access pattern", "quer", "api", "endpoint", "sequence", "troubleshoot", "test")
_ITEM_WORDS = re.compile(r"\b(?:items?|stored|saved|kept|records?)\b|\A\W*(?:with|where)\b", re.I)


def _said_entity(line: str, number: int, section: Section) -> EntityFact | None:
    """`Lines are stored as items: PK = `ORDER#{id}`, SK = `LINE#{no}``."""
    found = _STORED_UNDER.search(line[:600])
    if not found or section.speaks_of(*_NOT_STORED) or not _ITEM_WORDS.search(line):
        return None
    pk, sk = found[1] or found[3], found[2] or found[4]
    if not is_pattern(pk):
        return None
    name = entity_name(without_number(section.title)) or ""
    return EntityFact(name, number, Trust.TOLD, section, pk.strip(), sk.strip())


def _line(line: str, number: int, section: Section, caption: str) -> Iterator[Fact]:
    name = _table_said(line, section)
    if name:
        rest = line.partition(name)[2]
        keys = (_declared(_DECLARED_PK, rest), _declared(_DECLARED_SK, rest))
        yield TableFact(name, number, Trust.STATED, section, *keys)
        return
    ttl = _TTL.match(line)
    if ttl and ttl[1].lower() not in ("enabled", "disabled", "no", "none", "yes", "n"):
        yield TableFact(None, number, Trust.TOLD, section, ttl_attribute=ttl[1])
    elif _KEY_LINE.match(line) or _CALLED_KEY.match(line):
        yield from _key_line(line, number, section, caption)


_DECLARED_PK = re.compile(r"\b(?:pk|partition key|hash key)\W{0,4}`([A-Za-z_]\w*)`", re.I)
_DECLARED_SK = re.compile(r"\b(?:sk|sort key|range key)\W{0,4}`([A-Za-z_]\w*)`", re.I)


def _declared(pattern: re.Pattern[str], text: str) -> str | None:
    """The attribute of a key that a line states behind the table: ``; PK `id` (S), SK `sk` ``."""
    found = pattern.search(text[:LONGEST_CELL])
    return found[1] if found else None


def _table_said(line: str, section: Section) -> str | None:
    """The table that a line names: `**Table Name**: x`, or `The table `x`:` where data is told."""
    stated = _TABLE_NAME.match(line)
    if stated:
        return stated[1]
    said = _TABLE_SAID.match(line[:300]) if "able" in line else None
    name = next((group for group in said.groups() if group), "") if said else ""
    return name if name and is_resource_name(name) and section.speaks_of(*_STORED) else None


def _key_line(line: str, number: int, section: Section, caption: str) -> Iterator[Fact]:
    named = (index_name(caption) if caption else None) or index_name(section.title)
    text = plain(line).lstrip("- ")
    role = key_role(text.split(":")[0].split("(")[0].split("=")[0])
    code = first_code(line)
    if code and not named and (is_pattern(code) or _CONSTANT.match(code)):
        keys = (code if role == "pk" else None, code if role == "sk" else None)
        yield EntityFact(_line_entity(section, caption), number, Trust.TOLD, section, *keys)
        return
    pk, sk = keys_in(text if _CALLED_KEY.match(line) else line)
    bare = text.split()[0].rstrip(":") if text else ""
    said = next((word for word in (bare, code or "") if word.lower() == role), None)
    if role == "pk":
        pk = pk or said
    elif role == "sk":
        sk = sk or said
    if not pk and not sk:
        return
    title = without_number(section.title)
    if named:
        yield IndexFact(named[0], number, Trust.TOLD, section, named[1], pk, sk)
    elif _OF_AN_INDEX.search(caption):
        return  # its name stands in another line of the list, which the list's group knows
    elif is_resource_name(title):
        yield TableFact(title, section.line, Trust.STATED, section, pk, sk)
    else:
        yield TableFact(None, number, Trust.TOLD, section, pk, sk)


_OF_AN_INDEX = re.compile(r"\b(?:gsi|secondary index)\b", re.I)


def _line_entity(section: Section, caption: str) -> str:
    for title in (caption, *(s.title for s in section.lineage()[:2])):
        name = entity_name(title) if title else None
        if name:
            return name
    return ""


def is_resource_name(text: str) -> bool:
    """Whether a text is a name such as `bbws-orders-{env}`, and nothing else."""
    return bool(_RESOURCE_NAME.match(text)) and any(sign in text for sign in "-_{")


_TABLE_TITLE = re.compile(
    r"(?:single[ -]|main )?(?:dynamodb(?:\s+table)?|table)\s*\d*\s*[:–—-]\s*([\w${}.-]+)"
    r"|([\w${}.-]*[a-z][\w${}]*-[\w${}.-]+)\s+(?:\((?:single |main |dynamodb )*table\)|table)\Z"
    r"|(?:dynamodb\s+)?table\s+([a-z]\w*(?:-[\w${}.]+)+)\Z",
    re.I,
)


def read_heading_table(section: Section, line: int) -> Iterator[Fact]:
    """`#### Table: bbws-orders-{env}`."""
    found = _TABLE_TITLE.match(without_number(section.title))
    name = next((group for group in found.groups() if group), None) if found else None
    if name and ("-" in name or "_" in name or "{" in name):
        yield TableFact(name, line, Trust.STATED, section)

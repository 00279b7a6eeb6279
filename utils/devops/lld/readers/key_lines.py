"""Tables, keys and indexes from lines, lists and headings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.facts import EntityFact, Fact, IndexFact, TableFact, Trust
from lld.names import entity_name, index_name, is_index_name, without_number
from lld.readers.key_cells import INDEX_ATTRIBUTE, is_pattern, key_role, keys_in, names_attribute
from lld.text import LONGEST_CELL, code_spans, first_code, plain

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
        several = _several_indexes(line, number, paragraph.section)
        if several:
            yield from several
            continue
        index = _index_line(line, number, paragraph.section) if _INDEX_LINE.match(line) else None
        if index:
            yield index
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
    if _leading_index(text) or _of_indexes(item, text):
        index = _index_line(text, item.line, item.section) or _listed_index(item, text)
        if index:
            yield index
        return
    yield from _line(text, item.line, item.section, item.caption)


_ENTITY_ITEM = re.compile(
    r"\W{0,3}([A-Z][\w ]{1,40}?)\W{0,2}\s*[:–—-]\s*(?:pk\W{0,5})?`([^`]{2,120})`"
    r"\s*(?:/|,|;|\||\+|and|&)\s*(?:sk\W{0,5})?`([^`]{2,120})`\s*(?:\(|[–—-]|\Z)",
    re.I,
)
_INDEX_LINE = re.compile(
    r"\W{0,4}(?:(?:gsi|lsi)\d*|(?:(?:global |local )?secondary )?index)\b", re.I
)


def _index_line(text: str, line: int, section: Section) -> IndexFact | None:
    """`GSI1: PK=..., SK=...`, or `Index `ByState` (hash: `state`, range: `createdAt`)`."""
    named = _leading_index(text)
    if not named:
        return None
    pk, sk = keys_in(text.partition(named[0])[2])
    if pk is None:
        pk, sk = keys_in(text)
    if pk is None:
        pk, sk = _paired(text, named[0])
    return IndexFact(named[0], line, Trust.TOLD, section, named[1], pk, sk) if pk else None


_ALL_INDEXES = re.compile(
    r"\W{0,4}(?:gsis|(?:(?:global |local )?secondary )?index(?:es)|indices)\W{0,4}:(.+)",
    re.I | re.S,
)
_NAME_AND_KEYS = re.compile(r"[`*]{1,3}([A-Za-z][\w.-]*)[`*]{1,3}\s*\(([^()]{1,120})\)")
_NEXT_INDEX = re.compile(r"(?<=[.;])\s+(?=(?:GSI|LSI|Index)\b)")


def _several_indexes(text: str, line: int, section: Section) -> list[IndexFact]:
    """`Indexes: `byActor` (actor, timestamp) and `byId` (id)`, or a sentence for each."""
    listed = _ALL_INDEXES.match(text[:LONGEST_CELL])
    if not listed:
        parts = _NEXT_INDEX.split(text[:LONGEST_CELL]) if _INDEX_LINE.match(text) else []
        found = (_index_line(part, line, section) for part in parts) if len(parts) > 1 else ()
        return [index for index in found if index]
    made = []
    for name, said in _NAME_AND_KEYS.findall(listed[1]):
        pk, sk = keys_in(said)
        if pk is None:
            keys = [key.strip(" `") for key in re.split(r"[,/+]", said)]
            fit = len(keys) <= 2 and all(names_attribute(key) for key in keys)
            pk, sk = (keys[0], keys[1] if len(keys) > 1 else None) if fit else (None, None)
        if pk:
            made.append(IndexFact(name, line, Trust.TOLD, section, None, pk, sk))
    return made


_INDEXES = re.compile(r"\b(?:gsis?|(?:secondary )?index(?:es)?|indices)\b", re.I)
_LISTED_INDEX = re.compile(r"[`*]{1,3}([A-Za-z][\w.-]*)[`*]{1,3}\s*[:(–—-](.+)", re.S)


def _of_indexes(item: Item, text: str) -> bool:
    """Whether an item of a list of indexes begins with a name in code or bold."""
    about = item.caption or item.section.title
    return bool(_INDEXES.search(about)) and bool(_LISTED_INDEX.match(text[:400]))


def _listed_index(item: Item, text: str) -> IndexFact | None:
    """`- `by-category`: partition key `categoryId`, sort key `sku`` in a list of indexes."""
    found = _LISTED_INDEX.match(text[:400])
    if not found or key_role(found[1]) or INDEX_ATTRIBUTE.match(found[1]):
        return None
    pk, sk = keys_in(found[2])
    return IndexFact(found[1], item.line, Trust.TOLD, item.section, None, pk, sk) if pk else None


_NUMBERED_KEYS = re.compile(r"\b((?:GSI|LSI)\d+[_-]?PK)\b.{0,20}?\b((?:GSI|LSI)\d+[_-]?SK)\b", re.I)


def _paired(text: str, index: str) -> tuple[str | None, str | None]:
    """Keys named without saying which is which: `GSI1PK / GSI1SK`, or two code spans in order."""
    numbered = _NUMBERED_KEYS.search(text[:LONGEST_CELL])
    if numbered:
        return numbered[1], numbered[2]
    spans = [span for span in code_spans(text) if span != index and not index_name(span)]
    names = [span for span in spans if names_attribute(span) and not is_pattern(span)]
    if names and len(names) == len(spans) <= 2:
        return names[0], names[1] if len(names) > 1 else None
    return None, None


_INDEX_SAID = re.compile(
    r"\W{0,4}(?:gsi|(?:(?:global )?secondary )?index)\s*(\d*)[*\s]*:?[*\s]*"
    r"[`*]+([A-Za-z][\w.-]*)[`*](.{0,300})",
    re.I | re.S,
)
_KEY_WORDS = re.compile(r"\b(?:pk|sk|partition|hash|range|sort|key)\b", re.I)


def _leading_index(text: str) -> tuple[str, str | None] | None:
    said = _INDEX_SAID.match(text[:200])
    is_key = said and (key_role(said[2]) or INDEX_ATTRIBUTE.match(said[2]))
    if said and not is_key and (is_index_name(said[2]) or _KEY_WORDS.search(said[3])):
        return said[2], f"GSI{said[1]}" if said[1] else None
    cut = plain(text[:200])
    numbered = index_name(re.split(r"\s\(|\s[-–—]\s", cut)[0])
    if numbered and numbered[1] and numbered[0] != numbered[1]:
        return numbered
    for separator in (": ", " - ", " – ", " — "):
        head = cut.split(separator)[0]
        named = index_name(head)
        if named and len(head) < 60:
            second = index_name(cut.split(":")[0]) if ":" in cut else None
            return second or named
    return None


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
        yield TableFact(name, number, Trust.STATED, section)
        return
    ttl = _TTL.match(line)
    if ttl and ttl[1].lower() not in ("enabled", "disabled", "no", "none", "yes", "n"):
        yield TableFact(None, number, Trust.TOLD, section, ttl_attribute=ttl[1])
    elif _KEY_LINE.match(line) or _CALLED_KEY.match(line):
        yield from _key_line(line, number, section, caption)


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
    r"(?:dynamodb(?:\s+table)?|table)\s*\d*\s*[:–—-]\s*([\w${}.-]+)"
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

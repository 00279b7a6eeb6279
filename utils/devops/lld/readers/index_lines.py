"""Global secondary indexes from lines and lists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.facts import IndexFact, Trust
from lld.names import index_name, is_index_name
from lld.readers.key_cells import (
    INDEX_ATTRIBUTE,
    NUMBERED_KEYS,
    is_pattern,
    key_role,
    keys_in,
    names_attribute,
)
from lld.text import LONGEST_CELL, code_spans, plain

if TYPE_CHECKING:
    from lld.blocks import Item, Section

_INDEX_LINE = re.compile(
    r"\W{0,4}(?:(?:gsi|lsi)\d*|(?:(?:global |local )?secondary )?index)\b", re.I
)


def index_line(text: str, line: int, section: Section) -> IndexFact | None:
    """`GSI1: PK=..., SK=...`, or `Index `ByState` (hash: `state`, range: `createdAt`)`."""
    named = _leading_index(text)
    if not named:
        return None
    pk, sk = keys_in(text.partition(named[0])[2])
    if pk is None:
        pk, sk = keys_in(text)
    if pk is None:
        pk, sk = _paired(text, named[0])
    elif sk is None:
        added = re.search(
            rf"\b{re.escape(pk)}\b[`*]*\s*\([^()]*\)\s*[+,/&]\s*`([A-Za-z_]\w*)`", text
        )
        sk = added[1] if added else None
    return IndexFact(named[0], line, Trust.TOLD, section, named[1], pk, sk) if pk else None


_ALL_INDEXES = re.compile(
    r"\W{0,4}(?:gsis|(?:(?:global |local )?secondary )?index(?:es)|indices)\W{0,4}:(.+)",
    re.I | re.S,
)
_NAME_AND_KEYS = re.compile(r"[`*]{1,3}([A-Za-z][\w.-]*)[`*]{1,3}\s*\(([^()]{1,120})\)")
_NEXT_INDEX = re.compile(r"(?<=[.;])\s+(?=(?:GSI|LSI|Index)\b)")


def several_indexes(text: str, line: int, section: Section) -> list[IndexFact]:
    """`Indexes: `byActor` (actor, timestamp) and `byId` (id)`, or a sentence for each."""
    listed = _ALL_INDEXES.match(text[:LONGEST_CELL])
    if not listed:
        parts = _NEXT_INDEX.split(text[:LONGEST_CELL]) if _INDEX_LINE.match(text) else []
        return [index for part in parts if (index := index_line(part, line, section))]
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


def index_item(item: Item, text: str) -> IndexFact | None:
    """`- **GSI1**: PK=..., SK=...`, and `- `by-category`: partition key `categoryId`` in a list
    that a caption or heading calls one of indexes."""
    if _leading_index(text):
        return index_line(text, item.line, item.section)
    found = _LISTED_INDEX.match(text[:400])
    if not found or not _INDEXES.search(item.caption or item.section.title):
        return None
    if key_role(found[1]) or INDEX_ATTRIBUTE.match(found[1]):
        return None
    pk, sk = keys_in(found[2])
    return IndexFact(found[1], item.line, Trust.TOLD, item.section, None, pk, sk) if pk else None


def leads_with_index(text: str) -> bool:
    """Whether a line begins with an index, by its name or number."""
    return _leading_index(text) is not None


def _paired(text: str, index: str) -> tuple[str | None, str | None]:
    """Keys named without saying which is which: `GSI1PK / GSI1SK`, or two code spans in order."""
    numbered = NUMBERED_KEYS.search(text[:LONGEST_CELL])
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

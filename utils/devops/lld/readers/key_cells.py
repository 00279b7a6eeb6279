"""One cell or line about a key: the attribute, the pattern of its value, and which key it is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lld.columns import header_words
from lld.text import LONGEST_CELL, first_code, plain, vocabulary

PARENTHESIS = re.compile(r"\(([^()]*)\)")
ATTRIBUTE = re.compile(r"[A-Za-z_][\w.:-]*\Z")
TYPE_WORDS = vocabulary("string number binary s n b str int integer pattern type uuid")


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
    if equals and ATTRIBUTE.match(before.strip()):
        value = after.strip().strip("`\"'")
        return KeyCell(before.strip(), value or None)
    if is_pattern(content):
        before = plain(text).partition(content)[0].strip(" (=:") if code else ""
        return KeyCell(before if ATTRIBUTE.match(before) else None, pattern_in(content))
    inner = PARENTHESIS.search(plain(text))
    word = content.split("(")[0].split()[0] if content.split("(")[0].split() else ""
    if inner and key_role(word) and _names_key(inner[1]):
        return KeyCell(inner[1].strip())
    if ATTRIBUTE.match(word):
        rest = plain(text)[len(word) :]
        found = re.search(r"([A-Z][A-Z0-9_]*#[^\s,;)]*)", rest)
        return KeyCell(word, found[1] if found else None)
    return KeyCell()


def is_pattern(text: str) -> bool:
    """Whether a cell holds the pattern of a key's value, not the name of an attribute."""
    return "#" in text or "{" in text or "<" in text


def pattern_in(text: str) -> str:
    """A pattern without what is said about it."""
    quoted = text.strip().strip("`\"'")
    return re.split(r"\s+(?:-|–|—|\(|or\b|AND\b)", quoted)[0].strip() or quoted


def _names_key(text: str) -> bool:
    """Whether a parenthesis behind `PK` names the attribute, as `type`, and not its kind."""
    return names_attribute(text) or text.strip().lower() == "type"


def names_attribute(text: str) -> bool:
    name = text.strip()
    return bool(ATTRIBUTE.match(name)) and name.lower() not in TYPE_WORDS | {
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


INDEX_ATTRIBUTE = re.compile(r"((?:GSI|gsi|LSI|lsi)[_-]?\d+)[_-]?(PK|SK|pk|sk|Pk|Sk)\Z")


NUMBERED_KEYS = re.compile(
    r"\b((?:GSI|LSI)\d+[_-]?PK)\b.{0,60}?\b((?:GSI|LSI)\d+[_-]?SK)\b", re.I | re.S
)
"""Both keys of a numbered index: `GSI1PK / GSI1SK`."""

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
    pk, sk = _called(_CALLED_PK, text), _called(_CALLED_SK, text)
    return pk or _said(_PK_SAID, text), sk or _said(_SK_SAID, text)


_CALLED_PK = re.compile(r"`?([A-Za-z_]\w*)`?\s*\((?:pk|partition|hash)\b[^()]*\)", re.I)
_CALLED_SK = re.compile(r"`?([A-Za-z_]\w*)`?\s*\((?:sk|sort|range)\b[^()]*\)", re.I)


def _called(pattern: re.Pattern[str], text: str) -> str | None:
    """An attribute with its role behind it: `` `receivedAt` (sort) ``."""
    found = pattern.search(text[:LONGEST_CELL])
    bare = found[1] if found else ""
    return bare if bare and names_attribute(bare) and bare.lower() not in _KEY_NOUNS else None


_KEY_NOUNS = frozenset(("key", "attribute", "index", "primary", "pk", "sk"))


def _said(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text[:LONGEST_CELL])
    if not found:
        return None
    for candidate in (found["value"], found["inner"]):
        if candidate and names_attribute(candidate) and not is_pattern(candidate):
            return candidate
    return None

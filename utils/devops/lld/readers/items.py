"""DynamoDB items given as JSON examples: key attributes, and patterns of last resort."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.facts import EntityFact, Fact, IndexFact, Trust
from lld.names import entity_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Fence

_PAIR = re.compile(r"""["']([A-Za-z_][\w-]*)["']\s*:\s*["']([^"'\n]{0,200})["']""")
_INDEX_KEY = re.compile(r"((?:GSI|gsi)[_-]?\d+)[_-]?(PK|SK|pk|sk)\Z")
_COMMENT = re.compile(r"\s*(?:#|//)\s*(.{1,80})")


def read_items(fence: Fence) -> Iterator[Fact]:
    """Each object that has a `PK`; a block may hold several with comments between them."""
    text = fence.text
    if '"PK"' not in text and "'PK'" not in text and '"pk"' not in text:
        return
    title = ""
    pairs: dict[str, tuple[str, int]] = {}
    for offset, raw in enumerate(text.split("\n")[:5000]):
        line = raw[:400]
        comment = _COMMENT.match(line)
        if comment:
            title = comment[1]
        for name, value in _PAIR.findall(line):
            if name in ("PK", "pk") and pairs:
                yield from _item(pairs, title, fence)
                pairs = {}
            if name.lower() in ("pk", "sk") or _INDEX_KEY.match(name):
                pairs.setdefault(name, (value, fence.line + offset))
    if pairs:
        yield from _item(pairs, title, fence)


def _item(pairs: dict[str, tuple[str, int]], title: str, fence: Fence) -> Iterator[Fact]:
    pk_name = "PK" if "PK" in pairs else "pk"
    if pk_name not in pairs:
        return
    sk_name = "SK" if "SK" in pairs else "sk"
    keys: dict[str, dict[str, str]] = {}
    for attribute in pairs:
        found = _INDEX_KEY.match(attribute)
        if found:
            keys.setdefault(found[1], {})[found[2].lower()] = attribute
    for index, attributes in keys.items():
        yield IndexFact(
            index,
            fence.line,
            Trust.HINT,
            fence.section,
            None,
            attributes.get("pk"),
            attributes.get("sk"),
        )
    name = entity_name(title) or entity_name(fence.caption) or entity_name(fence.section.title)
    value, line = pairs[pk_name]
    yield EntityFact(
        name or "",
        line,
        Trust.HINT,
        fence.section,
        value,
        pairs[sk_name][0] if sk_name in pairs else None,
        pk_name,
        sk_name if sk_name in pairs else None,
    )

"""What the keys of a table or section amount to: an index when one is announced, else a table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.facts import EntityFact, Fact, IndexFact, TableFact, Trust
from lld.names import index_name, without_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Table
    from lld.model import IndexKey


def announced_index(table: Table) -> tuple[str, str | None] | None:
    """Name and alias of the index that a table's caption or heading is about."""
    for title in (table.caption, table.section.title):
        named = index_name(title) if title else None
        if named:
            return named
    return None


_INDEXES = re.compile(r"\b(?:gsis?|(?:secondary )?index(?:es)?|indices)\b", re.I)


def is_about_indexes(table: Table) -> bool:
    """Whether a table's caption, or else its heading, speaks of indexes."""
    return bool(_INDEXES.search(table.caption or table.section.title))


_TITLED = re.compile(
    r"(?:table:?\s+)?`?([a-z][\w.]*(?:-[\w.]+)+(?:-?\$?\{\w+\})?)`?(?:\s+\(?table\)?)?\Z", re.I
)


def _named_table(table: Table) -> str | None:
    """The DynamoDB table that a caption or heading names, as `bbws-orders-{env}`."""
    for title in (table.caption, without_number(table.section.title)):
        found = _TITLED.match(title.strip(" :")) if title else None
        if found and not index_name(title):
            return found[1]
    return None


def key_facts(
    table: Table,
    line: int,
    attributes: dict[str, str],
    patterns: dict[str, str],
    name: str | None,
    index_keys: tuple[IndexKey, ...] = (),
    *,
    are_examples: bool = False,
) -> Iterator[Fact]:
    """Facts for the attributes and patterns that the key rows of one table state."""
    if not attributes:
        return
    announced = announced_index(table)
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
    owner = _named_table(table)
    pk, sk = attributes.get("pk"), attributes.get("sk")
    if owner:
        yield TableFact(owner, table.line, Trust.STATED, table.section, pk, sk)
    else:
        yield TableFact(None, line, Trust.TOLD, table.section, pk, sk)
    if patterns.get("pk"):
        yield EntityFact(
            name or "",
            line,
            Trust.HINT if are_examples else Trust.STATED if name else Trust.TOLD,
            table.section,
            patterns.get("pk"),
            patterns.get("sk"),
            attributes.get("pk"),
            attributes.get("sk"),
            index_keys,
        )

"""Error codes, non-functional requirements and resource tags from their tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.columns import Role, first_column, header_words, roles
from lld.facts import Fact, PropertyFact, TagFact
from lld.model import ErrorCode, Requirement
from lld.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Table

_STATUS = re.compile(r"\b([1-5]\d\d)\b")
_CODE = re.compile(r"[A-Z][A-Z0-9]*(?:[_-][A-Z0-9]+)*\Z")
_REQUIREMENTS = (
    "nfr",
    "non-functional",
    "performance",
    "availability",
    "scalability",
    "retention",
    "reliability",
    "alarm",
    "rate limit",
    "throttl",
    "capacity",
    "sla",
)


def read_errors(table: Table) -> Iterator[Fact]:
    """`Code | HTTP Status | Description`, in any order."""
    columns = roles(table.header)
    code, status = columns.get(Role.CODE), columns.get(Role.STATUS)
    if code is None or status is None or code == status:
        return
    for row in table.rows:
        name, found = plain(row.cells[code]), _STATUS.search(row.cells[status])
        if _CODE.match(name) and not name.isdigit() and found:
            text = (
                plain(row.cells[columns[Role.DESCRIPTION]]) if Role.DESCRIPTION in columns else ""
            )
            yield ErrorCode(name, int(found[1]), text or None, row.line)


def read_requirements(table: Table) -> Iterator[Fact]:
    """`Metric | Target` in a section about requirements or alarms."""
    columns = roles(table.header)
    first = first_column(table.header)
    target = columns.get(Role.TARGET)
    if target in (None, first) or not table.section.speaks_of(*_REQUIREMENTS):
        return
    for row in table.rows:
        name, value = plain(row.cells[first]), plain(row.cells[target or 0])
        if name and value and value != "-":
            yield Requirement(name, value, row.line)


def read_tags(table: Table) -> Iterator[Fact]:
    """`Tag | Value`."""
    columns = roles(table.header)
    first = first_column(table.header)
    word = header_words(table.header[first])
    if columns.get(Role.TAG) != first and not (word == "key" and table.section.speaks_of("tag")):
        return
    value = columns.get(Role.VALUE, first + 1)
    if value == first or value >= len(table.header):
        return
    for row in table.rows:
        key = plain(row.cells[first])
        if re.fullmatch(r"[A-Za-z][\w:./-]*", key):
            yield TagFact(key, plain(row.cells[value]), row.line)


def read_history(table: Table) -> Iterator[Fact]:
    """`Version | Date | Author | Changes`: the last version of the document's own history."""
    words = [header_words(cell) for cell in table.header]
    if words[0] not in ("version", "ver") or not {"date", "author", "changes"} & set(words):
        return
    for row in table.rows[-1:]:
        yield PropertyFact(
            "history_version", row.cells[0], row.line, table.section, table.line, table.caption
        )

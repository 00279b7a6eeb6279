"""Access patterns: how the table is read, and by which index."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.columns import Role
from lld.facts import Fact, IndexUseFact
from lld.model import AccessPattern
from lld.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Row, Table

_INDEX_IN_TEXT = re.compile(
    r"\b((?:GSI|LSI)[-_]?\d+|[A-Z][A-Za-z0-9]+Index|[a-z][\w-]*-index)(?![A-Za-z0-9]|_?[PS]K)"
)


def read_access_patterns(table: Table, columns: dict[Role, int]) -> Iterator[Fact]:
    """One access pattern a row, and the index it needs."""
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

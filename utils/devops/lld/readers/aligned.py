"""Tables of keys drawn with spaces in a plain block: `PK   SK   Entity` above aligned rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.blocks import Row, Table
from lld.columns import Role, roles
from lld.readers import keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Fence
    from lld.facts import Fact

_GAP = re.compile(r"\s*\|\s*|\s{2,}|\t+")
_RULE = re.compile(r"[\s|+=─━┼-]+\Z")
_MOST_LINES = 300


def read_key_table(fence: Fence) -> Iterator[Fact]:
    """The rows below a header that names both keys, up to the first empty line."""
    if "PK" not in fence.text.upper() or "SK" not in fence.text.upper():
        return
    lines = fence.text.split("\n")[:_MOST_LINES]
    for position, line in enumerate(lines):
        header = _cells(line)
        found = roles(header) if len(header) > 1 else {}
        if Role.PK in found and Role.SK in found:
            rows = tuple(_rows(lines[position + 1 :], len(header), fence.line + position + 1))
            if rows:
                table = Table(fence.line + position, fence.section, fence.caption, header, rows)
                yield from keys.read_table(table)
            return


def _cells(line: str) -> tuple[str, ...]:
    return tuple(_GAP.split(line[:600].strip().strip("|│").strip()))


def _rows(lines: list[str], width: int, first: int) -> Iterator[Row]:
    for offset, line in enumerate(lines):
        if not line.strip():
            return
        if _RULE.match(line):
            continue
        cells = _cells(line)
        if len(cells) == width:
            yield Row(first + offset, cells)

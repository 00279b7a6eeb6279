"""Tables that an `aws dynamodb create-table` command states."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.facts import Fact, IndexFact, TableFact, Trust
from lld.text import LONGEST_CELL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Fence

_NAME = re.compile(r"--table-name[ =]+[\"']?([\w${}.<>-]+)")
_SCHEMA = re.compile(r"--key-schema[ =]+(.{1,400}?)(?=\s--|\Z)", re.S)
_KEY = re.compile(r"AttributeName=([\w.:-]+),\s*KeyType=(HASH|RANGE)")
_INDEX = re.compile(r"IndexName=([\w.-]+),\s*KeySchema=\[(.{1,300}?)\]\s*(?:,|\Z|[\"'\s])", re.S)


def read_create_table(fence: Fence) -> Iterator[Fact]:
    """The table, its keys and its indexes, of each command in the block."""
    text = fence.text[:100_000]
    if "create-table" not in text:
        return
    for start in re.finditer(r"dynamodb\s+create-table\b", text):
        command = text[start.end() : start.end() + LONGEST_CELL]
        command = re.split(r"(?<!\\)\n", command)[0]
        name, schema = _NAME.search(command), _SCHEMA.search(command)
        if not name or not schema:
            continue
        line = fence.line + text.count("\n", 0, start.start())
        pk, sk = _keys(schema[1])
        yield TableFact(name[1], line, Trust.FORMAL, fence.section, pk, sk)
        for index in _INDEX.finditer(command):
            pk, sk = _keys(index[2])
            yield IndexFact(
                index[1], line, Trust.FORMAL, fence.section, None, pk, sk, table=name[1]
            )


def _keys(text: str) -> tuple[str | None, str | None]:
    found = {kind: name for name, kind in _KEY.findall(text)}
    return found.get("HASH"), found.get("RANGE")

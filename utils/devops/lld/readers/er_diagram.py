"""Mermaid entity-relationship diagrams: an entity with attributes is a model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.facts import EntityFact, Fact, ModelFact, Trust
from lld.model import ModelField, ModelKind
from lld.names import camel
from lld.readers.attributes import is_key_attribute
from lld.types import is_optional_type, python_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Fence

_ENTITY = re.compile(r"\s*\"?([A-Za-z_][\w-]*)\"?\s*(?:\[[^\]]*\])?\s*\{\s*\Z")
_ATTRIBUTE = re.compile(
    r"\s*([A-Za-z_][\w\[\]()~<>-]*\??)\s+([A-Za-z_*][\w-]*)"
    r"(?:\s+(?:PK|FK|UK)(?:\s*,\s*(?:PK|FK|UK))*)?\s*(?:\"([^\"]*)\")?\s*\Z"
)


def read_er_diagram(fence: Fence) -> Iterator[Fact]:
    """The attributes between the braces of each entity; relations are not facts of a design."""
    name, start = "", 0
    rows: list[re.Match[str]] = []
    for offset, raw in enumerate(fence.text.split("\n")):
        line = raw[:400]
        if not name:
            opened = _ENTITY.match(line)
            if opened:
                name, start, rows = opened[1], fence.line + offset, []
        elif line.strip().startswith("}"):
            yield from _entity(name, rows, start, fence)
            name = ""
        else:
            found = _ATTRIBUTE.match(line)
            if found:
                rows.append(found)


def _entity(name: str, rows: list[re.Match[str]], line: int, fence: Fence) -> Iterator[Fact]:
    title = camel(name.lower() if name.isupper() else name)
    patterns = {row[2].upper(): row[3] for row in rows if row[2].upper() in ("PK", "SK")}
    if "#" in (patterns.get("PK") or ""):
        pk, sk = patterns["PK"], patterns.get("SK")
        yield EntityFact(title, line, Trust.DRAWN, fence.section, pk, sk or None)
    fields = {
        row[2].lstrip("*"): ModelField(
            row[2].lstrip("*"),
            python_type(row[1]),
            not is_optional_type(row[1]),
            description=row[3] or None,
        )
        for row in rows
        if not is_key_attribute(row[2])
    }
    if fields:
        kind = ModelKind.CLASS_DIAGRAM
        yield ModelFact(title, kind, tuple(fields.values()), line, Trust.DRAWN)

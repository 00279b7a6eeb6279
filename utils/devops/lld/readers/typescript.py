"""TypeScript interfaces, types and enumerations, line by line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lld.facts import EnumFact, Fact, ModelFact, Trust
from lld.model import ModelField, ModelKind
from lld.types import is_optional_type, python_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Fence

_OPEN = re.compile(
    r"\s*(?:export\s+)?(?:declare\s+)?(?:const\s+)?(interface|enum|type)\s+(\w+)[^{=]*=?\s*\{"
)
_UNION = re.compile(r"\s*(?:export\s+)?type\s+(\w+)\s*=\s*((?:\|?\s*['\"][\w -]+['\"]\s*)+);?\s*\Z")
_FIELD = re.compile(
    r"\s*(?:readonly\s+)?['\"]?(\w+)['\"]?(\?)?\s*:\s*"
    r"((?:[^;,<>/]|<[^;]*>|/(?!/))+)[;,]?\s*(?://.*|/\*.*)?\Z"
)
_MEMBER = re.compile(r"\s*(\w+)\s*(?:=\s*['\"]?([^'\",]+)['\"]?)?\s*,?\s*(?://.*)?\Z")


def read_typescript(fence: Fence) -> Iterator[Fact]:
    """Every interface, object type, enumeration and union of literals."""
    opened: _Declaration | None = None
    for offset, raw in enumerate(fence.text.split("\n")[:5000]):
        line = raw[:400]
        if opened is None:
            yield from _union(line, fence.line + offset)
            start = _OPEN.match(line)
            if start:
                opened = _Declaration(start[1], start[2], fence.line + offset)
                yield from opened.whole(line[start.end() :])
                opened = opened if line.count("{") > line.count("}") else None
            continue
        opened.take(line)
        if opened.depth <= 0:
            yield from opened.facts()
            opened = None


def _union(line: str, number: int) -> Iterator[Fact]:
    found = _UNION.match(line)
    if found:
        values = re.findall(r"['\"]([\w -]+)['\"]", found[2])
        yield EnumFact(found[1], tuple(values), number, Trust.TOLD)


@dataclass(slots=True)
class _Declaration:
    """An interface, type or enumeration while its lines go by."""

    kind: str
    name: str
    line: int
    depth: int = 1
    fields: dict[str, ModelField] = field(default_factory=dict)
    values: list[str] = field(default_factory=list)

    def whole(self, rest: str) -> Iterator[Fact]:
        """The facts of a declaration that closes on its own line: `enum A { B, C }`."""
        inner, closed, _ = rest.partition("}")
        if not closed or "{" in inner:
            return
        for part in re.split(r"[,;]" if self.kind == "enum" else ";", inner):
            if part.strip():
                self.take(part)
        yield from self.facts()

    def take(self, line: str) -> None:
        if self.depth == 1 and self.kind == "enum":
            member = _MEMBER.match(line)
            if member:
                self.values.append(member[2] or member[1])
        elif self.depth == 1:
            found = _field(line)
            if found:
                self.fields[found.name] = found
        self.depth += line.count("{") - line.count("}")

    def facts(self) -> Iterator[Fact]:
        if self.kind == "enum" and self.values:
            yield EnumFact(self.name, tuple(self.values), self.line, Trust.TOLD)
        elif self.fields and not self.name.endswith(_NOT_DATA):
            fields = tuple(self.fields.values())
            yield ModelFact(self.name, ModelKind.JSON_SCHEMA, fields, self.line, Trust.TOLD)


_NOT_DATA = ("Props", "State", "Context", "ContextType")


def _field(line: str) -> ModelField | None:
    found = _FIELD.match(line)
    if not found or "=>" in line:
        return None
    return ModelField(found[1], python_type(found[3]), not (found[2] or is_optional_type(found[3])))

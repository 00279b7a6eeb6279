"""Mermaid class and sequence diagrams."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.facts import EnumFact, Fact, IndexUseFact, ModelFact, RouteFact, Trust
from lld.model import ModelField, ModelKind
from lld.names import is_service_name
from lld.readers.er_diagram import read_er_diagram
from lld.text import routes_in, vocabulary, words
from lld.types import is_optional_type, python_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Fence

_CLASS = re.compile(
    r"\s*(?:abstract\s+)?(?P<word>class|enum|entity|struct|record)\s+(?P<name>[A-Za-z_][\w-]*)\s*"
    r"(?:\[[^\]]*\])?\s*(?:~\w+~)?\s*(?:<<(?P<before>\w+)>>)?\s*(?:extends \w+\s*)?(?P<open>\{)?"
    r"\s*(?:<<(?P<after>\w+)>>)?"
)
_STEREOTYPE = re.compile(r"\s*<<\s*([^<>]+?)\s*>>\s*(\w+)?\s*\Z")
_MEMBER = re.compile(r"\s*([+#~-])?\s*(.+?)\s*\Z")
_OUTSIDE_MEMBER = re.compile(r"\s*([A-Za-z_]\w*)\s*:\s*([+#~-]?)\s*(.+?)\s*\Z")
_TYPE_FIRST = re.compile(r"([A-Za-z_][\w.\[\]?]*(?:~.+~|\[.*\]|<.+>)?\??)\s+([A-Za-z_]\w*)\s*\$?\Z")
_NAME_FIRST = re.compile(r"([A-Za-z_]\w*)\s*:\s*(.+?)\s*\Z")
_DATA_STEREOTYPES = vocabulary(
    "entity dataclass pydantic model dto valueobject value data basemodel record"
)


class _Class:
    """One class of a diagram while it is read."""

    def __init__(self, name: str, line: int) -> None:
        self.name = name
        self.line = line
        self.stereotype = ""
        self.fields: list[tuple[str, ModelField]] = []
        self.methods = 0
        self.bare: list[str] = []

    def member(self, visibility: str, text: str) -> None:
        if "(" in text:
            self.methods += 1
            return
        found = _NAME_FIRST.match(text)
        if found:
            name, kind = found[1], found[2]
        else:
            typed = _TYPE_FIRST.match(text)
            if typed:
                name, kind = typed[2], typed[1]
            else:
                word = text.split("=")[0].strip().strip("\"'")
                if re.fullmatch(r"\w[\w-]*", word):
                    value = text.partition("=")[2].strip().strip("\"'")
                    self.bare.append(value or word)
                return
        field = ModelField(name, python_type(kind), not is_optional_type(kind))
        self.fields.append((visibility, field))

    def facts(self) -> Iterator[Fact]:
        stereotype = self.stereotype.lower()
        if stereotype.startswith("enum"):
            if self.bare:
                yield EnumFact(self.name, tuple(dict.fromkeys(self.bare)), self.line, Trust.DRAWN)
            return
        holds = bool(self.fields) and all(sign != "-" for sign, _ in self.fields)
        is_data = "".join(words(stereotype)) in _DATA_STEREOTYPES
        if stereotype and not is_data:
            return
        if is_service_name(self.name) or not (is_data or holds) or not self.fields:
            return
        if self.methods > len(self.fields):
            return
        fields = {field.name: field for _, field in self.fields}
        yield ModelFact(
            self.name, ModelKind.CLASS_DIAGRAM, tuple(fields.values()), self.line, Trust.DRAWN
        )


def read_mermaid(fence: Fence) -> Iterator[Fact]:
    """Send a diagram to the reader of its kind."""
    head = fence.text[:2000].lstrip()
    while head.startswith(("%%", "---")):
        head = head.partition("\n")[2].lstrip()
    if head.startswith("classDiagram"):
        yield from _class_diagram(fence)
    elif head.startswith("sequenceDiagram"):
        yield from _sequence_diagram(fence)
    elif head.startswith("erDiagram"):
        yield from read_er_diagram(fence)


def read_plantuml(fence: Fence) -> Iterator[Fact]:
    """Classes, enumerations and messages of PlantUML, which writes them much as Mermaid does."""
    if re.search(r"^\s*(?:abstract\s+)?(?:class|enum|entity)\s+\w", fence.text, re.M):
        yield from _class_diagram(fence)
    else:
        yield from _sequence_diagram(fence)


def read_undeclared(fence: Fence) -> Iterator[Fact]:
    """A diagram in a block without a language."""
    head = fence.text[:200].lstrip()
    if head.startswith(("classDiagram", "sequenceDiagram", "erDiagram", "%%", "---")):
        yield from read_mermaid(fence)
    elif head.startswith("@startuml"):
        yield from read_plantuml(fence)


def _class_diagram(fence: Fence) -> Iterator[Fact]:
    classes: dict[str, _Class] = {}
    current: _Class | None = None
    for offset, raw in enumerate(fence.text.split("\n")):
        line = raw[:600]
        stripped = line.strip()
        if not stripped or stripped.startswith(("%%", "@", "'")):
            continue
        if current is not None:
            if stripped.startswith("}"):
                current = None
                continue
            _inside(current, line)
            continue
        found = _CLASS.match(line)
        if found:
            name = found["name"]
            one = classes.setdefault(name, _Class(name, fence.line + offset))
            said = "enum" if found["word"] == "enum" else found["before"] or found["after"] or ""
            one.stereotype = one.stereotype or said
            rest = line[found.end() :]
            if found["open"] and "}" in rest:
                for member in rest.partition("}")[0].split(";"):
                    _inside(one, member)
            elif found["open"]:
                current = one
            continue
        _outside(classes, line, fence.line + offset)
    for one in classes.values():
        yield from one.facts()


def _inside(current: _Class, line: str) -> None:
    stereotype = _STEREOTYPE.match(line)
    if stereotype:
        current.stereotype = stereotype[1]
        return
    member = _MEMBER.match(line)
    if member:
        current.member(member[1] or "", member[2])


def _outside(classes: dict[str, _Class], line: str, number: int) -> None:
    stereotype = _STEREOTYPE.match(line)
    if stereotype and stereotype[2]:
        classes.setdefault(stereotype[2], _Class(stereotype[2], number)).stereotype = stereotype[1]
        return
    if "--" in line or ".." in line or "<|" in line:
        return
    member = _OUTSIDE_MEMBER.match(line)
    if member and member[1] not in ("note", "direction", "title"):
        classes.setdefault(member[1], _Class(member[1], number)).member(member[2], member[3])


_MESSAGE = re.compile(
    r"\s*([^\s:>-][^:>-]{0,60}?)\s*(?:-{1,2}>{1,2}|-{1,2}[x)])[+-]?\s*([^:]{1,60}?)\s*:\s*(.+)\Z"
)
_PARTICIPANT = re.compile(r"\s*(?:participant|actor)\s+(\S+)(?:\s+as\s+(.+?))?\s*\Z")
_QUERY = re.compile(r"(?i)query\w*\s*\(\s*[\"']?([A-Z]\w*Index|GSI[-_]?\d+)\b")
_DOORS = (
    "api",
    "gateway",
    "gw",
    "lambda",
    "handler",
    "cloudfront",
    "backend",
    "controller",
    "service",
)
_CALLERS = (
    "client",
    "user",
    "browser",
    "frontend",
    "customer",
    "spa",
    "react",
    "admin",
    "portal",
    "webhook",
    "app",
)


_SERVERS = ("handler", "lambda", "service", "repository", "dao", "controller")
_GATEWAYS = ("gateway", "gw", "cloudfront", "apig")


def _is_inward(sender: str, receiver: str) -> bool:
    """Whether a message enters this service; what its handlers call belongs to others."""
    if any(word in sender for word in _CALLERS):
        return True
    if any(word in sender for word in _SERVERS) and not any(word in sender for word in _GATEWAYS):
        return any(word in receiver for word in _GATEWAYS)
    return any(word in receiver for word in _DOORS)


def _sequence_diagram(fence: Fence) -> Iterator[Fact]:
    names: dict[str, str] = {}
    for offset, raw in enumerate(fence.text.split("\n")):
        if ":" not in raw and "participant" not in raw and "actor" not in raw:
            continue
        line = raw[:600]
        participant = _PARTICIPANT.match(line)
        if participant:
            names[participant[1]] = participant[2] or participant[1]
            continue
        message = _MESSAGE.match(line) if "/" in line or "uery" in line else None
        if not message:
            continue
        sender = names.get(message[1], message[1]).lower()
        receiver = names.get(message[2], message[2]).lower()
        inward = _is_inward(sender, receiver)
        for method, path in routes_in(message[3])[:3]:
            trust = Trust.DRAWN if inward else Trust.HINT
            yield RouteFact(method, path, fence.line + offset, trust, section=fence.section)
        query = _QUERY.search(message[3])
        if query:
            yield IndexUseFact(query[1], fence.line + offset)

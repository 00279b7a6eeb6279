"""The names that expressions of Terraform files stand for, as AWS will know them.

Expressions are not evaluated: of `for_each`, maps of `locals` and names of resources the forms are
followed that generated files use. The environment is `{env}`, what cannot be known is `*`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from codegen.drift.terraform_text import key_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codegen.drift.terraform_text import Line

ENVIRONMENT = "{env}"
"""Stands for the environment's name in the name of a thing."""

_UNKNOWN = "*"
_DEPTH = 6
_INSERTED = re.compile(r"\$\{([^{}]*)\}")
_RESOURCE_NAME = re.compile(r'(aws_\w+\.\w+)(?:\["([^"]+)"\])?\.name')
_OF_LOCAL = re.compile(r"local\.(\w+)\[each\.key\]\.(\w+)")
_EACH = re.compile(r"each\.value(?:\.(\w+))?")
_COMMA = re.compile(r",\s+(?=\w+\s*=)")
_PLAIN = ""
"""The attribute that stands for an entry which is no map itself."""


class _Entry(NamedTuple):
    """One turn of `for_each`: its key, and the expressions of its value by attribute."""

    key: str
    value: Mapping[str, str]


_NONE = _Entry("", {})


def _entry(expression: str) -> dict[str, str]:
    """The attributes of `{ a = x, b = y }`; anything else is one expression."""
    if not (expression.startswith("{") and expression.endswith("}")):
        return {_PLAIN: expression}
    pairs = (one.partition("=") for one in _COMMA.split(expression[1:-1]))
    return {key.strip(): value.strip() for key, _, value in pairs}


class Names:
    """The names in some files."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._maps: dict[str, dict[str, dict[str, str]]] = {}
        self._each: dict[str, str] = {}
        self._resources: dict[str, str] = {}
        for line in lines:
            self._read(line)

    def of(self, name: str) -> Mapping[str, str]:
        """The attribute `name` of each entry of the map `locals.name`, by key."""
        return {
            key: self._text(value["name"], _Entry(key, value))
            for key, value in self._maps.get(f"local.{name}", {}).items()
            if "name" in value
        }

    def one(self, expression: str) -> str:
        """The name that an expression stands for outside any `for_each`."""
        return self._text(expression, _NONE)

    def expand(self, expression: str, source: str | None) -> list[str]:
        """The names that an expression stands for below `for_each = source`.

        A map of `locals` that is not there gives none; any other unknown source a `*`.
        """
        entries = self._entries(source or "")
        if not entries:
            return [] if (source or "").startswith("local.") else [self.one(expression)]
        return [self._text(expression, one) for one in entries]

    def _read(self, line: Line) -> None:
        blocks, resource = line.blocks, line.resource
        place = f"{resource.kind}.{resource.label}" if resource else ""
        if resource and len(blocks) == 1:
            if source := line.value("for_each"):
                # A map that is written here is kept under the resource's own place.
                self._each[place] = place if source.startswith("{") else source
            if name := line.value("name"):
                self._resources[place] = name
        name_of_map = f"local.{key_of(blocks[1])}" if len(blocks) > 1 else ""
        if resource and blocks[1:2] == ("for_each =",):
            name_of_map = place
        elif not blocks or blocks[0] != "locals":
            return
        if name_of_map:
            self._keep(name_of_map, line)

    def _keep(self, name_of_map: str, line: Line) -> None:
        """Remember an entry of a map, or an attribute of an entry."""
        key, _, value = line.text.partition("=")
        if not value or line.text.endswith("{"):
            return
        known = self._maps.setdefault(name_of_map, {})
        if len(line.blocks) == 2:
            known[key_of(key)] = _entry(value.strip().rstrip(","))
        elif len(line.blocks) == 3:
            entry = known.setdefault(key_of(line.blocks[2]), {})
            entry[key_of(key)] = value.strip().rstrip(",")

    def _entries(self, source: str, depth: int = 0) -> list[_Entry]:
        if depth > _DEPTH:
            return []
        if source in self._maps:
            return [_Entry(key, value) for key, value in self._maps[source].items()]
        # Each resource of another `for_each`: what is asked of it is its name.
        inner = self._entries(self._each[source], depth + 1) if source in self._each else []
        name = self._resources.get(source)
        return [_Entry(one.key, {"name": self._quoted(name, one)} if name else {}) for one in inner]

    def _quoted(self, expression: str, entry: _Entry) -> str:
        return f'"{self._text(expression, entry)}"'

    def _text(self, expression: str, entry: _Entry, depth: int = 0) -> str:
        """A quoted text with what is inserted in it, or the value of a bare expression."""
        if depth > _DEPTH:
            return _UNKNOWN
        expression = expression.strip()
        if expression.startswith('"'):
            inside = expression.strip('"')
            return _INSERTED.sub(lambda one: self._value(one[1].strip(), entry, depth), inside)
        return self._value(expression, entry, depth)

    def _value(self, expression: str, entry: _Entry, depth: int) -> str:
        if expression == "var.environment":
            return ENVIRONMENT
        if expression == "each.key":
            return entry.key or _UNKNOWN
        if found := _EACH.fullmatch(expression):
            known = entry.value.get(found[1] or _PLAIN)
            return self._text(known, entry, depth + 1) if known else _UNKNOWN
        if found := _OF_LOCAL.fullmatch(expression):
            known = self._maps.get(f"local.{found[1]}", {}).get(entry.key, {}).get(found[2])
            return self._text(known, entry, depth + 1) if known else _UNKNOWN
        if found := _RESOURCE_NAME.fullmatch(expression):
            return self._resource(found[1], found[2], depth)
        return _UNKNOWN

    def _resource(self, place: str, key: str | None, depth: int) -> str:
        """The name of a resource, or of the one that its `for_each` made for a key."""
        name = self._resources.get(place)
        entries = self._entries(self._each.get(place, "")) if key else [_NONE]
        entry = next((one for one in entries if not key or one.key == key), None)
        return self._text(name, entry, depth + 1) if name and entry is not None else _UNKNOWN

"""Terraform files as lines with the blocks round them.

The files are in the form of `terraform fmt`: a block opens at the end of a line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codegen.drift.facts import Tree

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_COMMENT = re.compile(r"\s+(?:#|//).*$|^\s*(?:#|//).*$")
_RESOURCE = re.compile(r'resource "([^"]+)" "([^"]+)"')
_ATTRIBUTE = re.compile(r'"?([\w.-]+)"?\s*=\s*(.+?),?$')


class Resource(NamedTuple):
    """`resource "kind" "label"`."""

    kind: str
    label: str


class Line(NamedTuple):
    """A line of Terraform: where it stands, the blocks round it, its own text."""

    path: str
    number: int
    blocks: tuple[str, ...]
    text: str

    @property
    def opened(self) -> Resource | None:
        """The resource that this line opens."""
        return None if self.blocks else _resource(self.text)

    @property
    def resource(self) -> Resource | None:
        """The resource that this line is in."""
        return _resource(self.blocks[0]) if self.blocks else None

    @property
    def entry_of(self) -> str:
        """Name of the map of `locals` whose entry opens here; empty for any other line."""
        is_entry = len(self.blocks) == 2 and self.blocks[0] == "locals"
        return key_of(self.blocks[1]) if is_entry else ""

    def value(self, name: str) -> str | None:
        """The expression of `name = expression` on this line."""
        found = _ATTRIBUTE.match(self.text)
        return found[2] if found and found[1] == name else None


def _resource(text: str) -> Resource | None:
    found = _RESOURCE.match(text)
    return Resource(found[1], found[2]) if found else None


def key_of(text: str) -> str:
    """The key of `key = …` or `"key" = …`."""
    return text.split("=")[0].strip().strip('"')


def terraform_lines(tree: Tree) -> Iterator[Line]:
    """Every line that says something, with the headers of the blocks it stands in."""
    for path in sorted(tree):
        if not (path.startswith("terraform/") and path.endswith(".tf")):
            continue
        blocks: list[str] = []
        for number, raw in enumerate(tree[path].splitlines(), start=1):
            blank = _COMMENT.sub("", _STRING.sub(lambda found: "x" * len(found[0]), raw))
            text = raw[: len(blank)].strip()
            opened, closed = blank.count("{"), blank.count("}")
            if closed > opened:
                del blocks[max(len(blocks) - (closed - opened), 0) :]
            if text:
                yield Line(path, number, tuple(blocks), text)
            if opened > closed:
                blocks += [text.rstrip("{([ ").strip()] * (opened - closed)

"""The blocks of a document: headings as sections, tables, fences, paragraphs and list items.

Every block knows its 1-based line, the section it stands in and the bold caption above it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_SET_ASIDE = re.compile(
    r"\bfuture\b|\bout[- ]of[- ]scope\b|\bnot in scope\b|\bnon-goals?\b|\balternatives\b"
    r"|\brejected\b|\b(?:options|designs?) considered\b|\bconsidered (?:options|designs?)\b"
    r"|\bdeferred\b|\bbacklog\b|\broadmap\b|\bchange ?log\b"
    r"|\b(?:revision|version|document|change) history\b|\bsuperseded\b"
    r"|\bdeprecated\b|\bwithdrawn\b|\bobsolete\b|\bdiscontinued\b"
    r"|\bopen questions?\b|\bwhat changed\b|\blater phases?\b|\bnice to have\b"
)
_OF_OTHERS = re.compile(
    r"\bdependenc(?:y|ies)\b|\bexternal\b|\bupstream\b|\bdownstream\b|\bother (?:services|teams)\b"
    r"|\bthird[- ]part(?:y|ies)\b|\bconsumed\b|\brelated\b"
)


def is_set_aside(title: str) -> bool:
    """Whether a heading or caption announces what is not built here: future work, alternatives."""
    return bool(_SET_ASIDE.search(title.lower()))


@dataclass(slots=True, eq=False)
class Section:
    """A heading and what is below it, up to the next of its level; the root has level 0."""

    title: str
    level: int
    line: int
    index: int
    parent: Section | None = None
    lowered: str = field(init=False)
    is_set_aside: bool = field(init=False)
    """Whether it is about what is not built here: out of scope, alternatives, history."""
    is_of_others: bool = field(init=False)
    """Whether it is about what other services own: dependencies, external systems."""

    def __post_init__(self) -> None:
        self.lowered = self.title.lower()
        around = self.parent if self.parent is not None and self.level > 1 else None
        told = self.index > 1
        self.is_set_aside = (around is not None and around.is_set_aside) or (
            told and is_set_aside(self.lowered)
        )
        self.is_of_others = (around is not None and around.is_of_others) or (
            told and bool(_OF_OTHERS.search(self.lowered))
        )

    def lineage(self) -> list[Section]:
        """This section, then each one around it, without the document's title."""
        chain: list[Section] = []
        section: Section | None = self
        while section is not None and section.index > 1:
            chain.append(section)
            section = section.parent
        return chain

    def speaks_of(self, *words: str) -> bool:
        """Whether this heading or one around it holds any of the lower-case `words`."""
        return any(word in section.lowered for section in self.lineage() for word in words)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A pipe table; every row has as many cells as the header."""

    line: int
    section: Section
    caption: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    ragged: int | None = None
    """Line of the first row whose number of cells differs from the header's."""


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced or indented block; `line` is the line of its first line of content."""

    line: int
    section: Section
    caption: str
    language: str
    text: str
    closed: bool = True


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph outside lists, one entry a line."""

    line: int
    section: Section
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """The text of one list item."""

    line: int
    section: Section
    caption: str
    depth: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading, given once when its section starts."""

    line: int
    section: Section


Block = Table | Fence | Paragraph | Item | Heading

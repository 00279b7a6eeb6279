"""The blocks of a document: headings as sections, tables, fences, paragraphs and list items.

Every block knows its 1-based line, the section it stands in and the bold caption above it.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Section:
    """A heading and what is below it, up to the next of its level; the root has level 0."""

    title: str
    level: int
    line: int
    index: int
    parent: Section | None = None
    lowered: str = field(init=False)

    def __post_init__(self) -> None:
        self.lowered = self.title.lower()

    def lineage(self) -> list[Section]:
        """This section, then each one around it, without the document's title."""
        chain: list[Section] = []
        section: Section | None = self
        while section is not None and section.index > 1:
            chain.append(section)
            section = section.parent
        return chain

    def is_within(self, other: Section) -> bool:
        """Whether this section is `other` or below it."""
        section: Section | None = self
        while section is not None:
            if section is other:
                return True
            section = section.parent
        return False

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

"""A document as a stream of blocks, read from its tokens.

Sections nest by heading level. A caption is a line that is bold from end to end (or up to a closing
colon); it belongs to the next table, fence or list of its section. A nested list's caption is the
item around it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.blocks import Block, Fence, Heading, Item, Paragraph, Row, Section, Table
from lld.html_tables import html_tables
from lld.text import plain
from lld.tokens import each_token

if TYPE_CHECKING:
    from collections.abc import Callable

    from markdown_it.token import Token

_CAPTION = re.compile(r"\s*\*\*(?P<bold>[^*]+)\*\*(?P<rest>[^:*]{0,60}):?\s*\Z")
_TYPE_NAME = re.compile(r"[A-Z][a-z]\w+\Z")
_SHORT_CAPTION = re.compile(
    r"((?!The |These |This |Each |All |Its? )[A-Z`][\w`-]*(?: [\w`-]+){0,2}):\s*\Z"
)
_CLOSING_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})\s*\Z")


_ESCAPE = re.compile(r"(`+[^`]*`+)|\\([!-/:-@\[-`{-~])")
_LONGEST_TITLE = 2000
_ANCHOR = re.compile(r"\s*\{#[^{}\s]+(?:\{[^{}]*\}[^{}\s]*)*\}\s*\Z")


def _unescaped(text: str) -> str:
    """A line or cell without Markdown's backslashes before marks, but for those in code spans."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: found[1] or found[2], text)


def normalize(text: str) -> str:
    """One kind of line end, no NUL: what CommonMark asks for before tokenizing."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\0", "\ufffd") if "\0" in text else text


def each_block(text: str, visit: Callable[[Block], None]) -> None:
    """Call `visit` with every block of the document in order; none is kept."""
    each_token(text, _BlockReader(text, visit).take)


def read_blocks(text: str) -> list[Block]:
    """Every block of a document that is small enough to keep them all."""
    found: list[Block] = []
    each_block(text, found.append)
    return found


def _caption(lines: tuple[str, ...]) -> str:
    """What a paragraph's last line announces, or nothing: `**Order** (embedded):`, `Request:`.

    `**Authentication:** JWT` gives a value, so it announces nothing.
    """
    found = _CAPTION.match(lines[-1])
    if found and not (found["bold"].rstrip().endswith(":") and found["rest"].strip(" :")):
        return plain(found["bold"] + found["rest"]).rstrip(": ")
    if len(lines) > 1 or not lines[0].rstrip().endswith(":"):
        return ""
    spans = re.findall(r"`([^`]+)`|\*\*([^*]+)\*\*", lines[0][:120])
    types = [name for span in spans if _TYPE_NAME.match(name := "".join(span))]
    if len(types) == 1 and all(
        "".join(span).isdigit() for span in spans if "".join(span) not in types
    ):
        return types[0]
    short = _SHORT_CAPTION.match(lines[0])
    return plain(short[1]) if short else ""


class _BlockReader:
    """Keeps the current section, caption and list items while tokens go by."""

    def __init__(self, text: str, visit: Callable[[Block], None]) -> None:
        self._text = text
        self._visit = visit
        self._has_escapes = "\\" in text
        self._last_line = text.rstrip("\n").count("\n") + 1
        self._section = Section("", 0, 1, 0)
        self._count = 0
        self._caption = ""
        self._items: list[str] = []
        self._depth = 0
        self._level = 0
        """Level of the heading whose text comes next, or 0."""
        self._is_hashed = False
        """Whether hashes make it one: a bold line that `---` underlines is a caption."""

    def take(self, token: Token) -> None:
        kind = token.type
        if kind == "inline":
            self._visit(self._inline(token))
            self._level = 0
        elif kind == "heading_open":
            self._level = int(token.tag[1])
            self._is_hashed = token.markup.startswith("#")
        elif kind == "list_item_open":
            self._depth += 1
            del self._items[self._depth - 1 :]
        elif kind == "list_item_close":
            self._depth -= 1
        elif kind == "table":
            self._visit(self._table(token))
        elif kind in ("fence", "code_block"):
            self._visit(self._fence(token))
        elif "<t" in token.content.lower():
            self._html_tables(token)

    def _inline(self, token: Token) -> Block:
        line = (token.map or [0])[0] + 1
        content, depth = _unescaped(token.content), self._depth
        lines = tuple(content.split("\n")) if "\n" in content else (content,)
        if self._level and (self._is_hashed or not (len(lines) > 1 or content.startswith("**"))):
            return self._heading(self._level, content, line)
        if depth:
            outer = self._items[depth - 2] if 1 < depth <= len(self._items) + 1 else self._caption
            if len(self._items) < depth:
                self._items.append(plain(lines[0]).rstrip(": "))
            return Item(line, self._section, outer, depth, lines)
        self._caption = _caption(lines) or self._caption
        return Paragraph(line, self._section, lines)

    def _heading(self, level: int, content: str, line: int) -> Heading:
        parent: Section | None = self._section
        while parent is not None and parent.level >= level:
            parent = parent.parent
        self._count += 1
        has_anchor = "{#" in content and len(content) < _LONGEST_TITLE
        title = _ANCHOR.sub("", content) if has_anchor else content
        self._section = Section(plain(title), level, line, self._count, parent)
        self._caption = ""
        return Heading(line, self._section)

    def _table(self, token: Token) -> Table:
        header = self._cells(token.meta["header"])
        width = len(header)
        rows, ragged = [], None
        for line, cells in token.meta["rows"]:
            if len(cells) != width:
                ragged = ragged or line
                cells = [*cells[:width], *[""] * (width - len(cells))]
            rows.append(Row(line, self._cells(cells)))
        table = Table(
            (token.map or [0])[0] + 1, self._section, self._caption, header, tuple(rows), ragged
        )
        self._caption = ""
        return table

    def _cells(self, cells: list[str]) -> tuple[str, ...]:
        return tuple(map(_unescaped, cells)) if self._has_escapes else tuple(cells)

    def _html_tables(self, token: Token) -> None:
        for offset, header, rows in html_tables(token.content):
            line = (token.map or [0])[0] + offset
            made = tuple(Row(line + at - offset, cells) for at, cells in rows)
            self._visit(Table(line, self._section, self._caption, header, made))
            self._caption = ""

    def _fence(self, token: Token) -> Fence:
        start, end = token.map or [0, 0]
        is_fence = token.type == "fence"
        closed = True
        if is_fence and end >= self._last_line:
            last = self._text.rstrip().rpartition("\n")[2]
            closed = bool(_CLOSING_FENCE.match(last)) and end - start > 1
        words = token.info.split()
        language = words[0].lower() if words else ""
        line = start + (2 if is_fence else 1)
        fence = Fence(line, self._section, self._caption, language, token.content, closed)
        self._caption = ""
        return fence

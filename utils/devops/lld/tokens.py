"""markdown-it-py's block tokens, handed on one by one and never kept.

Inline rules do not run: the readers look into the few cells and lines they need. Tables come as one
token instead of three a cell, and what only closes or wraps something is not made at all, so that
neither a document of many megabytes nor one endless list has its token tree in memory.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.token import Token

_DELIMITER = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*\Z")
_UNESCAPED_BAR = re.compile(r"(?<!\\)\|")


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").disable("reference")
    parser.block.ruler.at("table", _table, {"alt": ["paragraph"]})
    parser.enable("table")
    return parser


_KEPT = frozenset(
    [
        *("heading_open", "inline", "table", "fence", "code_block", "html_block"),
        *("list_item_open", "list_item_close"),
    ]
)
"""Tokens that tell something; all others share one that nobody reads."""


@lru_cache(maxsize=1)
def _state_class() -> type[StateBlock]:
    """The parser's state, made on first use to keep start-up fast."""
    from markdown_it.rules_block import StateBlock
    from markdown_it.token import Token

    class Handing(StateBlock):
        """Hands a token on when the next one begins: by then its rule has filled it."""

        take: Callable[[Token], None]
        waiting: Token | None = None
        unread = Token("", "", 0)

        def push(self, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> Token:
            self.hand_on()
            if nesting < 0:
                self.level -= 1
            token = Token(ttype, tag, nesting) if ttype in _KEPT else self.unread
            self.waiting = token if ttype in _KEPT else None
            if nesting > 0:
                self.level += 1
            return token

        def hand_on(self) -> None:
            waiting, self.waiting = self.waiting, None
            if waiting is not None:
                self.take(waiting)

    return Handing


def each_token(text: str, take: Callable[[Token], None]) -> int:
    """Call `take` with each telling token, in order; the number of lines is returned.

    The loop is markdown-it-py's own `ParserBlock.tokenize` for the top level.
    """
    parser = _parser()
    state: Any = _state_class()(text, parser, {}, [])
    state.take = take
    rules = parser.block.ruler.getRules("")
    end, line, empty_seen = state.lineMax, 0, False
    while True:
        state.line = line = state.skipEmptyLines(line)
        if line >= end:
            return int(end)
        for rule in rules:
            if rule(state, line, end, False):
                break
        state.hand_on()
        state.tight = not empty_seen
        line = state.line
        if line - 1 < end and state.isEmpty(line - 1):
            empty_seen = True
        if line < end and state.isEmpty(line):
            empty_seen = True
            line += 1


def split_row(text: str) -> list[str]:
    """The cells of one row, as markdown-it splits them: escaped bars belong to the cell."""
    cells = [cell.strip().replace("\\|", "|") for cell in _UNESCAPED_BAR.split(text)]
    if cells and not cells[0]:
        cells.pop(0)
    if cells and not cells[-1]:
        cells.pop()
    return cells


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _is_table_start(state: StateBlock, start: int, end: int) -> bool:
    if start + 2 > end or state.sCount[start + 1] < state.blkIndent:
        return False
    position = state.bMarks[start + 1] + state.tShift[start + 1]
    if state.src[position : position + 1] not in ("|", "-", ":"):
        return False
    if state.is_code_block(start) or state.is_code_block(start + 1):
        return False
    delimiter = _line(state, start + 1)
    return not (
        not _DELIMITER.match(delimiter) or ("|" not in delimiter and "|" not in _line(state, start))
    )


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Block rule for pipe tables that pushes a single token holding header and rows."""
    if not _is_table_start(state, start, end):
        return False
    header = split_row(_line(state, start))
    if not header or len(header) != len(split_row(_line(state, start + 1))):
        return False
    if silent:
        return True
    before, state.parentType = state.parentType, "table"
    enders = state.md.block.ruler.getRules("blockquote")
    rows: list[tuple[int, list[str]]] = []
    number = start + 2
    while number < end and state.sCount[number] >= state.blkIndent:
        text = _line(state, number).strip()
        if not text or state.is_code_block(number):
            break
        if not text.startswith("|") and any(rule(state, number, end, True) for rule in enders):
            break
        rows.append((number + 1, split_row(text)))
        number += 1
    token = state.push("table", "table", 0)
    token.map = [start, number]
    token.meta = {"header": header, "rows": rows}
    state.parentType = before
    state.line = number
    return True

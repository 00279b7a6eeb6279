"""Where a YAML mistake is: the parser notices some of them only lines below."""

from __future__ import annotations

import re
from typing import Any

from pipelines.workflow.findings import Finding, Severity

_TOLD_WHERE_IT_BEGINS = (
    "while scanning a simple key",
    "while scanning a quoted scalar",
    "while parsing a flow",
)
"""What the parser misses only lines below the mistake: a colon, a quote, a bracket."""


class UnreadableError(Exception):
    """A file that is no tree; `finding` says why and where."""

    def __init__(self, rule: str, message: str, line: int, column: int = 1) -> None:
        super().__init__(message)
        self.finding = Finding(rule, Severity.ERROR, message, line, column)


def syntax_error(problem: Any, last: Any, text: str) -> UnreadableError:
    """What the parser said of `text`, at the line of the mistake.

    Args:
        problem: The parser's `MarkedYAMLError`.
        last: The event it gave before, or None.
    """
    return _open_quote(problem, last) or _reported(problem, text)


def _open_quote(problem: Any, last: Any) -> UnreadableError | None:
    """A quote that nobody closed takes the next one, lines below, for its end; the trouble then
    shows there, and the mistake is where the text began."""
    mark = problem.problem_mark
    if mark is None or getattr(last, "style", None) not in ("'", '"'):
        return None
    begin, end = last.start_mark, last.end_mark
    if begin.line == end.line or mark.line != end.line:
        return None
    message = f"this text in quotes ends only on line {end.line + 1}: its own quote is not closed"
    return UnreadableError("yaml-syntax", message, begin.line + 1, begin.column + 1)


def _reported(problem: Any, text: str) -> UnreadableError:
    mark = problem.problem_mark or problem.context_mark
    if (problem.context or "").startswith(_TOLD_WHERE_IT_BEGINS):
        mark = problem.context_mark or mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    if "mapping values are not allowed" in str(problem.problem):
        line, column = _without_colon(text, line, column)
    message = problem.problem or problem.context or "not YAML"
    if _begins_with_tab(text, line):
        message = "a tab where only spaces may indent"
    elif problem.context and problem.context != problem.problem:
        message = f"{message}, {problem.context}"
    return UnreadableError("yaml-syntax", message, line, column)


def _without_colon(text: str, line: int, column: int) -> tuple[int, int]:
    """The line above, where this one is right by itself: that one has no colon and runs on."""
    lines = text.split("\n", line)[:line]
    if ": " in lines[-1][: column - 1]:
        return line, column
    above = [n for n, row in enumerate(lines[:-1], 1) if row.strip() and row.lstrip()[0] != "#"]
    return (above[-1], 1) if above else (line, column)


def _begins_with_tab(text: str, line: int) -> bool:
    lines = text.split("\n", line)
    return len(lines) >= line and "\t" in re.match(r"\s*", lines[line - 1])[0]  # type: ignore[index]

"""Short texts that match a regular expression, for samples of fields that have a pattern."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

_parse: Any = import_module("re._parser")
_op: Any = import_module("re._constants")
_MAX_TEXT = 300
_MAX_STEPS = 2000
_GUESSES = ("Aa1!aaaaaaaa", "aaaaaaaaaaaa", "111111111111", "Aa1-aaaaaaaaaaaa", "a", "A", "1")


class _TooComplexError(Exception):
    """The pattern asks for more steps than a sample is worth."""


def matching_text(pattern: str, least: int = 0, most: int = _MAX_TEXT) -> str | None:
    """A short text of a length in the range that the pattern matches; None when none is found."""
    try:
        tree = _parse.parse(pattern)
        wanted = re.compile(pattern)
        made = ["".join(_Walk(count).text(tree)) for count in (0, 1, 2, 8, 16)]
    except (re.error, _TooComplexError, RecursionError, OverflowError):
        return None
    if least > 16:
        made.append("".join(_Walk(min(least, 60)).text(tree)))
    for text in (*made, *_GUESSES):
        if least <= len(text) <= min(most, _MAX_TEXT) and wanted.search(text):
            return text
    return None


class _Walk:
    """One walk over a parsed pattern, with optional parts repeated this often."""

    def __init__(self, repeats: int) -> None:
        self._repeats = repeats
        self._steps = 0

    def text(self, nodes: Any) -> list[str]:
        """The pieces of a text that the nodes match, as far as a simple walk can tell."""
        found: list[str] = []
        for operator, argument in nodes:
            self._steps += 1
            if self._steps > _MAX_STEPS:
                raise _TooComplexError
            found += self._piece(operator, argument)
        return found

    def _piece(self, operator: Any, argument: Any) -> list[str]:
        if operator is _op.LITERAL:
            return [chr(argument)]
        if operator is _op.NOT_LITERAL:
            return ["a" if argument != ord("a") else "b"]
        if operator is _op.ANY:
            return ["a"]
        if operator is _op.IN:
            return [_member(argument)]
        if operator in (_op.MAX_REPEAT, _op.MIN_REPEAT, _op.POSSESSIVE_REPEAT):
            low, high, inner = argument
            found: list[str] = []
            for _ in range(min(max(low, self._repeats), int(high))):
                found += self.text(inner)
            return found
        if operator is _op.BRANCH:
            return self.text(argument[1][0])
        if operator is _op.SUBPATTERN:
            return self.text(argument[3])
        return self.text(argument) if operator is _op.ATOMIC_GROUP else []


def _member(options: Any) -> str:
    kinds = {_op.CATEGORY_DIGIT: "1", _op.CATEGORY_WORD: "a", _op.CATEGORY_SPACE: " "}
    refused: set[str] = set()
    negated = False
    for operator, argument in options:
        if operator is _op.NEGATE:
            negated = True
        elif operator is _op.LITERAL:
            if not negated:
                return chr(argument)
            refused.add(chr(argument))
        elif operator is _op.RANGE:
            if not negated:
                return chr(argument[0])
            refused |= {chr(code) for code in range(argument[0], min(argument[1], 0x250) + 1)}
        elif operator is _op.CATEGORY:
            if not negated:
                return kinds.get(argument, "a")
            refused |= set("0123456789" if argument is _op.CATEGORY_DIGIT else " \t\n_")
    return next((one for one in "a1A-_.~!" if one not in refused), "a")

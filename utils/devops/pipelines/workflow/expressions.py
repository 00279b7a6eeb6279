"""The expression language of `${{ }}`: from text to a tree, with the place of each part.

Grammar, loosest first: `||`, `&&`, `== !=`, `< <= > >=`, `!`, then values with `.name`, `[index]`,
`.*` and calls. Names are compared without regard to case, as GitHub does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<number>-?0x[0-9a-fA-F]+|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w-]))
    |(?P<text>'(?:[^']|'')*')
    |(?P<name>[A-Za-z_][\w-]*)
    |(?P<operator>\|\||&&|==|!=|<=|>=|[<>!().,\[\]*])""",
    re.X,
)
_DEEPEST = 50
_TALLEST = 200
"""So many parts within parts at most: what reads a tree follows them one by one."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text, true, false or null."""

    value: str | float | bool | None
    at: int


@dataclass(frozen=True, slots=True)
class Name:
    """A context, such as `github`."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Access:
    """`of.key`, `of['key']`, `of.*`: `key` is None for a filter or a computed index."""

    of: Expression
    key: str | None
    index: Expression | None
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function call; the name is lower case."""

    name: str
    arguments: tuple[Expression, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Operation:
    """`!`, or an operator between two parts."""

    operator: str
    parts: tuple[Expression, ...]
    at: int


Expression = Literal | Name | Access | Call | Operation


class ExpressionError(Exception):
    """Text that is no expression; `at` is the offset of the trouble in it."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Read an expression, without its `${{ }}`.

    Raises:
        ExpressionError: It is none.
    """
    parser = _Parser(list(_tokens(text)), len(text))
    tree = parser.expression()
    parser.end()
    return tree


def walk(tree: Expression) -> Iterator[Expression]:
    """Every part of the expression, outermost first."""
    yield tree
    for part in _parts(tree):
        yield from walk(part)


def _parts(tree: Expression) -> tuple[Expression, ...]:
    if isinstance(tree, Access):
        return (tree.of, tree.index) if tree.index else (tree.of,)
    if isinstance(tree, Call):
        return tree.arguments
    return tree.parts if isinstance(tree, Operation) else ()


def path_of(tree: Expression) -> tuple[str, ...] | None:
    """`("needs", "build", "outputs")` for a chain of plain names, `*` for a filter or a computed
    index; None for anything else. In lower case."""
    keys: list[str] = []
    while isinstance(tree, Access):
        keys.append((tree.key or "*").lower())
        tree = tree.of
    return (tree.name.lower(), *reversed(keys)) if isinstance(tree, Name) else None


def paths(tree: Expression) -> Iterator[tuple[tuple[str, ...], int]]:
    """The longest chains of names in an expression, with their offsets."""
    path = path_of(tree)
    if path is not None:
        yield path, _start(tree)
        while isinstance(tree, Access):
            if tree.index is not None and not isinstance(tree.index, Literal):
                yield from paths(tree.index)
            tree = tree.of
        return
    for part in _parts(tree):
        yield from paths(part)


def _start(tree: Expression) -> int:
    while isinstance(tree, Access):
        tree = tree.of
    return tree.at


@dataclass(frozen=True, slots=True)
class Embedded:
    """One `${{ }}` in a text: what is inside, and the offset of that inside."""

    inside: str
    at: int


def embedded(text: str) -> Iterator[Embedded]:
    """The expressions in a text.

    Raises:
        ExpressionError: One does not end.
    """
    position = 0
    while (start := text.find("${{", position)) >= 0:
        end = _closing(text, start + 3)
        if end < 0:
            raise ExpressionError("'${{' is not closed with '}}'", start)
        yield Embedded(text[start + 3 : end], start + 3)
        position = end + 2


def _closing(text: str, position: int) -> int:
    """Offset of the `}}` that ends an expression; quotes hide it."""
    quoted = False
    while position < len(text):
        if text[position] == "'":
            quoted = not quoted
        elif not quoted and text.startswith("}}", position):
            return position
        position += 1
    return -1


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ExpressionError(_unknown(text[position]), position)
        if match.lastgroup != "space":
            yield _Token(str(match.lastgroup), match[0], position)
        position = match.end()


def _unknown(character: str) -> str:
    if character == '"':
        return "texts in an expression are in single quotes"
    if character == "'":
        return "a text is not closed"
    return f"{character!r} has no place in an expression"


class _Parser:
    def __init__(self, tokens: list[_Token], length: int) -> None:
        self._tokens = tokens
        self._position = 0
        self._length = length
        self._depth = 0
        self._heights: dict[int, int] = {}

    def end(self) -> None:
        if self._position < len(self._tokens):
            token = self._tokens[self._position]
            raise ExpressionError(f"{token.text!r} is not expected here", token.at)

    def expression(self) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ExpressionError("nested too deeply", self._at())
        tree = self._binary(("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="))
        self._depth -= 1
        return tree

    def _binary(self, operators: tuple[str, ...], *tighter: tuple[str, ...]) -> Expression:
        def part() -> Expression:
            return self._binary(*tighter) if tighter else self._unary()

        tree = part()
        while token := self._accept(*operators):
            tree = self._above(Operation(token.text, (tree, part()), token.at))
        return tree

    def _unary(self) -> Expression:
        marks = []
        while token := self._accept("!"):
            marks.append(token)
        tree = self._postfix()
        for token in reversed(marks):
            tree = self._above(Operation("!", (tree,), token.at))
        return tree

    def _postfix(self) -> Expression:
        tree = self._primary()
        while token := self._accept(".", "["):
            tree = self._above(self._dotted(tree) if token.text == "." else self._indexed(tree))
        return tree

    def _above(self, tree: Expression) -> Expression:
        """The tree, if it is not too tall."""
        height = 1 + max((self._heights.get(id(part), 0) for part in _parts(tree)), default=0)
        if height > _TALLEST:
            raise ExpressionError(f"more than {_TALLEST} parts within parts", tree.at)
        self._heights[id(tree)] = height
        return tree

    def _dotted(self, tree: Expression) -> Expression:
        if star := self._accept("*"):
            return Access(tree, None, None, star.at)
        token = self._next("a name after '.'")
        if token.kind != "name":
            raise ExpressionError(f"a name is expected after '.', not {token.text!r}", token.at)
        return Access(tree, token.text, None, token.at)

    def _indexed(self, tree: Expression) -> Expression:
        if star := self._accept("*"):
            self._expect("]")
            return Access(tree, None, None, star.at)
        index = self.expression()
        self._expect("]")
        key = index.value if isinstance(index, Literal) and isinstance(index.value, str) else None
        return Access(tree, key, index, index.at)

    def _primary(self) -> Expression:
        token = self._next("a value")
        if token.kind == "number":
            return Literal(_number(token.text), token.at)
        if token.kind == "text":
            return Literal(token.text[1:-1].replace("''", "'"), token.at)
        if token.kind == "name":
            return self._named(token)
        if token.text == "(":
            tree = self.expression()
            self._expect(")")
            return tree
        raise ExpressionError(f"a value is expected, not {token.text!r}", token.at)

    def _named(self, token: _Token) -> Expression:
        constants = {"true": True, "false": False, "null": None}
        if token.text in constants:
            return Literal(constants[token.text], token.at)
        if not self._accept("("):
            return Name(token.text, token.at)
        arguments: list[Expression] = []
        if not self._accept(")"):
            arguments.append(self.expression())
            while self._accept(","):
                arguments.append(self.expression())
            self._expect(")")
        return self._above(Call(token.text.lower(), tuple(arguments), token.at))

    def _accept(self, *texts: str) -> _Token | None:
        if self._position < len(self._tokens):
            token = self._tokens[self._position]
            if token.kind == "operator" and token.text in texts:
                self._position += 1
                return token
        return None

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise ExpressionError(f"{text!r} is expected", self._at())

    def _next(self, wanted: str) -> _Token:
        if self._position >= len(self._tokens):
            raise ExpressionError(f"it ends where {wanted} is expected", self._length)
        self._position += 1
        return self._tokens[self._position - 1]

    def _at(self) -> int:
        inside = self._position < len(self._tokens)
        return self._tokens[self._position].at if inside else self._length


def _number(text: str) -> float:
    return float(int(text, 16)) if "0x" in text else float(text)

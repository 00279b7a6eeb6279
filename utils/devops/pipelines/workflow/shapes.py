"""Small checks that are combined into the schema of a workflow.

A shape is a function from a node and the name of its place to findings. Wherever a value may come
from an expression, any text with `${{ }}` in it is accepted.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from pipelines.workflow.findings import Finding, Severity, error
from pipelines.workflow.yaml_tree import Kind, Node


def words(text: str) -> tuple[str, ...]:
    """The words of a text: long tables of names stay readable that way."""
    return tuple(text.split())


Shape = Callable[[Node, str], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class _Lack(Finding):
    """What a value lacks: it is told at its key, as the first line of the value may be right."""


def _lack(rule: str, node: Node, message: str) -> _Lack:
    return _Lack(rule, Severity.ERROR, message, node.line, node.column)


def is_expression(node: Node) -> bool:
    """Whether the value comes from an expression, wholly or in part."""
    return node.kind is Kind.TEXT and "${{" in node.text


def anything(_node: Node, _place: str) -> Iterator[Finding]:
    """Accept whatever is there."""
    return iter(())


def nothing_or(shape: Shape) -> Shape:
    """Accept an empty value, or what `shape` accepts."""

    def check(node: Node, place: str) -> Iterator[Finding]:
        if node.kind is not Kind.NULL:
            yield from shape(node, place)

    return check


def dynamic_or(shape: Shape) -> Shape:
    """An expression, or what `shape` accepts."""

    def check(node: Node, place: str) -> Iterator[Finding]:
        if not is_expression(node):
            yield from shape(node, place)

    return check


def scalar(*kinds: Kind, empty: bool = False) -> Shape:
    """A scalar of one of these kinds; text also stands for any expression."""

    def check(node: Node, place: str) -> Iterator[Finding]:
        if is_expression(node):
            return
        if node.kind not in kinds:
            wanted = " or ".join(kind.value for kind in kinds)
            yield error("schema-type", node, f"{place} must be {wanted}, not {_found(node)}")
        elif node.kind is Kind.TEXT and not node.text.strip() and not empty:
            yield error("schema-empty", node, f"{place} must not be empty")

    return check


any_scalar = scalar(Kind.TEXT, Kind.INTEGER, Kind.FLOAT, Kind.BOOLEAN, Kind.NULL, empty=True)
text = scalar(Kind.TEXT, Kind.INTEGER, Kind.FLOAT, Kind.BOOLEAN)
boolean = scalar(Kind.BOOLEAN)
_number = scalar(Kind.INTEGER, Kind.FLOAT)


def number(node: Node, place: str) -> Iterator[Finding]:
    """A number above zero."""
    yield from _number(node, place)
    if node.kind in (Kind.INTEGER, Kind.FLOAT) and node.plain() <= 0:
        yield error("schema-value", node, f"{place} must be above 0, not {node.text}")


def whole_number(node: Node, place: str) -> Iterator[Finding]:
    """A whole number above zero."""
    if node.kind is Kind.FLOAT:
        yield error("schema-type", node, f"{place} must be a whole number, not {node.text}")
        return
    yield from number(node, place)


def choice(values: Collection[str]) -> Shape:
    """One of these words."""

    def check(node: Node, place: str) -> Iterator[Finding]:
        if is_expression(node):
            return
        if not node.is_scalar:
            yield error("schema-type", node, f"{place} must be a word, not {_found(node)}")
        elif node.text not in values:
            message = f"{place} is {node.text!r}, but must be one of: {', '.join(values)}"
            yield error("schema-value", node, message)

    return check


def matching(pattern: str, what: str) -> Shape:
    """A text of this form."""
    compiled = re.compile(pattern)

    def check(node: Node, place: str) -> Iterator[Finding]:
        if not node.is_scalar:
            yield error("schema-type", node, f"{place} must be {what}, not {_found(node)}")
        elif not is_expression(node) and not compiled.fullmatch(node.text):
            yield error("schema-value", node, f"{place} is {node.text!r}, which is not {what}")

    return check


identifier = matching(r"[A-Za-z_][A-Za-z0-9_-]*", "a name of letters, digits, '-' and '_'")


def listing(of: Shape, *, least: int = 0) -> Shape:
    """A list of such things, or an expression that makes one."""

    def check(node: Node, place: str) -> Iterator[Finding]:
        if is_expression(node):
            return
        if not node.is_sequence:
            yield error("schema-type", node, f"{place} must be a list, not {_found(node)}")
            return
        if len(node.items) < least:
            yield _lack("schema-empty", node, f"{place} must not be empty")
        for index, item in enumerate(node.items, 1):
            yield from of(item, f"entry {index} of {place}")

    return check


def one_or_many(of: Shape) -> Shape:
    """One such thing, or a list of at least one."""

    def check(node: Node, place: str) -> Iterator[Finding]:
        yield from (listing(of, least=1) if node.is_sequence else of)(node, place)

    return check


def by_kind(
    *, scalar: Shape | None = None, sequence: Shape | None = None, mapping: Shape | None = None
) -> Shape:
    """Whichever shape is there for what the value is; the kinds without one are refused."""

    def check(node: Node, place: str) -> Iterator[Finding]:
        if is_expression(node):
            return
        chosen = mapping if node.is_mapping else sequence if node.is_sequence else scalar
        if chosen is None:
            kinds = (("text", scalar), ("a list", sequence), ("a mapping", mapping))
            wanted = " or ".join(word for word, shape in kinds if shape)
            yield error("schema-type", node, f"{place} must be {wanted}, not {_found(node)}")
            return
        yield from chosen(node, place)

    return check


def mapping(
    keys: Mapping[str, Shape],
    *,
    required: Collection[str] = (),
    others: Shape | None = None,
    names: Shape | None = None,
) -> Shape:
    """A mapping with these keys.

    Args:
        others: The shape of values under any other key; without one other keys are refused.
        names: The shape of the other keys themselves.
    """

    def check(node: Node, place: str) -> Iterator[Finding]:
        if is_expression(node) and not keys:
            return
        if not node.is_mapping:
            yield error("schema-type", node, f"{place} must be a mapping, not {_found(node)}")
            return
        for key, value in node.entries:
            if key.text not in keys and others is None:
                yield _unknown_key(key, place, keys)
                continue
            if key.text not in keys and names is not None:
                yield from names(key, f"a name in {place}")
            yield from _at_key(key, value, keys.get(key.text, others or anything))
        if others is not None:
            yield from _same_names(node)
        for name in required:
            if node.get(name) is None:
                yield _lack("schema-missing", node, f"{place} needs {name!r}")

    return check


def _at_key(key: Node, value: Node, shape: Shape) -> Iterator[Finding]:
    for finding in shape(value, repr(key.text)):
        if isinstance(finding, _Lack):
            yield error(finding.rule, key, finding.message)
        else:
            yield finding


def _same_names(node: Node) -> Iterator[Finding]:
    """GitHub takes `Name` and `NAME` for one; what is written alike is a problem of the YAML."""
    seen: dict[str, Node] = {}
    for key, _ in node.entries:
        first = seen.setdefault(key.text.lower(), key)
        if first.text != key.text:
            message = f"{key.text!r} differs only in case from {first.text!r} on line {first.line}"
            yield error("schema-duplicate", key, message)


def map_of(shape: Shape, *, names: Shape | None = None) -> Shape:
    """A mapping from any name to such things."""
    return mapping({}, others=shape, names=names)


def _unknown_key(key: Node, place: str, keys: Collection[str]) -> Finding:
    close = difflib.get_close_matches(key.text, keys, 1)
    hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(sorted(keys))}"
    return error("schema-key", key, f"{key.text!r} is not a key of {place}", hint=hint)


def _found(node: Node) -> str:
    return repr(node.text) if node.is_scalar and node.text else node.kind.value

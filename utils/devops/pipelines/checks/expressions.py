"""Expressions: their syntax, the functions they call, and whether what they name exists there."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipelines.checks import names
from pipelines.workflow.expressions import (
    Call,
    Embedded,
    Expression,
    ExpressionError,
    Name,
    embedded,
    parse,
    paths,
    walk,
)
from pipelines.workflow.findings import Finding, error, warning
from pipelines.workflow.places import HASH, STATUS, Place, places
from pipelines.workflow.shapes import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipelines.workflow.model import Repository, Workflow
    from pipelines.workflow.yaml_tree import Node

ARGUMENTS: Mapping[str, tuple[int, int]] = {
    "contains": (2, 2),
    "startswith": (2, 2),
    "endswith": (2, 2),
    "format": (1, 99),
    "join": (1, 2),
    "tojson": (1, 1),
    "fromjson": (1, 1),
    "hashfiles": (1, 99),
    "case": (3, 99),
    "success": (0, 99),
    "failure": (0, 99),
    "always": (0, 0),
    "cancelled": (0, 0),
}
"""The functions there are, with the least and the most arguments."""

_SHOWN = 80
"""So many characters of a wrong expression are repeated in the message."""
CONTEXTS = frozenset(
    words("github env vars job jobs steps runner secrets strategy matrix needs inputs")
)


@dataclass(frozen=True, slots=True)
class Found:
    """One expression of a workflow, parsed; `offset` is where it begins in its text."""

    place: Place
    tree: Expression
    offset: int

    def at(self, offset: int) -> Node:
        """A node at the place of a part of the expression, for findings."""
        return position(self.place.node, self.offset + offset)


def check(workflow: Workflow, repository: Repository) -> Iterator[Finding]:
    """Findings about every expression of the workflow."""
    for place in places(workflow):
        for item in _parsed(place):
            if isinstance(item, Finding):
                yield item
                continue
            yield from _functions(item)
            yield from _constant(item)
            yield from _contexts(item, workflow, repository)
        if place.conditional:
            yield from _always_true(place)


def expressions(workflow: Workflow) -> Iterator[Found]:
    """The expressions of a workflow that can be parsed."""
    for place in places(workflow):
        for item in _parsed(place):
            if isinstance(item, Found):
                yield item


def position(node: Node, offset: int) -> Node:
    """The place of a character of a scalar's text, as well as it can be told from the tree."""
    before = node.text[:offset]
    lines = before.count("\n")
    if node.block:
        return replace(node, line=node.line + 1 + lines, column=1)
    return node if lines else replace(node, column=node.column + offset)


def _parsed(place: Place) -> Iterator[Found | Finding]:
    text = place.node.text
    try:
        parts = list(embedded(text))
    except ExpressionError as problem:
        yield error("expression-syntax", position(place.node, problem.at), str(problem))
        return
    if place.conditional and not parts and text.strip():
        parts = [Embedded(text, 0)]
    for part in parts:
        try:
            yield Found(place, parse(part.inside), part.at)
        except ExpressionError as problem:
            node = position(place.node, part.at + problem.at)
            inside = " ".join(part.inside[:_SHOWN].split()) + "…" * (len(part.inside) > _SHOWN)
            yield error("expression-syntax", node, f"in '{inside}': {problem}")


def _functions(found: Found) -> Iterator[Finding]:
    for part in walk(found.tree):
        if not isinstance(part, Call):
            continue
        at = found.at(part.at)
        if part.name not in ARGUMENTS:
            close = difflib.get_close_matches(part.name, ARGUMENTS, 1)
            hint = f"did you mean {close[0]}()?" if close else ""
            yield error("expression-function", at, f"there is no function {part.name}()", hint=hint)
            continue
        least, most = ARGUMENTS[part.name]
        if not least <= len(part.arguments) <= most:
            wanted = str(least) if least == most else f"at least {least}"
            message = f"{part.name}() takes {wanted} arguments, not {len(part.arguments)}"
            yield error("expression-function", at, message)
        if part.name in STATUS | HASH and part.name not in found.place.functions:
            message = f"{part.name}() is not available in {found.place.key}"
            yield error("expression-context", at, message)
        if part.name == "format":
            yield from _format(part, at)


def _format(call: Call, at: Node) -> Iterator[Finding]:
    template = getattr(call.arguments[0], "value", None)
    if not isinstance(template, str):
        return
    used = {int(n) for n in re.findall(r"(?<!\{)\{(\d+)\}", template.replace("{{", ""))}
    if used and max(used) >= len(call.arguments) - 1:
        message = f"format() has no argument for {{{max(used)}}}"
        yield error("expression-function", at, message)
    elif len(call.arguments) - 1 > len(used):
        message = f"format() has arguments that {template!r} does not use"
        yield error("expression-function", at, message)


def _contexts(found: Found, workflow: Workflow, repository: Repository) -> Iterator[Finding]:
    scope = names.Scope(workflow, repository, found.place)
    for path, offset in paths(found.tree):
        at = found.at(offset)
        if path[0] not in CONTEXTS:
            close = difflib.get_close_matches(path[0], CONTEXTS, 1)
            hint = f"did you mean {close[0]!r}?" if close else "a text is written in single quotes"
            yield error("expression-context", at, f"there is no context {path[0]!r}", hint=hint)
        elif path[0] not in found.place.contexts:
            allowed = ", ".join(sorted(found.place.contexts)) or "no expression at all"
            message = f"context {path[0]!r} is not available in {found.place.key}"
            yield error("expression-context", at, message, hint=f"available: {allowed}")
        elif problem := names.problem(path, scope):
            yield Finding(problem.rule, problem.severity, problem.message, at.line, at.column)


def _always_true(place: Place) -> Iterator[Finding]:
    text = place.node.text
    whole = text.startswith("${{") and text.endswith("}}") and text.count("${{") == 1
    if "${{" in text and not whole:
        message = f"this condition is always true: a part of it is outside '${{{{ }}}}': {text!r}"
        yield error("if-always-true", place.node, message, hint="put the whole condition inside")


def _is_fixed(part: Expression) -> bool:
    """Whether this part depends on nothing but its own parts."""
    if isinstance(part, Name):
        return False
    return not isinstance(part, Call) or part.name not in STATUS | HASH


def _constant(found: Found) -> Iterator[Finding]:
    if found.place.conditional and all(_is_fixed(part) for part in walk(found.tree)):
        message = f"this condition never changes: {found.place.node.text.strip()!r}"
        yield warning("if-constant", found.place.node, message)

"""Values that are not what they seem: an object where a text is wanted, a name that is no object,
a number that loses its zero."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from pipelines.workflow.event_shape import EVENTS
from pipelines.workflow.expressions import Call, Literal, Operation, path_of, walk
from pipelines.workflow.findings import Finding, error, warning
from pipelines.workflow.shapes import words
from pipelines.workflow.yaml_tree import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.checks.expressions import Found
    from pipelines.workflow.model import Job, Workflow
    from pipelines.workflow.yaml_tree import Node

_CONTEXTS = frozenset(
    words("github env vars job jobs steps runner secrets strategy matrix needs inputs")
)
_OBJECTS = frozenset(
    {"github.event", "job.services", "job.container", *(f"{name}.*" for name in _CONTEXTS)}
)
_NEARLY = re.compile(rf"\$?\s?\{{{{?\s*(?:{'|'.join(_CONTEXTS)})\.[\w.-]+\s*\}}")
_FLAT = frozenset(words("env vars secrets inputs runner strategy"))
"""Contexts whose values are texts."""
_LEAVES = {"outcome", "conclusion", "result"}
_RESULTS = frozenset(words("success failure cancelled skipped"))
_ENUMERATED = {
    "github.event_name": EVENTS | {"dynamic"},
    "github.ref_type": frozenset(words("branch tag")),
    "job.status": frozenset(words("success failure cancelled")),
    "runner.os": frozenset(words("linux windows macos")),
    "runner.arch": frozenset(words("x86 x64 arm arm64")),
}


def check(workflow: Workflow, expressions: Iterable[Found]) -> Iterator[Finding]:
    """Findings about what the workflow's expressions and numbers become."""
    for found in expressions:
        yield from _object_as_text(found)
        yield from _inside_a_text(found)
        yield from _json(found)
        yield from _never_equal(found)
    for job in workflow.jobs.values():
        yield from _shortened(job)
        for step in job.steps:
            yield from _not_evaluated(step.env)
        yield from _not_evaluated(job.node.get("env"))
    yield from _not_evaluated(workflow.root.get("env"))


def _object_as_text(found: Found) -> Iterator[Finding]:
    step, path = found.place.step, path_of(found.tree)
    if step is None or path is None or found.place.conditional:
        return
    if found.place.node is step.node.get("env"):
        return
    name = ".".join(path)
    of_run = path[0] in ("steps", "needs") and (len(path) == 2 or path[2:] == ("outputs",))
    if len(path) == 1 or name in _OBJECTS or of_run:
        message = f"{name} is an object, which becomes the text 'Object' here"
        yield error("expression-object", found.at(0), message, hint=f"toJSON({name})")


def _inside_a_text(found: Found) -> Iterator[Finding]:
    for part in walk(found.tree):
        path = path_of(part)
        if path is None or not _is_beyond(path):
            continue
        message = f"{'.'.join(path[:-1])} is a text, so it has nothing named {path[-1]!r}"
        yield error("expression-object", found.at(getattr(part, "at", 0)), message)
        return


def _is_beyond(path: tuple[str, ...]) -> bool:
    """Whether the last name is looked for inside a text."""
    if path[0] == "github":
        return len(path) == 3 and path[1] != "event"
    if path[0] in _FLAT:
        return len(path) == 3
    if path[0] in ("steps", "needs", "jobs"):
        return (len(path) == 4 and path[2] in _LEAVES) or (len(path) == 5 and path[2] == "outputs")
    return False


def _json(found: Found) -> Iterator[Finding]:
    for part in walk(found.tree):
        if not isinstance(part, Call) or part.name != "fromjson" or len(part.arguments) != 1:
            continue
        argument = part.arguments[0]
        if not isinstance(argument, Literal) or not isinstance(argument.value, str):
            continue
        try:
            json.loads(argument.value)
        except ValueError as problem:
            message = f"fromJSON() gets a text that is no JSON: {problem}"
            yield error("expression-function", found.at(argument.at), message)


def _never_equal(found: Found) -> Iterator[Finding]:
    """A comparison with a value that GitHub never gives."""
    for part in walk(found.tree):
        if not isinstance(part, Operation) or part.operator not in ("==", "!="):
            continue
        for side, other in (part.parts, part.parts[::-1]):
            known = _possible(path_of(side) or ())
            text = other.value if isinstance(other, Literal) else None
            if known and isinstance(text, str) and text.lower() not in known:
                message = f"this is never {text!r}"
                hint = f"it is one of: {', '.join(sorted(known))}"
                yield warning("expression-value", found.at(other.at), message, hint=hint)


def _possible(path: tuple[str, ...]) -> frozenset[str]:
    """The texts, in lower case, that a name can hold; empty where there is no end of them."""
    if len(path) == 3 and path[0] in ("steps", "needs", "jobs") and path[2] in _LEAVES:
        return _RESULTS
    return _ENUMERATED.get(".".join(path), frozenset())


def _not_evaluated(env: Node | None) -> Iterator[Finding]:
    """What was meant as an expression and stays as it is written."""
    for _, value in env.pairs() if env is not None else ():
        if "${{" not in value.text and _NEARLY.search(value.text):
            message = f"{value.text!r} is no expression and stays as it is"
            yield warning("expression-value", value, message, hint="it is written ${{ … }}")


def _shortened(job: Job) -> Iterator[Finding]:
    """`3.10` is the number 3.1: a version is written in quotes."""
    places = [job.matrix] if job.matrix is not None else []
    places += [step.inputs for step in job.steps]
    for node in (leaf for place in places for leaf in place.scalars()):
        if _loses_zero(node):
            message = f"{node.text} is the number {float(node.text):g}"
            yield error("house/number-shortened", node, message, hint=f'write "{node.text}"')


def _loses_zero(node: Node) -> bool:
    return node.kind is Kind.FLOAT and bool(re.fullmatch(r"\d+\.\d*[1-9]0+", node.text))

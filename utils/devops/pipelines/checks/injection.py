"""Script injection: text that others write and that becomes part of a program."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.workflow.expressions import (
    Call,
    Expression,
    ExpressionError,
    Operation,
    embedded,
    parse,
    paths,
)
from pipelines.workflow.findings import Finding, error
from pipelines.workflow.model import EMPTY, Workflow
from pipelines.workflow.shapes import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.checks.expressions import Found
    from pipelines.workflow.yaml_tree import Node

_UNTRUSTED = re.compile(
    r"""github\.(?:head_ref
    |event\.\*\.(?:title|body|message|name|email|head_branch)
    |event\.(?:issue\.(?:title|body)
    |pull_request\.(?:title|body|head\.(?:ref|label|repo\.default_branch))
    |comment\.body|review\.body|review_comment\.body
    |discussion\.(?:title|body)
    |pages\.\*\.page_name
    |commits\.\*\.(?:message|author\.(?:email|name))
    |head_commit\.(?:message|author\.(?:email|name))
    |workflow_run\.(?:head_branch|head_commit\.(?:message|author\.(?:email|name)))))""",
    re.X,
)
"""What strangers can write: an issue's title, a branch's name, a commit's author."""

_OUTSIDE = re.compile(
    r"inputs\.|github\.event\.(?:inputs|client_payload)\.|github\.(?:ref_name|base_ref|actor)$"
)
"""What comes from outside the workflow and can still hold any text."""

_WHOLE = frozenset(
    words(
        "github github.event github.event.issue github.event.pull_request inputs "
        "github.event.pull_request.head github.event.comment github.event.review "
        "github.event.review_comment github.event.discussion github.event.commits "
        "github.event.head_commit github.event.pages github.event.workflow_run "
        "github.event.inputs github.event.client_payload"
    )
)
"""Objects that hold such text, for when `toJSON` makes one text of them."""

_ANSWERS = frozenset(
    words("contains startswith endswith hashfiles success failure always cancelled")
)
_HINT = "put it into 'env:' and use the variable, in double quotes"
_DEEPEST = 5


def check(workflow: Workflow, expressions: Iterable[Found]) -> Iterator[Finding]:
    """Findings about every one of the workflow's expressions that is inside a script."""
    for found in expressions:
        if is_script(found):
            yield from _injected(found, workflow)


def is_script(found: Found) -> bool:
    """Whether the expression is part of a program: a `run`, or what github-script runs."""
    step = found.place.step
    if step is None:
        return False
    if found.place.node is step.run:
        return True
    github_script = step.action == "actions/github-script"
    return github_script and found.place.node is step.inputs.get("script")


def flowing(tree: Expression) -> Iterator[tuple[tuple[str, ...], int]]:
    """The names whose text can be in the value; what is only compared or searched is not."""
    if not isinstance(tree, (Call, Operation)):
        yield from paths(tree)
        return
    if isinstance(tree, Call):
        parts = () if tree.name in _ANSWERS else tree.arguments
    else:
        parts = {"||": tree.parts, "&&": tree.parts[-1:]}.get(tree.operator, ())
    for part in parts:
        yield from flowing(part)


def _injected(found: Found, workflow: Workflow) -> Iterator[Finding]:
    for path, offset in flowing(found.tree):
        name = ".".join(path)
        at = found.at(offset)
        if _UNTRUSTED.match(name):
            message = f"{name} is written by strangers and becomes part of the script"
            yield error("script-injection", at, message, hint=_HINT)
        elif _OUTSIDE.match(name) or name in _WHOLE:
            message = f"{name} comes from outside and becomes part of the script"
            yield error("house/script-input", at, message, hint=_HINT)
        elif source := _carried(path, found, workflow):
            message = f"{name} holds {source}, which others write and which enters the script here"
            yield error("house/script-input", at, message, hint=_HINT)


def _carried(path: tuple[str, ...], found: Found, workflow: Workflow, depth: int = 0) -> str:
    """The outside text that a variable or a job's output hands on; empty when there is none."""
    node = _definition(path, found, workflow)
    if node is None or depth > _DEEPEST:
        return ""
    for inner, _ in _flowing_of(node):
        name = ".".join(inner)
        if _UNTRUSTED.match(name) or _OUTSIDE.match(name):
            return name
        if further := _carried(inner, found, workflow, depth + 1):
            return further
    return ""


def _definition(path: tuple[str, ...], found: Found, workflow: Workflow) -> Node | None:
    job, step = found.place.job, found.place.step
    if path[0] == "env" and len(path) == 2 and job is not None and step is not None:
        owners = (step.env, job.node.get("env") or EMPTY, workflow.root.get("env") or EMPTY)
        return next((node for env in owners if (node := _named(env, path[1]))), None)
    if path[0] == "needs" and len(path) == 4 and path[2] == "outputs":
        needed = next((j for j in workflow.jobs.values() if j.id.lower() == path[1]), None)
        return _named(needed.node.get("outputs") or EMPTY, path[3]) if needed else None
    return None


def _named(mapping: Node, name: str) -> Node | None:
    return next((value for key, value in mapping.pairs() if key.lower() == name), None)


def _flowing_of(node: Node) -> Iterator[tuple[tuple[str, ...], int]]:
    try:
        for part in embedded(node.text):
            yield from flowing(parse(part.inside))
    except ExpressionError:
        return

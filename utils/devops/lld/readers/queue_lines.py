"""Queues, topics and buckets that a line names by their kind, a queue with its dead letters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lld.model import Resource
from lld.text import LONGEST_CELL, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Item, Paragraph
    from lld.facts import Fact

_KIND = r"dlq|dead[- ]letter(?:[- ]queue)?|queue|topic|bucket|event bus"
_NAME = r"[A-Za-z][\w.${}<>]*(?:-[\w.${}<>]+)+"
_NAMED = re.compile(
    rf"\b({_KIND})\b[\s:=(]{{0,3}}`({_NAME})`"
    rf"|`({_NAME})`\s(?:is (?:the|a|an) )?(?:[\w-]+ )?({_KIND})\b",
    re.I,
)
_VISIBLE = re.compile(r"visibility(?: timeout)?\W{0,4}(\d+\s*\w+)", re.I)
_RECEIVES = re.compile(
    r"(?:after|max(?:imum)?|up to)\s*(?:receive count|receives)?\W{0,3}(\d{1,3})\s*"
    r"(?:receives|attempts|tries|times|failures)?",
    re.I,
)
_TYPES = {"topic": "sns", "bucket": "s3", "event bus": "eventbridge"}


def read_line(block: Paragraph | Item) -> Iterator[Fact]:
    """`Queue `in-{env}` (visibility 60 s), DLQ `in-dlq-{env}` after 5 receives`."""
    if block.section.is_of_others:
        return
    for offset, line in enumerate(block.lines):
        if "`" in line and "-" in line:
            yield from _line(line[:LONGEST_CELL], block.line + offset)


def _line(line: str, number: int) -> Iterator[Fact]:
    named = [
        ((found[1] or found[4]).lower(), found[2] or found[3]) for found in _NAMED.finditer(line)
    ]
    queues = [name for kind, name in named if kind == "queue" and "dlq" not in name.lower()]
    for kind, name in named:
        if kind in _TYPES:
            yield Resource(_TYPES[kind], name, number)
        elif name in queues:
            yield Resource("sqs", name, number, None, _settings(line) if len(queues) == 1 else {})
        else:
            yield Resource("sqs", name, number, queues[0] if len(queues) == 1 else None)


def _settings(line: str) -> dict[str, Any]:
    """What the line says of its one queue: visibility, and how often a message is tried."""
    found: dict[str, Any] = {}
    visible, receives = _VISIBLE.search(line), _RECEIVES.search(line)
    if visible and seconds(visible[1]):
        found["visibility_timeout_s"] = seconds(visible[1])
    if receives and ("dlq" in line.lower() or "dead" in line.lower()):
        found["max_receive_count"] = int(receives[1])
    return found

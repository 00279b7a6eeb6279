"""Terraform blocks by a small HCL reader: tables, functions, queues and other named resources."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lld.facts import Fact, FunctionFact, IndexFact, TableFact, Trust, VariableFact
from lld.model import Resource
from lld.readers.variables import variable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Fence

_OPEN = re.compile(r"\s*([A-Za-z_][\w-]*)((?:\s+\"[^\"]*\")*)\s*=?\s*\{\s*(?:(?:#|//).*)?\Z")
_PAIR = re.compile(r"\s*\"?([A-Za-z_][\w.-]*)\"?\s*[=:]\s*(.+?)\s*,?\s*\Z")
_INLINE = re.compile(r"\s*([A-Za-z_][\w-]*)((?:\s+\"[^\"]*\")*)\s*\{\s*(.*?)\s*\}\s*\Z")
_QUOTED = re.compile(r"\"([^\"]*)\"")
_COMMENT = re.compile(r"\s+(?:#|//)\s.*\Z")
_DEEPEST = 40
_NAMED = {
    "aws_sqs_queue": ("sqs", "name"),
    "aws_sns_topic": ("sns", "name"),
    "aws_s3_bucket": ("s3", "bucket"),
    "aws_cloudwatch_event_rule": ("eventbridge", "name"),
    "aws_cloudwatch_event_bus": ("eventbridge", "name"),
    "aws_scheduler_schedule": ("schedule", "name"),
    "aws_secretsmanager_secret": ("secret", "name"),
    "aws_cognito_user_pool": ("cognito", "name"),
    "aws_cognito_user_pool_client": ("cognito", "name"),
    "aws_cloudwatch_metric_alarm": ("cloudwatch_alarm", "alarm_name"),
    "aws_iam_policy": ("iam_policy", "name"),
    "aws_ses_email_identity": ("ses", "email"),
    "aws_ses_domain_identity": ("ses", "domain"),
    "aws_kms_key": ("kms", "description"),
}


@dataclass(slots=True)
class _Node:
    """One HCL block."""

    kind: str
    labels: tuple[str, ...]
    line: int
    values: dict[str, str] = field(default_factory=dict)
    children: list[_Node] = field(default_factory=list)


def _parse(text: str) -> _Node:
    """Blocks and simple values; expressions over several lines are skipped by counting braces."""
    root = _Node("", (), 0)
    stack = [root]
    for number, raw in enumerate(text.split("\n"), 1):
        line = _COMMENT.sub("", raw[:2000])
        if line.strip().startswith(("}", "]", ")")):
            for _ in range(line.count("}") - line.count("{")):
                if len(stack) > 1:
                    stack.pop()
            continue
        inline = _INLINE.match(line)
        opened = None if inline else _OPEN.match(line)
        if inline:
            child = _Node(inline[1], tuple(_QUOTED.findall(inline[2])), number)
            for part in inline[3].split(","):
                _pair(child, part)
            stack[-1].children.append(child)
        elif opened and len(stack) < _DEEPEST:
            child = _Node(opened[1], tuple(_QUOTED.findall(opened[2])), number)
            stack[-1].children.append(child)
            stack.append(child)
        elif line.count("{") > line.count("}"):
            child = _Node("?", (), number)
            stack[-1].children.append(child)
            stack.extend([child] * min(line.count("{") - line.count("}"), 5))
        else:
            _pair(stack[-1], line)
    return root


def _pair(node: _Node, text: str) -> None:
    found = _PAIR.match(text)
    if found:
        node.values.setdefault(found[1], found[2])


def _string(node: _Node, key: str) -> str | None:
    value = node.values.get(key, "")
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else None


def _number(node: _Node, key: str) -> int | None:
    value = node.values.get(key, "")
    return int(value) if value.isdigit() and len(value) < 10 else None


def read_terraform(fence: Fence) -> Iterator[Fact]:
    """Resources of a Terraform block."""
    if not any(sign in fence.text for sign in ("resource", "module", "environment")):
        return
    root = _parse(fence.text)
    yield from _variables(root, fence)
    for node in root.children:
        if node.kind == "module" and "hash_key" in node.values:
            yield from _table(node, fence.line + node.line - 1, fence)
        if node.kind != "resource" or not node.labels:
            continue
        line = fence.line + node.line - 1
        kind = node.labels[0]
        if kind == "aws_dynamodb_table":
            yield from _table(node, line, fence)
        elif kind == "aws_lambda_function":
            yield from _function(node, line, fence)
        elif kind in _NAMED:
            yield from _resource(node, line, kind)


def _table(node: _Node, line: int, fence: Fence) -> Iterator[Fact]:
    name = _string(node, "name")
    ttl = next((c for c in node.children if c.kind == "ttl"), None)
    expiry = _string(ttl, "attribute_name") if ttl else _string(node, "ttl_attribute_name")
    stream = _string(node, "stream_view_type")
    yield TableFact(
        name,
        line,
        Trust.FORMAL,
        fence.section,
        _string(node, "hash_key"),
        _string(node, "range_key"),
        expiry,
        stream,
    )
    for child in node.children:
        index = _string(child, "name")
        listed = child.kind == "?" and "hash_key" in child.values
        if (child.kind == "global_secondary_index" or listed) and index:
            yield IndexFact(
                index,
                fence.line + child.line - 1,
                Trust.FORMAL,
                fence.section,
                None,
                _string(child, "hash_key"),
                _string(child, "range_key"),
                _string(child, "projection_type"),
                name,
            )


def _function(node: _Node, line: int, fence: Fence) -> Iterator[Fact]:
    name = _string(node, "function_name")
    if name and "each." not in name and "count." not in name:
        yield FunctionFact(
            name,
            line,
            Trust.FORMAL,
            fence.line,
            None,
            (),
            _number(node, "memory_size"),
            _number(node, "timeout"),
            _string(node, "description"),
            None,
            _string(node, "handler"),
        )
    yield from _variables(node, fence)


def _variables(node: _Node, fence: Fence) -> Iterator[Fact]:
    """The `environment` block of a function, or one that is shown by itself."""
    for child in node.children:
        if child.kind != "environment":
            continue
        for inner in (child, *child.children):
            for key, value in inner.values.items():
                if key.isupper() and len(key) > 2:
                    yield VariableFact(
                        variable(key, fence.line + inner.line - 1, None, value.strip('"')),
                        Trust.STATED,
                    )


_DETAILS = {
    "visibility_timeout_seconds": "visibility_timeout_s",
    "message_retention_seconds": "message_retention_s",
}


def _resource(node: _Node, line: int, kind: str) -> Iterator[Fact]:
    type_, key = _NAMED[kind]
    name = _string(node, key) or (node.labels[1] if len(node.labels) > 1 else None)
    if not name:
        return
    details = {
        ours: number
        for theirs, ours in _DETAILS.items()
        if (number := _number(node, theirs)) is not None
    }
    yield Resource(type_, name, line, None, dict(details))

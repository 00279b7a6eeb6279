"""The `functions` of a Serverless Framework file: sizes, handlers, events, variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lld.facts import Fact, FunctionFact, RouteFact, Trust, VariableFact
from lld.model import Trigger
from lld.readers.variables import variable
from lld.text import METHODS, clean_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Fence

_EVENTS = {
    "http": Trigger.API,
    "httpApi": Trigger.API,
    "sqs": Trigger.SQS,
    "sns": Trigger.SNS,
    "s3": Trigger.S3,
    "schedule": Trigger.SCHEDULE,
    "eventBridge": Trigger.EVENTBRIDGE,
    "stream": Trigger.DYNAMODB_STREAM,
}


def read_serverless(data: dict[str, Any], fence: Fence) -> Iterator[Fact]:
    """Every function with a handler; sizes it leaves out are the provider's."""
    functions = data.get("functions")
    if not isinstance(functions, dict):
        return
    lines = getattr(functions, "lines", {})
    for name, node in functions.items():
        if isinstance(node, dict) and isinstance(node.get("handler"), str):
            yield from _function(str(name), node, fence.line + int(lines.get(name, 1)) - 1, fence)


def _function(name: str, node: dict[str, Any], line: int, fence: Fence) -> Iterator[Fact]:
    trigger, source, routes = _events(node.get("events"))
    deployed = node.get("name")
    name = deployed if isinstance(deployed, str) else name
    yield FunctionFact(
        name,
        line,
        Trust.FORMAL,
        fence.line,
        trigger,
        tuple(routes),
        _number(node.get("memorySize")),
        _number(node.get("timeout")),
        _text(node.get("description")),
        source,
        node["handler"],
    )
    for method, path in routes:
        yield RouteFact(method, path, line, Trust.FORMAL, name, section=fence.section)
    variables = node.get("environment")
    for key, value in variables.items() if isinstance(variables, dict) else ():
        yield VariableFact(variable(str(key), line, None, _text(value)), Trust.STATED)


def _events(nodes: Any) -> tuple[Trigger | None, str | None, list[tuple[str, str]]]:
    trigger, source, routes = None, None, []
    for node in nodes if isinstance(nodes, list) else []:
        for kind, details in node.items() if isinstance(node, dict) else ():
            trigger = trigger or _EVENTS.get(str(kind), Trigger.OTHER)
            routes += _routes(str(kind), details)
            source = source or _source(details)
    return trigger, None if trigger is Trigger.API else source, routes


def _routes(kind: str, details: Any) -> list[tuple[str, str]]:
    """`{path, method}`, or the short form `GET /orders`."""
    if kind not in ("http", "httpApi"):
        return []
    if isinstance(details, str):
        method, _, path = details.partition(" ")
    elif isinstance(details, dict):
        method, path = str(details.get("method", "")), str(details.get("path", ""))
    else:
        return []
    method, path = method.upper(), path.strip()
    return [(method, clean_path("/" + path.lstrip("/")))] if method in METHODS and path else []


def _source(details: Any) -> str | None:
    if isinstance(details, dict):
        for key in ("bucket", "arn", "topicName", "rate", "eventBus"):
            if isinstance(details.get(key), str):
                return str(details[key])
    return details if isinstance(details, str) else None


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None

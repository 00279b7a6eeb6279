"""The `functions` of a Serverless Framework file: sizes, handlers, events, variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lld.model import Trigger
from lld.readers.declared import Declared, Events, declared_function, declared_variables
from lld.text import METHODS, clean_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Fence
    from lld.facts import Fact

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
    yield from declared_variables(_variables(data.get("provider")), fence.line)
    lines = getattr(functions, "lines", {})
    for name, node in functions.items():
        if isinstance(node, dict) and isinstance(node.get("handler"), str):
            yield from _function(str(name), node, fence.line + int(lines.get(name, 1)) - 1, fence)


def _function(name: str, node: dict[str, Any], line: int, fence: Fence) -> Iterator[Fact]:
    function = Declared(
        _text(node.get("name")) or name,
        line,
        node.get("memorySize"),
        node.get("timeout"),
        _text(node.get("description")),
        node["handler"],
        _variables(node),
    )
    yield from declared_function(function, _events(node.get("events")), fence)


def _variables(node: Any) -> dict[str, str | None]:
    """The `environment` of a function or of the provider."""
    variables = node.get("environment") if isinstance(node, dict) else None
    variables = variables if isinstance(variables, dict) else {}
    return {str(key): _text(value) for key, value in variables.items()}


def _events(nodes: Any) -> Events:
    trigger, source, routes = None, None, []
    for node in nodes if isinstance(nodes, list) else []:
        for kind, details in node.items() if isinstance(node, dict) else ():
            trigger = trigger or _EVENTS.get(str(kind), Trigger.OTHER)
            routes += _routes(str(kind), details)
            source = source or _source(details)
    return Events(trigger, None if trigger is Trigger.API else source, routes)


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


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None

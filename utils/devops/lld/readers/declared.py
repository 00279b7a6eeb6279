"""A function as a deployment file declares it: what SAM and the Serverless Framework share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lld.facts import Fact, FunctionFact, RouteFact, Trust, VariableFact
from lld.readers.variables import variable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Fence
    from lld.model import Trigger


@dataclass(slots=True)
class Events:
    """What starts a function: the first trigger and source of its list, and every route."""

    trigger: Trigger | None
    source: str | None
    routes: list[tuple[str, str]]


@dataclass(slots=True)
class Declared:
    """The settings of one function, as read: any of them may be of a wrong type."""

    name: str
    line: int
    memory: Any
    timeout: Any
    description: str | None
    handler: str | None
    variables: dict[str, str | None]


def declared_function(function: Declared, events: Events, fence: Fence) -> Iterator[Fact]:
    """The function, its routes and its variables."""
    name, line = function.name, function.line
    yield FunctionFact(
        name,
        line,
        Trust.FORMAL,
        fence.line,
        events.trigger,
        tuple(events.routes),
        _number(function.memory),
        _number(function.timeout),
        function.description,
        events.source,
        function.handler,
    )
    for method, path in events.routes:
        yield RouteFact(method, path, line, Trust.FORMAL, name, section=fence.section)
    yield from declared_variables(function.variables, line)


def declared_variables(variables: dict[str, str | None], line: int) -> Iterator[Fact]:
    """The variables of one function, or those that a file gives to all of them."""
    for key, value in variables.items():
        yield VariableFact(variable(key, line, None, value), Trust.STATED)


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None

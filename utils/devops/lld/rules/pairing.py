"""Which function most likely serves which endpoint, from their names, where nothing says so.

Only findings use this: the model of a design never holds a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lld.model import Trigger
from lld.names import function_key
from lld.text import vocabulary, words

if TYPE_CHECKING:
    from lld.model import Design, Endpoint, Function

_VERBS = (
    (vocabulary("list search find query browse"), "GET", False),
    (vocabulary("get read fetch show view describe retrieve"), "GET", True),
    (vocabulary("create add post register submit new start upload"), "POST", False),
    (vocabulary("update change edit modify put patch set"), "PUT PATCH", True),
    (vocabulary("delete remove drop"), "DELETE", True),
)
"""Verbs of functions, the methods they mean, and whether their path ends in a parameter."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A function and the endpoint that it seems to serve."""

    function: Function
    endpoint: Endpoint


def likely_pairs(design: Design) -> tuple[Pair, ...]:
    """Pairs of API functions without a route and endpoints without a function."""
    serving = {endpoint.function for endpoint in design.endpoints}
    free = [endpoint for endpoint in design.endpoints if endpoint.function is None]
    found: list[Pair] = []
    for function in design.functions:
        if function.trigger is not Trigger.API or function.name in serving or function.path:
            continue
        scored = [(_score(function, one), one) for one in free[:500]]
        best = max((score for score, _ in scored), default=0)
        fitting = [one for score, one in scored if score == best]
        if best > 0 and len(fitting) == 1:
            found.append(Pair(function, fitting[0]))
            free.remove(fitting[0])
    return tuple(found)


def _score(function: Function, endpoint: Endpoint) -> int:
    """How well names fit: 0 for not at all."""
    telling = function_key(function.name)
    segments = [part for part in endpoint.path.split("/") if part]
    fixed = frozenset(word for part in segments if "{" not in part for word in function_key(part))
    shared = len(telling & fixed)
    if not shared:
        return 0
    ends_in_parameter = bool(segments) and "{" in segments[-1]
    for verbs, methods, parameter in _VERBS:
        if telling & verbs or set(words(function.name)) & verbs:
            fits = endpoint.method in methods.split()
            return (shared * 2 + (parameter == ends_in_parameter)) if fits else 0
    action = bool(segments) and bool(telling & function_key(segments[-1]))
    return shared * 2 + 1 if action and endpoint.method != "GET" else 0

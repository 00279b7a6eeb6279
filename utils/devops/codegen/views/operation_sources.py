"""Where operations come from: endpoints and functions of a design, joined by route."""

from __future__ import annotations

from dataclasses import dataclass, replace

from codegen.naming import Names, snake, words
from codegen.quoting import one_line
from codegen.views.routes import Route, SkippedRoute, read_route, route_key, route_name
from lld.model import Design, Endpoint, Function, Trigger


@dataclass(frozen=True, slots=True)
class Source:
    """A route before its meaning is known: what states it, and what serves it."""

    route: Route
    endpoint: Endpoint | None
    function: Function | None
    name: str = ""

    @property
    def text(self) -> str:
        """What the design says of it at the function and at the route, the same words once."""
        stated = [
            self.function.description if self.function else None,
            self.endpoint.summary if self.endpoint else None,
        ]
        parts = [one_line(part) for part in stated if part]
        longest = max(parts, key=lambda part: len(part.rstrip(".")), default="")
        if all(part.rstrip(".").lower() in longest.lower() for part in parts):
            return longest
        return ". ".join(part.rstrip(".") for part in parts)

    @property
    def line(self) -> int | None:
        return (
            self.endpoint.line if self.endpoint else self.function.line if self.function else None
        )


def find_sources(design: Design) -> tuple[list[Source], list[SkippedRoute]]:
    """Every route of the design once, with a name; and the texts that are no routes."""
    skipped: list[SkippedRoute] = []
    found: dict[tuple[str, str], Source] = {}
    for endpoint in design.endpoints:
        route = read_route(endpoint.method, endpoint.path)
        if isinstance(route, str):
            text = f"{endpoint.method} {endpoint.path}"
            skipped.append(SkippedRoute(text, route, endpoint.line))
        else:
            found.setdefault(route_key(route), Source(route, endpoint, None))
    for function in design.functions:
        if function.trigger is not Trigger.API or not function.method or not function.path:
            continue
        route = read_route(function.method, function.path)
        if isinstance(route, str):
            text = f"{function.method} {function.path}"
            skipped.append(SkippedRoute(text, route, function.line))
            continue
        known = found.get(route_key(route)) or Source(route, None, None)
        if known.function is None:
            found[route_key(route)] = replace(known, function=function)
    return _named(_served_by_routers(list(found.values()), design)), skipped


def _served_by_routers(sources: list[Source], design: Design) -> list[Source]:
    """Give routes without a function to the one API function that names no route of its own."""
    routers = [one for one in design.functions if one.trigger is Trigger.API and not one.path]
    if len(routers) != 1:
        return sources
    return [one if one.function else replace(one, function=routers[0]) for one in sources]


def _named(sources: list[Source]) -> list[Source]:
    """Name each operation: after its function when that has one route, else after the route."""
    served: dict[str, int] = {}
    for source in sources:
        if source.function:
            served[source.function.name] = served.get(source.function.name, 0) + 1
    names = Names()
    found = []
    for source in sources:
        function = source.function
        if function and served[function.name] == 1:
            base = [one for one in words(function.name) if one != "bbws"] or words(function.name)
            name = snake("_".join(base), default="operation")
        else:
            name = route_name(source.route)
        found.append(replace(source, name=names.claim(name)))
    return found

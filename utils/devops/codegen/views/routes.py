"""Routes of an API: a method and a path, checked, so that no text of a design becomes a pattern."""

from __future__ import annotations

import re
from dataclasses import dataclass

from codegen.naming import Names, is_plural, singular, snake, words

_VERSION = re.compile(r"v\d+(\.\d+)*")
_SEGMENT = re.compile(r"[A-Za-z0-9._~:@%-]+")
_PARAMETER = re.compile(r"\{\s*([^{}]+?)\+?\s*\}|<([^<>]+)>|:([A-Za-z_]\w*)")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_TAKEN = frozenset({"app", "body", "page", "caller", "request", "status", "item", "found", "sent"})


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of the path: as the design writes it, and in code."""

    wire: str
    name: str


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path; the path is checked, so it is safe as a route."""

    method: str
    path: str
    params: tuple[Param, ...]

    @property
    def rule(self) -> str:
        """The path as a Powertools rule: `/carts/<cart_id>`."""
        names = iter(self.params)
        return re.sub(r"\{[^{}]*\}", lambda _: f"<{next(names).name}>", self.path)

    @property
    def statics(self) -> list[str]:
        """Fixed segments after the version."""
        return [one for one in self.segments if not one.startswith("{")]

    @property
    def segments(self) -> list[str]:
        """Segments after the version prefix."""
        found = [one for one in self.path.split("/") if one]
        return found[1:] if found and _VERSION.fullmatch(found[0]) else found


@dataclass(frozen=True, slots=True)
class SkippedRoute:
    """A route of the design that cannot be one in code, and why."""

    text: str
    reason: str
    line: int | None


def read_route(method: str, path: str) -> Route | str:
    """A route, or why the text is none."""
    method = method.strip().upper()
    if method not in _METHODS:
        return f"the method is none of {', '.join(_METHODS)}"
    path = path.split("?")[0].strip()
    if not path.startswith("/") or len(path) > 500:
        return "the path does not start with a slash, or is too long"
    names = Names(_TAKEN)
    segments, params = [], []
    for segment in (one for one in path.split("/") if one):
        parameter = _PARAMETER.fullmatch(segment)
        if parameter:
            wire = next(group for group in parameter.groups() if group)
            name = names.claim(snake(wire, default="value"))
            params.append(Param(wire if re.fullmatch(r"\w+", wire) else name, name))
            segments.append(f"{{{params[-1].wire}}}")
        elif _SEGMENT.fullmatch(segment):
            segments.append(segment)
        else:
            return f"{segment[:60]!r} is no part of a path"
    return Route(method, "/" + "/".join(segments), tuple(params))


def route_key(route: Route) -> tuple[str, str]:
    """What two spellings of one route have in common."""
    return (route.method, re.sub(r"\{[^{}]*\}", "{}", route.path).lower())


_VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}


def route_name(route: Route) -> str:
    """A name for an operation that has none: `list_divisions`, `resend_invitation`."""
    segments = route.segments
    statics = ["_".join(words(one)) for one in route.statics] or ["root"]
    ends_in_param = bool(segments) and segments[-1].startswith("{")
    last = statics[-1]
    parents = [singular(one) for one in statics[:-1]]
    owner = "_".join(parents[-1:])
    if ends_in_param:
        return snake(f"{_VERBS[route.method]}_{singular(last)}" + (f"_of_{owner}" if owner else ""))
    if route.method == "GET":
        verb = "list" if is_plural(last) else "get"
        return snake(f"{verb}_{last}" + (f"_of_{owner}" if owner else ""))
    if route.method == "POST" and not is_plural(last) and (route.params or owner):
        return snake(f"{last}_{owner}" if owner else last)
    return snake(f"{_VERBS[route.method]}_{singular(last)}" + (f"_of_{owner}" if owner else ""))

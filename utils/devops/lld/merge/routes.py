"""One endpoint for one route, however often and in whatever spelling it is written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lld.facts import DetailFact, PathTreeFact, RouteFact, Trust
from lld.merge.elided import Ends, folded
from lld.model import Endpoint, Function, Parameter, Problem, Response, Severity
from lld.names import function_key
from lld.text import route_key

if TYPE_CHECKING:
    from collections.abc import Iterable

_ELIDED = re.compile(r"^(?:\.\.\.|…)")
_CONCRETE = re.compile(r"[0-9]|[A-Z]{2}")


@dataclass(slots=True)
class Route:
    """A route while its statements are being joined; the fullest comes first."""

    method: str
    key: str
    facts: list[RouteFact] = field(default_factory=list)
    details: list[DetailFact] = field(default_factory=list)
    spelling: str | None = None
    """The path with the parameter names that all methods of it share, when they differ."""

    @property
    def path(self) -> str:
        """The most complete spelling among the most trusted statements."""
        return self.spelling or self._best().path

    def _best(self) -> RouteFact:
        return max(self.facts, key=_completeness)

    @property
    def best_trust(self) -> Trust:
        """How far the spelling of the path is to be trusted."""
        return self._best().trust

    @property
    def trust(self) -> Trust:
        """The highest trust among the statements."""
        return max(fact.trust for fact in self.facts)

    @property
    def functions(self) -> list[str]:
        """Names of functions that statements give to this route, most trusted first."""
        ranked = sorted(self.facts, key=lambda fact: -fact.trust)
        return list(dict.fromkeys(fact.function for fact in ranked if fact.function))


def _completeness(fact: RouteFact) -> tuple[int, int, int, int]:
    """Whole paths before shortened ones, templates before examples of them."""
    path = fact.path
    return (min(fact.trust, Trust.TOLD), path.count("/"), path.count("{"), fact.trust)


class RouteBook:
    """All routes of a design, found again by method and path in any of its spellings."""

    def __init__(self) -> None:
        self.routes: dict[tuple[str, str], Route] = {}
        self.problems: list[Problem] = []
        self._spellings: dict[tuple[str, str], Route] = {}
        self._by_suffix: dict[tuple[str, str], list[Route]] = {}
        self._by_ends: dict[tuple[str, str, str], list[Route]] = {}
        self._by_length: dict[tuple[str, int, str], list[Route]] = {}

    def find(self, method: str, path: str) -> Route | None:
        """The route of this method and path, if the design states it."""
        return self._known(method, route_key(path))

    def _known(self, method: str, key: str) -> Route | None:
        return self.routes.get((method, key)) or self._spellings.get((method, key))

    def add(self, fact: RouteFact) -> Route | None:
        """File a statement; a mere hint is only filed with a route that is there already."""
        key = route_key(fact.path)
        known = self._known(fact.method, key) or self._alias(fact, key)
        if known is None:
            if fact.trust is Trust.HINT or "..." in fact.path:
                return None
            known = self._open(fact.method, key)
        known.facts.append(fact)
        return known

    def _open(self, method: str, key: str) -> Route:
        route = Route(method, key)
        self.routes[method, key] = route
        parts = key.strip("/").split("/")
        suffix = ""
        for position in range(len(parts) - 1, -1, -1):
            suffix = "/" + parts[position] + suffix
            static = not any("{" in part for part in parts[:position])
            if position and static and len(parts) - position <= 8:
                self._by_suffix.setdefault((method, suffix), []).append(route)
        if len(parts) > 2 and "{" not in parts[-1]:
            self._by_ends.setdefault((method, parts[0], parts[-1]), []).append(route)
        if "{" in key:
            self._by_length.setdefault((method, len(parts), parts[0]), []).append(route)
        return route

    def _alias(self, fact: RouteFact, key: str) -> Route | None:
        if fact.trust <= Trust.TOLD:
            longer = self._by_suffix.get((fact.method, key))
            if longer:
                return longer[0]
            template = self._template(fact.method, fact.path)
            if template:
                return template
        return self._respelled(fact, key)

    def _template(self, method: str, path: str) -> Route | None:
        """The route whose parameters a concrete example path fills: `/orders/ORD-1`."""
        parts = route_key(path).strip("/").split("/")
        written = list(path.strip("/").split("/"))[-len(parts) :]
        for route in self._by_length.get((method, len(parts), parts[0]), [])[:200]:
            wanted = route.key.strip("/").split("/")
            pairs = zip(wanted, parts, written, strict=True)
            if all(w == p or (w == "{}" and _CONCRETE.search(raw)) for w, p, raw in pairs):
                return route
        return None

    def _respelled(self, fact: RouteFact, key: str) -> Route | None:
        """A route that has one fixed segment more or less in the middle, as `/lifecycle` in
        `/tenants/{id}/lifecycle/park`, and ends in the same action."""
        parts = key.strip("/").split("/")
        if len(parts) < 3 or "{" in parts[-1] or "{}" not in parts:
            return None
        for route in self._by_ends.get((fact.method, parts[0], parts[-1]), [])[:200]:
            other = route.key.strip("/").split("/")
            short, long = sorted((parts, other), key=len)
            if len(long) - len(short) == 1 and _one_inserted(short, long):
                first = route.facts[0]
                self.problems.append(
                    Problem(
                        Severity.WARNING,
                        "route_spelled_twice",
                        f"{fact.method} {fact.path} is written {first.path} on line {first.line}",
                        fact.line,
                        "write one path everywhere",
                    )
                )
                self._spellings[fact.method, key] = route
                return route
        return None


def _one_inserted(short: list[str], long: list[str]) -> bool:
    for position in range(2, len(long) - 1):
        if long[:position] + long[position + 1 :] == short:
            return "{" not in long[position]
    return False


def merge_routes(facts: Iterable[RouteFact], trees: Iterable[PathTreeFact]) -> RouteBook:
    """File every statement, the most trusted first."""
    book = RouteBook()
    whole = [fact for fact in facts if not _ELIDED.match(fact.path)]
    elided = [fact for fact in facts if _ELIDED.match(fact.path)]
    for fact in sorted(whole, key=_order):
        book.add(fact)
    if elided:
        ends = Ends([fact.path for fact in whole] + [tree.path for tree in trees])
        for fact in elided:
            resolved = _resolve(fact, ends, book)
            if resolved:
                book.add(resolved)
                ends.note(resolved.path)
    _share_names(book)
    return book


def _share_names(book: RouteBook) -> None:
    """One spelling of the parameters for all methods of a path, the most trusted one."""
    groups: dict[str, list[Route]] = {}
    for route in book.routes.values():
        if "{" in route.path:
            groups.setdefault(folded(route.path), []).append(route)
    for group in groups.values():
        if len(group) > 1 and len({route.path for route in group}) > 1:
            spelling = max(group, key=lambda route: route.best_trust).path
            for route in group:
                route.spelling = spelling


def _order(fact: RouteFact) -> tuple[int, int, int]:
    # Longer spellings first within a trust, so that shortened ones find them.
    trust = Trust.STATED if fact.trust is Trust.FORMAL else fact.trust
    return (
        (-trust, -fact.path.count("/"), fact.line)
        if trust < Trust.STATED
        else (-trust, 0, fact.line)
    )


def _resolve(fact: RouteFact, ends: Ends, book: RouteBook) -> RouteFact | None:
    path = ends.complete(_ELIDED.sub("", fact.path).strip("/"))
    if path is None:
        book.problems.append(
            Problem(
                Severity.WARNING,
                "route_elided",
                f"nothing says what stands before {fact.method} {fact.path}",
                fact.line,
                "write the whole path",
            )
        )
        return None
    return replace(fact, path=path)


def endpoints(book: RouteBook, functions: Iterable[Function]) -> tuple[Endpoint, ...]:
    """The merged endpoints with their functions, in the order of their first full statement."""
    served = {(one.method, one.path): one.name for one in functions}
    named: dict[frozenset[str], str] | None = None
    made = []
    for route in book.routes.values():
        function = served.get((route.method, route.path))
        if function is None and route.functions:
            named = named or {function_key(one.name): one.name for one in functions}
            keys = (function_key(name) for name in route.functions)
            function = next((named[key] for key in keys if key in named), None)
        made.append(_endpoint(route, function))
    return tuple(sorted(made, key=lambda endpoint: endpoint.line))


def attach_details(book: RouteBook, details: Iterable[DetailFact]) -> None:
    """Give each detail to the route of its section, or of the nearest section around it that is
    about one route only."""
    owners: dict[int, dict[tuple[str, str], Route]] = {}
    for route in book.routes.values():
        for fact in route.facts:
            if fact.section is not None and fact.trust >= Trust.TOLD:
                owners.setdefault(fact.section.index, {})[route.method, route.key] = route
    for detail in details:
        for section in detail.section.lineage()[:3]:
            routes = owners.get(section.index)
            if routes:
                if len(routes) == 1:
                    next(iter(routes.values())).details.append(detail)
                break


def _endpoint(route: Route, function: str | None) -> Endpoint:
    ranked = sorted(route.facts, key=lambda fact: (-fact.trust, fact.line))
    stated = [fact for fact in ranked if fact.trust >= Trust.STATED] or ranked
    details = route.details
    return Endpoint(
        route.method,
        route.path,
        min(fact.line for fact in stated),
        next((fact.auth for fact in ranked if fact.auth), None),
        next((fact.request_model for fact in ranked if fact.request_model), None),
        next((fact.response_model for fact in ranked if fact.response_model), None),
        _responses(ranked, details),
        _parameters(ranked, details),
        next((fact.summary for fact in ranked if fact.summary), None),
        next((one.request_example for one in details if one.request_example), None),
        next((one.response_example for one in details if one.response_example), None),
        function,
    )


def _responses(facts: list[RouteFact], details: list[DetailFact]) -> tuple[Response, ...]:
    found: dict[int, Response] = {}
    for fact in facts:
        for one in fact.responses:
            found.setdefault(one.status, one)
    for detail in details:
        if detail.response:
            found.setdefault(detail.response.status, detail.response)
    return tuple(found.values())


def _parameters(facts: list[RouteFact], details: list[DetailFact]) -> tuple[Parameter, ...]:
    found: dict[tuple[str, str], Parameter] = {}
    for fact in facts:
        for one in fact.parameters:
            found.setdefault((one.location, one.name), one)
    for detail in details:
        if detail.parameter:
            found.setdefault((detail.parameter.location, detail.parameter.name), detail.parameter)
    return tuple(found.values())

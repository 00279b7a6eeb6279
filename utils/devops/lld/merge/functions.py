"""One function for each deployed Lambda, from inventories, trees, code and routes."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lld.facts import CountFact, FunctionFact, TreeFact, Trust
from lld.model import Function, Problem, Severity, Trigger
from lld.names import function_key
from lld.text import route_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lld.merge.routes import RouteBook
    from lld.model import Headline


@dataclass(slots=True)
class _Entry:
    """A function while its statements are being joined."""

    facts: list[FunctionFact] = field(default_factory=list)

    def stated(self) -> list[FunctionFact]:
        return [fact for fact in self.facts if fact.trust is Trust.STATED] or self.facts

    @property
    def name(self) -> str:
        """The longest name among the inventories: deployed names hold the short ones."""
        return max((fact.name for fact in self.stated()), key=len)


class _FunctionBook:
    """Functions found again by the telling words of their name or by route."""

    def __init__(self, routes: RouteBook) -> None:
        self.entries: list[_Entry] = []
        self._by_key: dict[frozenset[str], _Entry] = {}
        self._by_route: dict[tuple[str, str], _Entry] = {}
        self._routes = routes

    def find(self, fact: FunctionFact) -> _Entry | None:
        found = self._by_key.get(function_key(fact.name))
        if found and not self._same_table(found, fact):
            return found
        for method, path in fact.methods:
            by_route = self._by_route.get(self._route(method, path))
            if by_route and not self._same_table(by_route, fact):
                return by_route
        return None

    def _same_table(self, entry: _Entry, fact: FunctionFact) -> bool:
        """Rows of one inventory are different functions, unless they repeat the very name."""
        if fact.trust < Trust.TOLD:
            return False
        return any(one.group == fact.group and one.name != fact.name for one in entry.facts)

    def _route(self, method: str, path: str) -> tuple[str, str]:
        route = self._routes.find(method, path)
        return (method, route.key if route else route_key(path))

    def file(self, entry: _Entry, fact: FunctionFact) -> None:
        entry.facts.append(fact)
        self._by_key.setdefault(function_key(fact.name), entry)
        for method, path in fact.methods:
            self._by_route.setdefault(self._route(method, path), entry)

    def open(self, fact: FunctionFact) -> None:
        entry = _Entry()
        self.entries.append(entry)
        self.file(entry, fact)


def merge_functions(
    facts: Iterable[FunctionFact],
    trees: Iterable[TreeFact],
    counts: Iterable[CountFact],
    routes: RouteBook,
    headings: Sequence[Headline] = (),
) -> tuple[tuple[Function, ...], list[Problem]]:
    """Functions in the order of the document, and what their statements disagree about."""
    facts = [*facts, *_from_trees(trees)]
    book = _FunctionBook(routes)
    for trust in (Trust.STATED, Trust.FORMAL, Trust.TOLD, Trust.DRAWN, Trust.HINT):
        may_open = _may_open(trust, book)
        for fact in facts:
            if fact.trust is not trust:
                continue
            entry = book.find(fact)
            if entry:
                book.file(entry, fact)
            elif may_open or (trust is Trust.TOLD and fact.methods):
                book.open(fact)
    _open_started(facts, book)
    problems = [problem for entry in book.entries for problem in _contradictions(entry)]
    routed = all(any(fact.methods for fact in entry.facts) for entry in book.entries)
    by_name = {} if routed else _routes_by_name(routes)
    functions = [_function(entry, routes, by_name) for entry in book.entries]
    functions.sort(key=lambda function: function.line)
    problems += _miscounts(counts, facts, headings)
    return tuple(functions), problems


def _open_started(facts: list[FunctionFact], book: _FunctionBook) -> None:
    """A module of the project tree whose comment says what starts it, beside modules that are
    mostly listed functions, is one that the inventory left out."""
    drawn = [fact for fact in facts if fact.trust is Trust.DRAWN and fact.handler]
    unknown = [fact for fact in drawn if book.find(fact) is None]
    if 0 < len(unknown) * 2 <= len(drawn):
        for fact in unknown:
            if fact.trigger:
                book.open(fact)


def _may_open(trust: Trust, book: _FunctionBook) -> bool:
    """Inventories define functions; other statements only where there is no inventory, or when they
    give a route that no listed function serves; hints never do."""
    if trust is Trust.HINT:
        return False
    return trust is Trust.STATED or not book.entries


def _from_trees(trees: Iterable[TreeFact]) -> list[FunctionFact]:
    found = []
    for tree in trees:
        triggers = dict(tree.triggers)
        for name, line in tree.handlers:
            short = name.removesuffix("_handler")
            found.append(
                FunctionFact(
                    short,
                    line,
                    Trust.DRAWN,
                    tree.line,
                    triggers.get(name),
                    handler=f"handlers.{name}.handler",
                )
            )
    return found


def _function(
    entry: _Entry, routes: RouteBook, by_name: dict[frozenset[str], tuple[str, str]]
) -> Function:
    ranked = sorted(entry.facts, key=lambda fact: (fact.trust is not Trust.STATED, -fact.trust))
    methods = next((fact.methods for fact in ranked if fact.methods), ())
    method, path = methods[0] if methods else (None, None)
    if method and path:
        route = routes.find(method, path)
        path = route.path if route else path
    else:
        keys = [function_key(fact.name) for fact in entry.facts]
        method, path = next((by_name[key] for key in keys if key in by_name), (None, None))
    named = next(fact for fact in entry.stated() if fact.name == entry.name)
    return Function(
        entry.name,
        _trigger(entry, ranked, is_routed=method is not None),
        named.line,
        method,
        path,
        next((fact.memory_mb for fact in ranked if fact.memory_mb), None),
        next((fact.timeout_s for fact in ranked if fact.timeout_s), None),
        next((fact.description for fact in ranked if fact.description), None),
        next((fact.source for fact in ranked if fact.source), None),
        next((fact.handler for fact in ranked if fact.handler), None),
    )


def _trigger(entry: _Entry, ranked: list[FunctionFact], *, is_routed: bool) -> Trigger:
    stated: list[Trigger] = [fact.trigger for fact in ranked if fact.trigger]
    for trigger in stated:
        if trigger is not Trigger.OTHER:
            return trigger
    if is_routed:
        return Trigger.API
    return Trigger.AUTHORIZER if not stated and _is_authorizer(entry.name) else Trigger.OTHER


def _is_authorizer(name: str) -> bool:
    return "authorizer" in name.lower() or "authoriser" in name.lower()


def _routes_by_name(routes: RouteBook) -> dict[frozenset[str], tuple[str, str]]:
    found: dict[frozenset[str], tuple[str, str]] = {}
    for route in routes.routes.values():
        for name in route.functions:
            found.setdefault(function_key(name), (route.method, route.path))
    return found


def _contradictions(entry: _Entry) -> Iterable[Problem]:
    for what, unit in (("memory_mb", "MB"), ("timeout_s", "s")):
        said = [(getattr(fact, what), fact.line) for fact in entry.facts if getattr(fact, what)]
        different = {value for value, _ in said}
        if len(different) > 1:
            first = said[0]
            other = next(one for one in said if one[0] != first[0])
            yield Problem(
                Severity.WARNING,
                f"{what.split('_')[0]}_contradicts",
                f"{entry.name} has {first[0]}{unit} on line {first[1]} and {other[0]}{unit} "
                f"on line {other[1]}",
                other[1],
                "state one value",
            )


def _miscounts(
    counts: Iterable[CountFact], facts: list[FunctionFact], headings: Sequence[Headline]
) -> list[Problem]:
    """A heading's count against the rows of the inventories in its section."""
    found = []
    counts = list(counts)
    if not counts:
        return []
    stated = sorted({(fact.line, fact.name) for fact in facts if fact.trust is Trust.STATED})
    lines = [line for line, _ in stated]
    starts = [heading.line for heading in headings]
    for claim in counts:
        after = headings[bisect_right(starts, claim.line) :]
        level = claim.section.level
        end = next((one.line for one in after if one.level <= level), lines[-1] + 1 if lines else 0)
        rows = stated[bisect_right(lines, claim.line) : bisect_right(lines, end - 1)]
        below = {name for _, name in rows}
        if below and len(below) != claim.count:
            found.append(
                Problem(
                    Severity.WARNING,
                    "function_count",
                    f"the heading says {claim.count} functions, {len(below)} are listed below it",
                    claim.line,
                    "correct the number, or list the missing functions",
                )
            )
    return found

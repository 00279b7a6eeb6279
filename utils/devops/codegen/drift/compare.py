"""Design, repository and deployment joined: one row a thing, with what is missing or undesigned."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from codegen.drift.code import read_code
from codegen.drift.deployed import read_deployed
from codegen.drift.facts import Column, Fact, Kind, Thing, index_name, route_name
from codegen.drift.infrastructure import deployment, read_infrastructure
from codegen.drift.tests import read_tests
from codegen.drift.trees import generated_tree
from codegen.drift.workflows import read_workflows
from codegen.secrecy import without_secrets
from codegen.terraform.service import terraform_view
from codegen.views.service_view import view_service

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from codegen.drift.deployed import Account
    from codegen.drift.facts import Tree
    from codegen.views.service_view import ServiceView
    from lld.model import Design


_Found = dict[Thing, dict[Column, str]]


class State(StrEnum):
    """How a thing stands."""

    OK = "ok"
    MISSING = "missing"
    UNDESIGNED = "not designed"
    UNSERVED = "not generated"
    """The design names it in a way that nothing can be made of; the README says so."""


_DRIFT = frozenset({State.MISSING, State.UNDESIGNED})


@dataclass(frozen=True, slots=True)
class Row:
    """One thing; `line` is the design's, `places` has where each column was found."""

    thing: Thing
    title: str
    line: int | None
    state: State
    places: Mapping[Column, str] = field(default_factory=dict)
    missing: tuple[Column, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Every thing of a service, in the order of the kinds."""

    document: str
    repository: str
    environment: str | None
    rows: tuple[Row, ...]

    @property
    def drifted(self) -> tuple[Row, ...]:
        return tuple(one for one in self.rows if one.state in _DRIFT)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The places that were looked at."""
        return tuple(one for one in Column if self.environment or one is not Column.DEPLOYED)


@dataclass(frozen=True, slots=True)
class _Names:
    """What the same table is called in code and in Terraform."""

    variables: Mapping[str, str]
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """An environment and how it is reached."""

    name: str
    account: Account


def compare(design: Design, tree: Tree, repository: str, place: Place | None = None) -> Report:
    """Compare a design with the text of its repository, and with an environment.

    Raises:
        UnavailableError: A file cannot be read, or AWS does not answer.
    """
    view = view_service(without_secrets(design))
    infrastructure = terraform_view(view)
    names = _Names(
        {one.variable: one.name for one in view.tables},
        {one.label: one.title or one.name for one in infrastructure.tables},
    )
    generated = generated_tree(view)
    wanted = _joined(_read(generated, names, ()))
    found = _joined(_read(tree, names, wanted))
    if place:
        called = deployment(generated)
        alarms = [one.name for one in wanted if one.kind is Kind.ALARM]
        deployed = read_deployed(
            place.account, place.name, infrastructure.service, called, names.labels, alarms
        )
        _join(found, deployed)
        _join(wanted, _expected_deployed(wanted))
    rows = [*_rows(view, wanted, found), *_unserved(view)]
    environment = place.name if place else None
    return Report(design.document, repository, environment, tuple(rows))


def _read(tree: Tree, names: _Names, wanted: Iterable[Thing]) -> list[Fact]:
    """All facts of a tree, which may have the things that are wanted."""
    code = list(read_code(tree, names.variables))
    things = (*wanted, *(one.thing for one in code))
    routes = {one.name for one in things if one.kind is Kind.ROUTE}
    facts = [
        *code,
        *read_tests(tree, names.variables, routes),
        *read_infrastructure(tree, names.labels),
    ]
    placed = dict.fromkeys(
        one.thing
        for one in facts
        if one.column is Column.TERRAFORM or one.thing.kind in (Kind.MODEL, Kind.SCENARIO)
    )
    return [*facts, *read_workflows(tree, dict.fromkeys((*wanted, *placed)))]


def _joined(facts: Iterable[Fact]) -> _Found:
    found: _Found = {}
    _join(found, facts)
    return found


def _join(found: _Found, facts: Iterable[Fact]) -> None:
    """Add facts; the first place of a column stays."""
    for one in facts:
        found.setdefault(one.thing, {}).setdefault(one.column, one.place)


def _expected_deployed(wanted: _Found) -> list[Fact]:
    """Whatever Terraform declares is there after a deployment."""
    return [
        Fact(thing, Column.DEPLOYED, "")
        for thing, places in wanted.items()
        if Column.TERRAFORM in places
    ]


def _rows(view: ServiceView, wanted: _Found, found: _Found) -> list[Row]:
    titles, lines = _stated(view)
    order = {kind: number for number, kind in enumerate(Kind)}
    rows = []
    for thing in sorted({*wanted, *found}, key=lambda one: (order[one.kind], one.name)):
        places = found.get(thing, {})
        expected = wanted.get(thing)
        missing = tuple(one for one in Column if one in (expected or {}) and one not in places)
        state = State.UNDESIGNED if expected is None else State.MISSING if missing else State.OK
        title = titles.get(thing, thing.name)
        rows.append(Row(thing, title, lines.get(thing), state, places, missing))
    return rows


def _stated(view: ServiceView) -> tuple[dict[Thing, str], dict[Thing, int | None]]:
    """What the design calls things, and the lines where it does."""
    titles: dict[Thing, str] = {}
    lines: dict[Thing, int | None] = {}
    for function in view.functions:
        lines[Thing(Kind.FUNCTION, function.module)] = function.line
    for operation in view.operations:
        route = operation.route
        thing = Thing(Kind.ROUTE, route_name(route.method, route.path))
        titles[thing], lines[thing] = f"{route.method} {route.path}", operation.line
    for table in view.tables:
        lines[Thing(Kind.TABLE, table.name)] = table.line
    for model in view.models.models.values():
        lines[Thing(Kind.MODEL, model.class_name)] = model.line
    for enum in view.models.enums.values():
        lines[Thing(Kind.MODEL, enum.class_name)] = enum.line
    for designed in view.design.tables:
        for index in designed.gsis:
            lines[Thing(Kind.INDEX, index_name(designed.name or "", index.name))] = index.line
    for one in view.design.test_scenarios:
        lines[Thing(Kind.SCENARIO, one.id)] = one.line
    return titles, lines


def _unserved(view: ServiceView) -> list[Row]:
    return [
        Row(Thing(Kind.ROUTE, one.text), one.text, one.line, State.UNSERVED, reason=one.reason)
        for one in view.skipped
    ]

"""Lambda functions from inventory tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.columns import Role, first_column, header_words, roles
from lld.facts import Fact, FunctionFact, RouteFact, Trust
from lld.model import Resource, Trigger
from lld.names import without_number
from lld.readers.triggers import source_of, trigger_of, trigger_told
from lld.text import (
    code_spans,
    first_code,
    memory_mb,
    methods_in,
    path_in,
    plain,
    routes_in,
    seconds,
    sizes_in,
    vocabulary,
    without_routes,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lld.blocks import Row, Section, Table

_NAME = re.compile(r"[A-Za-z][\w${}<>.:/ -]{1,90}\Z")
_TELLING = (
    Role.ENDPOINT,
    Role.PATH,
    Role.METHOD,
    Role.TRIGGER,
    Role.MEMORY,
    Role.TIMEOUT,
    Role.SIZES,
    Role.HANDLER,
)
_NOT_FUNCTIONS = vocabulary("total totals function functions none n/a - … ...")


def read_table(table: Table) -> Iterator[Fact]:
    """Inventory tables, and tables that only relate functions to something else."""
    columns = roles(table.header)
    position = columns.get(Role.FUNCTION)
    if (
        position is None
        and _first_is_name(table)
        and (_lists_functions(table.section) or is_about_functions(table.section.lowered))
    ):
        position = first_column(table.header)
    if position is None and _handlers_are_names(table, columns):
        position = columns[Role.HANDLER]
    if position is None:
        return
    trust = _trust(table, columns, position)
    if trust is None:
        return
    for row in table.rows:
        yield from _row(table, row, columns, position, trust)


def _handlers_are_names(table: Table, columns: dict[Role, int]) -> bool:
    """Whether a table of routes names its functions in a column of handlers."""
    column = columns.get(Role.HANDLER)
    routed = Role.ENDPOINT in columns or Role.PATH in columns
    if column is None or not routed or not table.rows:
        return False
    return all(re.fullmatch(r"`?[A-Za-z]\w*(?:[_-]\w+)*`?", r.cells[column]) for r in table.rows)


def _first_is_name(table: Table) -> bool:
    return header_words(table.header[first_column(table.header)]) in ("name", "handler")


def _trust(table: Table, columns: dict[Role, int], position: int) -> Trust | None:
    if Role.STORY_ID in columns:
        return None
    telling = [role for role in _TELLING if columns.get(role, position) != position]
    sourced = Role.QUEUE in columns or Role.TOPIC in columns or Role.TRIGGER in columns
    if position == first_column(table.header):
        if telling:
            return Trust.STATED
        if sourced:
            return Trust.TOLD
        if Role.DESCRIPTION in columns and _lists_functions(table.section):
            return Trust.STATED
        return Trust.HINT
    routed = Role.ENDPOINT in columns or (Role.METHOD in columns and Role.PATH in columns)
    return Trust.TOLD if routed or sourced else None


def _lists_functions(section: Section) -> bool:
    title = without_number(section.title).lower()
    plain_titles = ("functions", "function list", "function inventory", "function summary")
    return section.speaks_of("lambda") or title in plain_titles


def _row(
    table: Table, row: Row, columns: dict[Role, int], position: int, trust: Trust
) -> Iterator[Fact]:
    def cell(role: Role) -> str:
        column = columns.get(role)
        return "" if column is None or column == position else row.cells[column]

    name = function_cell(row.cells[position])
    if name is None:
        return
    methods = tuple(_routes(cell(Role.ENDPOINT), cell(Role.METHOD), cell(Role.PATH)))
    if not methods:
        others = (cell(Role.TRIGGER), *(c for i, c in enumerate(row.cells) if i != position))
        methods = next((tuple(found) for c in others if (found := routes_in(c))), ())
    trigger, trigger_text = _trigger(row, position, methods, cell)
    description = plain(cell(Role.DESCRIPTION)) or None
    memory, timeout = sizes_in(cell(Role.SIZES))
    yield FunctionFact(
        name,
        row.line,
        trust,
        table.line,
        trigger,
        methods,
        memory_mb(cell(Role.MEMORY)) or memory,
        seconds(cell(Role.TIMEOUT)) or timeout,
        description,
        (cell(Role.QUEUE) and plain(cell(Role.QUEUE))) or _source(trigger, trigger_text),
        plain(cell(Role.HANDLER)) or None,
    )
    if trust is Trust.STATED:
        for method, path in methods:
            yield RouteFact(
                method,
                path,
                row.line,
                Trust.STATED,
                name,
                summary=description,
                auth=auth_of(cell(Role.AUTH)),
                section=table.section,
            )
        yield from _resource(trigger, trigger_text, row.line)


def _trigger(
    row: Row, position: int, methods: tuple[tuple[str, str], ...], cell: Callable[[Role], str]
) -> tuple[Trigger | None, str]:
    """What starts the function of a row, and the words that say so."""
    text = cell(Role.TRIGGER)
    if not text and cell(Role.QUEUE):
        return Trigger.SQS, cell(Role.QUEUE)
    if methods:
        trigger = trigger_of(without_routes(text))
        return (Trigger.API if trigger in (None, Trigger.OTHER) else trigger), text
    trigger = trigger_of(text)
    timed = next((c for c in row.cells if _TIMES.search(c)), None)
    if trigger is Trigger.EVENTBRIDGE and timed:
        return Trigger.SCHEDULE, timed
    if trigger in (None, Trigger.OTHER):
        # Without a route, the columns of routes say what else starts it.
        for role in (Role.ENDPOINT, Role.PATH, Role.METHOD):
            other = trigger_of(cell(role))
            if other not in (None, Trigger.OTHER, Trigger.API):
                return other, cell(role)
        for column, said in enumerate(row.cells):
            other = trigger_told(said) if column != position else None
            if other is not None:
                return other, said
    return trigger, text


_TIMES = re.compile(r"\b(?:cron|rate)\s*\(", re.I)


def _source(trigger: Trigger | None, text: str) -> str | None:
    if trigger is Trigger.OTHER:
        return source_of(text) or plain(text) or None
    return None if trigger in (None, Trigger.API) else source_of(text)


def _resource(trigger: Trigger | None, text: str, line: int) -> Iterator[Fact]:
    kinds = {Trigger.SQS: "sqs", Trigger.SNS: "sns", Trigger.S3: "s3"}
    if trigger in kinds:
        for name in code_spans(text):
            if "-" in name and "/" not in name:
                yield Resource(kinds[trigger], name, line)


def _routes(endpoint: str, method: str, path: str) -> Iterator[tuple[str, str]]:
    found = routes_in(endpoint) or routes_in(path)
    if found:
        yield from found
        return
    route = path_in(path) or path_in(endpoint)
    if route:
        for name in methods_in(method):
            yield name, route


def function_cell(text: str) -> str | None:
    """A function's name in a cell, or None when the cell holds something else."""
    name = first_code(text) or plain(text)
    name = re.sub(r"\s*\(.*\)\s*\Z", "", name).strip()
    if not _NAME.match(name) or name.lower() in _NOT_FUNCTIONS or len(name.split()) > 5:
        return None
    return name.removesuffix(".py")


_PUBLIC = ("none", "no", "public", "anonymous", "open", "not required", "unauthenticated", "n/a")
_KEYED = ("api key", "api-key", "x-api-key", "apikey")


def auth_of(text: str) -> str | None:
    """`none`, `jwt`, `api_key` or `iam`, from the words of a cell."""
    lowered = plain(text).lower().strip()
    if not lowered or lowered in ("-", "–", "tbd", "tbc"):
        return None
    if lowered.startswith(_PUBLIC):
        return "none"
    if any(sign in lowered for sign in ("jwt", "cognito", "bearer", "token", "oauth")):
        return "jwt"
    if any(sign in lowered for sign in _KEYED):
        return "api_key"
    if re.search(r"\b(iam|sigv4|aws_iam)\b", lowered):
        return "iam"
    return "jwt"


_LISTS = ("inventory", "list", "overview", "catalog", "specification", "summary", "details")


def is_about_functions(title: str) -> bool:
    """Whether a lower-case heading announces a list of functions."""
    ends = ("functions", "lambdas", "handlers")
    if "lambda function" in title or title.rstrip(" :").endswith(ends):
        return True
    return ("lambda" in title or "function" in title) and any(word in title for word in _LISTS)

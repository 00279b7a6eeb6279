"""Routes from REST tables, endpoint lines, headings, lists and request examples."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.columns import Role, first_column, header_words, roles
from lld.facts import Fact, FunctionFact, PathTreeFact, RouteFact, Trust
from lld.model import Trigger
from lld.readers.functions import auth_of, function_cell
from lld.text import METHODS, methods_in, path_in, plain, routes_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Fence, Heading, Item, Paragraph, Section, Table

_ASIDE = (
    "rate limit",
    "throttl",
    "troubleshoot",
    "change log",
    "changelog",
    "document control",
    "revision history",
    "external",
    "dependenc",
    "deprecated",
    "future",
    "testing",
    "test case",
    "test scenario",
    "test plan",
    "third-party",
    "third party",
    "out of scope",
    "load test",
    "performance",
    "nfr",
    "monitoring",
    "alarm",
    "risk",
    "migration",
    "frontend route",
    "related api",
    "upstream",
    "consumed api",
    "api integration",
    "api client",
    "backend api",
    "service call",
    "references",
)
"""Sections that mention routes without defining them."""


def _is_aside(section: Section) -> bool:
    return section.speaks_of(*_ASIDE)


def read_table(table: Table) -> Iterator[Fact]:
    """Tables of routes; function tables yield theirs with the function."""
    columns = roles(table.header)
    function = columns.get(Role.FUNCTION)
    if function is not None and function == first_column(table.header):
        return
    endpoint = _path_column(table)
    if endpoint is None:
        endpoint = _route_column(table)
        if endpoint is None:
            return
    aside = _is_aside(table.section) or _limits(table) or _served_elsewhere(table)
    trust = Trust.HINT if aside else Trust.STATED
    method_column = columns.get(Role.METHOD)
    for row in table.rows:
        found = routes_in(row.cells[endpoint])
        if not found and method_column is not None and method_column != endpoint:
            path = path_in(row.cells[endpoint])
            found = [(name, path) for name in methods_in(row.cells[method_column])] if path else []
        hosted = "://" in row.cells[endpoint]
        for method, path in found:
            yield RouteFact(
                method,
                path,
                row.line,
                Trust.HINT if hosted else trust,
                function_cell(row.cells[function]) if function is not None else None,
                _auth(columns, row.cells),
                _cell(columns, row.cells, Role.DESCRIPTION, Role.OPERATION),
                _model(columns, row.cells, Role.REQUEST),
                _model(columns, row.cells, Role.RESPONSE),
                section=table.section,
            )


def _path_column(table: Table) -> int | None:
    """The column of routes or paths; of several so named, the one whose cells are paths."""
    named = [
        position
        for position, cell in enumerate(table.header)
        if {Role.ENDPOINT, Role.PATH} & roles((cell,)).keys()
    ]
    pathed = (at for at in named if any("/" in row.cells[at] for row in table.rows[:3]))
    if not named and Role.METHOD in roles(table.header):
        return _column_of_paths(table)
    return next(pathed, named[0] if named else None)


def _column_of_paths(table: Table) -> int | None:
    """Beside a column of methods, the column with nothing but paths, whatever it is called."""
    rows = table.rows[:50]
    for position in range(len(table.header) if rows else 0):
        if all(path_in(row.cells[position]) for row in rows):
            return position
    return None


def _served_elsewhere(table: Table) -> bool:
    """Whether a column says which service answers: the routes of others that are called here."""
    words = {header_words(cell) for cell in table.header}
    return bool(words & {"service", "provider", "owner", "owning service", "backend", "system"})


def _route_column(table: Table) -> int | None:
    """The operation column of a table whose cells hold whole routes."""
    column = first_column(table.header)
    word = header_words(table.header[column])
    if word not in ("operation", "action", "request", "api", "call", "name"):
        return None
    return column if table.rows and routes_in(table.rows[0].cells[column]) else None


_DESCRIBING = (Role.DESCRIPTION, Role.AUTH, Role.OPERATION, Role.REQUEST, Role.RESPONSE)


def _limits(table: Table) -> bool:
    """Whether a table only gives limits or targets for routes that are stated elsewhere."""
    if any(role in roles(table.header) for role in _DESCRIBING):
        return False
    return any(
        sign in header_words(cell)
        for cell in table.header
        for sign in ("limit", "latency", "throttl", "window", "burst", "cache", "p95", "sla")
    )


def _cell(columns: dict[Role, int], cells: tuple[str, ...], *wanted: Role) -> str | None:
    for role in wanted:
        if role in columns:
            return plain(cells[columns[role]]) or None
    return None


def _auth(columns: dict[Role, int], cells: tuple[str, ...]) -> str | None:
    return auth_of(cells[columns[Role.AUTH]]) if Role.AUTH in columns else None


_MODEL = re.compile(r"[A-Z]\w+\Z")


def _model(columns: dict[Role, int], cells: tuple[str, ...], role: Role) -> str | None:
    if role not in columns:
        return None
    name = plain(cells[columns[role]])
    return name if _MODEL.match(name) else None


def read_heading(heading: Heading) -> Iterator[Fact]:
    """`#### POST /v1.0/orders - Create Order`."""
    title = heading.section.title
    trust = Trust.HINT if _is_aside(heading.section) else Trust.STATED
    for method, path in routes_in(title):
        _, _dash, summary = title.partition(" - ")
        yield RouteFact(
            method,
            path,
            heading.line,
            trust,
            summary=summary.strip() or None,
            section=heading.section,
        )


_ENDPOINT_LINE = re.compile(r"\W{0,6}(?:api\s+)?(?:endpoint|route|url|path|request|http)s?\b", re.I)


def read_paragraph(paragraph: Paragraph) -> Iterator[Fact]:
    """`**Endpoint**: `POST /v1.0/orders`` states a route, other prose only mentions it."""
    for offset, line in enumerate(paragraph.lines):
        if "/" not in line:
            continue
        stated = _ENDPOINT_LINE.match(line) and not _is_aside(paragraph.section)
        begins = line.lstrip("*` ").startswith(_STARTS) and not _is_aside(paragraph.section)
        trust = Trust.STATED if stated else Trust.TOLD if begins else Trust.HINT
        for method, path in routes_in(line):
            yield RouteFact(method, path, paragraph.line + offset, trust, section=paragraph.section)


_STARTS = ("GET ", "POST ", "PUT ", "PATCH ", "DELETE ", "GET`", "POST`", "PUT`", "DELETE`")


def read_item(item: Item) -> Iterator[Fact]:
    """`- GET /v1.0/products (list all products)` tells a route when it starts with it."""
    for offset, line in enumerate(item.lines):
        if "/" not in line:
            continue
        found = routes_in(line)
        if not found:
            continue
        begins = line.lstrip("*` ").startswith(found[0][0]) or _ENDPOINT_LINE.match(line)
        trust = Trust.TOLD if begins and not _is_aside(item.section) else Trust.HINT
        auth = _list_auth(item.caption) if begins else None
        for method, path in found:
            yield RouteFact(
                method, path, item.line + offset, trust, auth=auth, section=item.section
            )


def _list_auth(caption: str) -> str | None:
    lowered = caption.lower()
    if "public" in lowered or "no auth" in lowered:
        return "none"
    if "authentication required" in lowered or "protected" in lowered or "authenticated" in lowered:
        return "jwt"
    return None


_CONCRETE = re.compile(r"/[^/{}]*(?:\d{2,}|[A-Z]{2,}[-_]|_[0-9a-f]{6,})[^/{}]*")


def read_request_example(fence: Fence) -> Iterator[Fact]:
    """The first line of a request example: `POST /v1.0/orders HTTP/1.1`."""
    first = fence.text[:400].lstrip("\n").partition("\n")[0]
    if not first.startswith(_STARTS):
        return
    for method, path in routes_in(first)[:1]:
        concrete = _CONCRETE.search(path.replace("/v1", "/", 1))
        aside = _is_aside(fence.section)
        trust = Trust.HINT if concrete or aside else Trust.TOLD
        yield RouteFact(method, path, fence.line, trust, section=fence.section)


def read_route_list(fence: Fence) -> Iterator[Fact]:
    """Lines of plain fences that hold whole routes: lists, and ASCII sequence diagrams as hints."""
    lines = fence.text.split("\n", 4000)
    drawn = any(sign in fence.text for sign in ("--->", "-->", "+--", "──", "|  "))
    for offset, line in enumerate(lines[:4000]):
        if "/" not in line:
            continue
        begins = line.lstrip(" -*").startswith(_STARTS)
        trust = Trust.TOLD if begins and not drawn and not _is_aside(fence.section) else Trust.HINT
        served = _ARROW.search(line[:600]) if begins and not drawn else None
        name = served[1] if served else None
        found = routes_in(line)
        for method, path in found:
            if offset or name:  # the first line is the request example's
                yield RouteFact(
                    method, path, fence.line + offset, trust, name, section=fence.section
                )
        if name and found:
            yield FunctionFact(
                name, fence.line + offset, Trust.TOLD, fence.line, Trigger.API, tuple(found)
            )


_ARROW = re.compile(r"\s(?:->|→|=>)\s*`?([A-Za-z]\w*(?:[-_]\w+)+)`?(?:\s|\Z)")
_HANDLER = re.compile(r"[A-Za-z]\w*(?:[-_]\w+)+\Z")
_TREE_MARKS = re.compile(r"[│├└─|+`\s-]*")


def read_url_tree(fence: Fence) -> Iterator[Fact]:
    """A tree of URL segments: the full path of each node, and its methods where they are leaves."""
    text = fence.text
    if not text.lstrip().startswith("/") or not ("──" in text or "|--" in text or "+--" in text):
        return
    stack: list[tuple[int, str]] = []
    for offset, line in enumerate(text.split("\n")[:2000]):
        indent = _TREE_MARKS.match(line)
        width = indent.end() if indent else 0
        words = line[width:].split()
        segment = words[0] if words else ""
        if not segment.startswith(("/", *METHODS)):
            continue
        while stack and stack[-1][0] >= width:
            stack.pop()
        if segment in METHODS and stack:
            name = words[1] if len(words) > 1 and _HANDLER.match(words[1]) else None
            path, number = stack[-1][1], fence.line + offset
            yield RouteFact(segment, path, number, Trust.TOLD, name, section=fence.section)
        if not segment.startswith("/"):
            continue
        full = (stack[-1][1] if stack else "") + segment.rstrip("/")
        stack.append((width, full))
        if len(full) < 500:
            yield PathTreeFact(full, fence.line + offset)

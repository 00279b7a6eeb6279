"""What an endpoint's section says of it: example bodies, parameters and answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.columns import Role, first_column, roles
from lld.facts import DetailFact
from lld.model import Parameter, Response
from lld.readers.secrets import without_secrets
from lld.text import plain
from lld.types import python_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Fence, Table
    from lld.facts import Fact

_LONGEST = 20_000
_STATUS = re.compile(r"\b([1-5]\d\d)\b")
_NAME = re.compile(r"[A-Za-z_][\w.\[\]-]*\Z")


def read_example(fence: Fence) -> Iterator[Fact]:
    """A JSON body below `Request Body` or `Response (201 Created)`."""
    title = f"{fence.caption} {fence.section.title}".lower()
    if len(fence.text) > _LONGEST or not fence.text.lstrip().startswith(("{", "[")):
        return
    text = without_secrets(fence.text.strip())
    said = fence.caption.lower() or title
    if "error" in said or '"$schema"' in text:
        return
    if "response" in said or "success" in said:
        status = _STATUS.search(fence.caption)
        if status:
            yield DetailFact(
                fence.section, fence.line, response=Response(int(status[1]), None, fence.caption)
            )
        yield DetailFact(fence.section, fence.line, response_example=text)
    elif "request" in said or "body" in said or "payload" in said:
        yield DetailFact(fence.section, fence.line, request_example=text)


_PLACES = (("query", "query"), ("path param", "path"), ("header", "header"))


def read_parameters(table: Table) -> Iterator[Fact]:
    """A table of query, path or header parameters."""
    title = (table.caption or table.section.title).lower()
    location = next((place for sign, place in _PLACES if sign in title), None)
    columns = roles(table.header)
    first = first_column(table.header)
    if location is None or columns.get(Role.FIELD, columns.get(Role.NAME)) != first:
        return
    for row in table.rows:
        name = plain(row.cells[first]).split(" ")[0]
        if not _NAME.match(name):
            continue
        kind = python_type(row.cells[columns[Role.TYPE]]) if Role.TYPE in columns else None
        needed = (
            plain(row.cells[columns[Role.REQUIRED]]).lower() if Role.REQUIRED in columns else ""
        )
        text = plain(row.cells[columns[Role.DESCRIPTION]]) if Role.DESCRIPTION in columns else ""
        required = location == "path" or needed.startswith(("y", "t", "req", "✓"))
        yield DetailFact(
            table.section,
            row.line,
            parameter=Parameter(name, location, kind, required, text or None),
        )


def read_statuses(table: Table) -> Iterator[Fact]:
    """`Status Code | Description` in an endpoint's section."""
    columns = roles(table.header)
    first = first_column(table.header)
    if columns.get(Role.STATUS) != first or Role.TARGET in columns:
        return
    for row in table.rows:
        status = _STATUS.search(row.cells[first])
        if not status:
            continue
        text = plain(row.cells[columns[Role.DESCRIPTION]]) if Role.DESCRIPTION in columns else ""
        code = plain(row.cells[columns[Role.CODE]]) if Role.CODE in columns else ""
        yield DetailFact(
            table.section,
            row.line,
            response=Response(int(status[1]), None, text or None, code or None),
        )

"""Properties with a known key: rows of two-column tables and `**Key**: value` lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.blocks import Item, Paragraph, Table
from lld.columns import Role, first_column, header_words, roles
from lld.facts import Fact, PropertyFact
from lld.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

KNOWN = {
    "version": "version",
    "document version": "version",
    "lld version": "version",
    "parent hld": "parent_hld",
    "hld": "parent_hld",
    "hld reference": "parent_hld",
    "parent document": "parent_hld",
    "related hld": "parent_hld",
    "component": "component",
    "component name": "component",
    "service": "service",
    "service name": "service",
    "microservice": "service",
    "repository": "repository",
    "repository name": "repository",
    "repo": "repository",
    "github repository": "repository",
    "github repo": "repository",
    "repo name": "repository",
    "code repository": "repository",
    "git repository": "repository",
    "source repository": "repository",
    "runtime": "runtime",
    "language": "language",
    "lambda runtime": "runtime",
    "memory": "memory",
    "memory size": "memory",
    "lambda memory": "memory",
    "memory mb": "memory",
    "default memory": "memory",
    "timeout": "timeout",
    "lambda timeout": "timeout",
    "default timeout": "timeout",
    "architecture": "architecture",
    "lambda architecture": "architecture",
    "cpu architecture": "architecture",
    "processor": "architecture",
    "product": "product",
    "lld id": "lld_id",
    "document id": "lld_id",
    "lld number": "lld_id",
    "function name": "function_name",
    "lambda name": "function_name",
    "lambda": "function_name",
    "lambda function": "function_name",
    "lambda function name": "function_name",
    "function": "function_name",
    "handler": "handler",
    "trigger": "trigger",
    "trigger type": "trigger",
    "event source": "trigger",
    "source queue": "trigger",
    "method": "method",
    "http method": "method",
    "path": "path",
    "url": "path",
    "endpoint": "endpoint",
    "api endpoint": "endpoint",
    "route": "endpoint",
    "authentication": "auth",
    "authorization": "auth",
    "auth": "auth",
    "table name": "table_name",
    "dynamodb table": "table_name",
    "table": "table_name",
    "partition key": "pk",
    "hash key": "pk",
    "primary key": "pk",
    "pk": "pk",
    "partition key pk": "pk",
    "sort key": "sk",
    "range key": "sk",
    "sk": "sk",
    "sort key sk": "sk",
    "ttl": "ttl",
    "ttl attribute": "ttl",
    "time to live": "ttl",
    "stream": "stream",
    "streams": "stream",
    "dynamodb streams": "stream",
    "index name": "index_name",
    "gsi name": "index_name",
    "projection": "projection",
    "projection type": "projection",
    "queue name": "queue_name",
    "dlq": "dlq",
    "dead letter queue": "dlq",
    "dlq name": "dlq",
    "topic name": "topic_name",
    "bucket name": "bucket_name",
    "bucket": "bucket_name",
    "s3 bucket": "bucket_name",
    "event bus": "bus_name",
    "event bus name": "bus_name",
    "visibility timeout": "visibility_timeout",
    "message retention": "message_retention",
    "max receive count": "max_receive_count",
    "maxreceivecount": "max_receive_count",
    "user pool": "user_pool",
    "user pool name": "user_pool",
    "from address": "from_address",
    "sender": "from_address",
    "from email": "from_address",
    "request model": "request_model",
    "response model": "response_model",
    "description": "description",
    "purpose": "description",
}
"""Wordings of a key -> the property it means."""


def read_table(table: Table) -> Iterator[Fact]:
    """Rows of a table whose first column names properties and whose next column gives values."""
    first = first_column(table.header)
    columns = roles(table.header)
    if first + 1 >= len(table.header):
        return
    named = columns.get(Role.FUNCTION) == first and len(table.header) == 2
    if columns.get(Role.PROPERTY) != first and not named:
        return
    value = columns.get(Role.VALUE, first + 1)
    if value == first:
        value = first + 1
    word = header_words(table.header[value])
    if value != first + 1 or word in ("type", "required", "data type", "purpose", "document"):
        return
    if columns.get(Role.VALUE) is None and len(table.header) > 3:
        return
    head = KNOWN.get(header_words(table.header[first]))
    if head and columns.get(Role.VALUE) is None and columns.get(Role.PROPERTY) != first:
        yield PropertyFact(
            head, table.header[value], table.line, table.section, table.line, table.caption
        )
    for row in table.rows:
        key = KNOWN.get(header_words(row.cells[first]))
        if key and row.cells[value]:
            yield PropertyFact(
                key, row.cells[value], row.line, table.section, table.line, table.caption
            )


_LABEL = re.compile(
    r"\s*(?:\*\*\s*(?P<bold>[^*:]{2,40}?)\s*:?\s*\*\*\s*:?|(?P<bare>[A-Z][A-Za-z ]{2,30}):)"
    r"\s*(?P<value>\S.*)\Z"
)


def read_paragraph(paragraph: Paragraph) -> Iterator[Fact]:
    """`**Version**: 1.0` lines."""
    for offset, line in enumerate(paragraph.lines):
        yield from _label(line, paragraph.line + offset, paragraph)


def read_item(item: Item) -> Iterator[Fact]:
    """`- **Memory**: 256MB` items."""
    yield from _label(item.lines[0], item.line, item)


def _label(line: str, number: int, block: Paragraph | Item) -> Iterator[Fact]:
    if ":" not in line[:60]:
        return
    found = _LABEL.match(line[:2000])
    if not found:
        return
    key = KNOWN.get(header_words(found["bold"] or found["bare"]))
    if key and plain(found["value"]):
        caption = block.caption if isinstance(block, Item) else ""
        yield PropertyFact(key, found["value"].strip(), number, block.section, 0, caption)

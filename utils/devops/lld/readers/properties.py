"""Properties with a known key: rows of two-column tables and `**Key**: value` lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.blocks import Item, Paragraph, Table
from lld.columns import Role, first_column, header_words, roles
from lld.facts import Fact, PropertyFact
from lld.naming import repository_in
from lld.text import plain, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator

_KNOWN = {
    "version": "version",
    "document version": "version",
    "lld version": "version",
    "parent hld": "parent_hld",
    "hld": "parent_hld",
    "hld reference": "parent_hld",
    "parent document": "parent_hld",
    "related hld": "parent_hld",
    "parent": "parent_hld",
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
    "git": "repository",
    "source code": "repository",
    "source": "repository",
    "code": "repository",
    "runtime": "runtime",
    "ram": "memory",
    "mem": "memory",
    "language": "language",
    "lambda runtime": "runtime",
    "memory": "memory",
    "memory size": "memory",
    "lambda memory": "memory",
    "memory mb": "memory",
    "default memory": "memory",
    "memory timeout": "sizes",
    "memory and timeout": "sizes",
    "timeout memory": "sizes",
    "timeout": "timeout",
    "lambda timeout": "timeout",
    "default timeout": "timeout",
    "architecture": "architecture",
    "arch": "architecture",
    "instruction set": "architecture",
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
    "event": "trigger",
    "events": "trigger",
    "triggered by": "trigger",
    "invoked by": "trigger",
    "started by": "trigger",
    "schedule": "trigger",
    "http": "endpoint",
    "http endpoint": "endpoint",
    "api route": "endpoint",
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
    "name": "name",
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
    "request body": "request_model",
    "request": "request_model",
    "response model": "response_model",
    "response body": "response_model",
    "response": "response_model",
    "returns": "response_model",
    "description": "description",
    "purpose": "description",
}
"""Wordings of a key -> the property it means."""

_QUALIFIERS = vocabulary(
    "aws the default lambda function github git gitlab code source cpu mb gb s sec seconds size "
    "allocated our configured standard component url link limit in used max"
)
_QUALIFIED = vocabulary("repository runtime memory timeout architecture handler product")


def known_property(key: str) -> str | None:
    """The property that a key means, whatever qualifies it: `Default Lambda Memory`."""
    said = header_words(key)
    found = _KNOWN.get(said)
    if found is None and len(said) < 60:
        rest = " ".join(word for word in said.split() if word not in _QUALIFIERS)
        found = _KNOWN.get(rest)
        found = found if found in _QUALIFIED else None
    return found


def _property(key: str, value: str) -> str | None:
    """The property of a key; a parent is one only when it is an HLD, and a place of the code only
    when it names a repository."""
    found = known_property(key)
    if found == "repository" and "repo" not in key.lower() and not repository_in(value):
        return None
    if found == "parent_hld" and "hld" not in f"{key} {value}".lower() and key.lower() == "parent":
        return None
    return found


def read_table(table: Table) -> Iterator[Fact]:
    """Rows of a table whose first column names properties and whose next column gives values."""
    first = first_column(table.header)
    columns = roles(table.header)
    if header_words(table.header[first]) in ("repository", "repo"):
        yield from _repositories(table, first)
    if first + 1 >= len(table.header):
        return
    if len(table.header) == 2 and not any(table.header):
        yield from _rows(table, 0, 1)
        return
    named = columns.get(Role.FUNCTION) == first and len(table.header) == 2
    if columns.get(Role.PROPERTY) != first and not named:
        if len(table.header) == 2 and table.section.level <= 1:
            yield from _document_head(table)
        return
    value = columns.get(Role.VALUE, first + 1)
    if value == first:
        value = first + 1
    word = header_words(table.header[value])
    if value != first + 1 or word in ("type", "required", "data type", "purpose", "document"):
        return
    if columns.get(Role.VALUE) is None and len(table.header) > 3:
        return
    head = known_property(table.header[first])
    if head and columns.get(Role.VALUE) is None and columns.get(Role.PROPERTY) != first:
        yield PropertyFact(
            head, table.header[value], table.line, table.section, table.line, table.caption
        )
    yield from _rows(table, first, value)


def _repositories(table: Table, column: int) -> Iterator[Fact]:
    """A list of repositories: the first is the design's where nothing else names one."""
    for row in table.rows[:1]:
        name = repository_in(row.cells[column])
        if name:
            yield PropertyFact("repository_said", name, row.line, table.section, 0, "")


def _document_head(table: Table) -> Iterator[Fact]:
    """A table of two columns right below the title: its first row is a property like the others."""
    key = _property(*table.header)
    if key and table.header[1]:
        yield PropertyFact(
            key, table.header[1], table.line, table.section, table.line, table.caption
        )
    yield from _rows(table, 0, 1)


def _rows(table: Table, first: int, value: int) -> Iterator[Fact]:
    for row in table.rows:
        key = _property(row.cells[first], row.cells[value])
        if key and row.cells[value]:
            yield PropertyFact(
                key, row.cells[value], row.line, table.section, table.line, table.caption
            )


_LABEL = re.compile(
    r"\s*(?:>\s*)?(?:\*\*\s*(?P<bold>[^*:]{2,40}?)\s*:?\s*\*\*\s*:?"
    r"|(?P<bare>[A-Z][A-Za-z ]{2,30}):)"
    r"\s*(?P<value>\S.*)\Z"
)
_REPOSITORY_WORD = re.compile(r"[\s>*]*(?:the )?(?:github |git |code )?repository\b", re.I)
_REPOSITORY_SAID = re.compile(
    r"\b(?:github |git |code )?repo(?:sitory)?(?: (?:is|named|called))?[\s:`*]{1,6}(?=\d)", re.I
)
_BARE_VERSION = re.compile(r"[\s>*]*(?:Document |LLD )?Version\**\s+v?(\d+(?:\.\d+)*)\b", re.I)
_BETWEEN = re.compile(
    r"\s+[|·•]\s+|\s+(?=\*\*[A-Z][^*:]{2,40}:\*\*\s)|\s+[—–]\s+(?=[A-Z][A-Za-z ]{2,30}:\s)"
    r"|,\s+(?=\*\*[^*:]{2,40}:?\*\*)"
    r"|\.\s+(?=[A-Z][a-z]+(?: [a-z]+)?:\s)"
)
"""Between several keys of one line: `**Version**: 1.0 | **Parent**: HLD 3.2`."""


def read_paragraph(paragraph: Paragraph) -> Iterator[Fact]:
    """`**Version**: 1.0` lines."""
    for offset, line in enumerate(paragraph.lines):
        yield from _labels(line, paragraph.line + offset, paragraph)


def read_item(item: Item) -> Iterator[Fact]:
    """`- **Memory**: 256MB` items."""
    yield from _labels(item.lines[0], item.line, item)


def _labels(line: str, number: int, block: Paragraph | Item) -> Iterator[Fact]:
    told = "ersion" in line[:20] or "epo" in line
    if ":" not in line[:60] and "**" not in line[:4] and not told:
        return
    for part in _BETWEEN.split(line[:2000]):
        yield from _label(part, number, block)


def _label(line: str, number: int, block: Paragraph | Item) -> Iterator[Fact]:
    found = _LABEL.match(line)
    version = _BARE_VERSION.match(line) if not found else None
    if version:
        yield PropertyFact("version", version[1], number, block.section, 0, "")
    said = _REPOSITORY_SAID.search(line)
    named = repository_in(line[said.end() :].split(" ")[0]) if said else None
    if named:
        yield PropertyFact("repository_said", named, number, block.section, 0, "")
    if not found:
        named = repository_in(line) if _REPOSITORY_WORD.match(line) else None
        if named:
            yield PropertyFact("repository", named, number, block.section, 0, "")
        return
    value = found["value"].strip()
    key = _property(found["bold"] or found["bare"], value)
    if key and plain(value):
        caption = block.caption if isinstance(block, Item) else ""
        yield PropertyFact(key, value, number, block.section, 0, caption)

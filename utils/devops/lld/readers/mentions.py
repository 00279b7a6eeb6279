"""Names that commands, policies and prose mention: tables and other resources, as hints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.columns import Role, first_column, roles
from lld.facts import Fact, TableFact, Trust
from lld.model import Resource
from lld.text import LONGEST_CELL, first_code, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Fence, Item, Paragraph, Section, Table

_NAME = r"[A-Za-z0-9][\w.${}<>*-]*"
_TABLE = re.compile(
    rf"(?:--table-name[ =]+[\"']?|(?i:TABLE_NAME|DYNAMODB_TABLE)\w*\s*[=:]\s*[\"']?|"
    rf"\.Table\([\"']|:table/)(bbws[\w.${{}}<>*-]*|[a-z]\w*-{_NAME})"
)
_BUCKET = re.compile(rf"(?:s3://|arn:aws:s3:::)({_NAME})")
_ARN = re.compile(r"arn:aws:(sns|sqs|events|secretsmanager|ses):[^:\s\"]*:[^:\s\"]*:([^\s\"',]+)")
_SAID = re.compile(
    r"\b(SNS|SQS|S3|EventBridge)\s*(?:topic|queue|bucket|bus|rule)?\s*:?\s*\(?`?(bbws-[\w.${}-]+)",
    re.I,
)
_MAIL = re.compile(
    r"(?:from|sender|reply-to|fromaddress)\b[^\n|]{0,40}?([\w.+-]+@[\w-]+\.[\w.-]+)", re.I
)
_KINDS = {"sns": "sns", "sqs": "sqs", "s3": "s3", "eventbridge": "eventbridge"}
_SIGNS = ("table", "TABLE", "Table", "s3:", "arn:aws", "bbws-", "@")


def read_fence(fence: Fence) -> Iterator[Fact]:
    """Commands, policies and settings inside a block."""
    text = fence.text
    if not any(sign in text for sign in _SIGNS):
        return
    for offset, line in enumerate(text.split("\n")):
        if any(sign in line for sign in _SIGNS):
            yield from _mentions(line[:2000], fence.line + offset, fence.section)


def _mentions(line: str, number: int, section: Section) -> Iterator[Fact]:
    for found in _TABLE.finditer(line):
        yield TableFact(found[1].rstrip(".*-/"), number, Trust.HINT, section)
    for found in _BUCKET.finditer(line):
        name = found[1].split("/")[0].rstrip("*-")
        if len(name) > 2 and not name.startswith("$"):
            yield Resource("s3", name, number)
    for found in _ARN.finditer(line):
        yield from _arn(found[1], found[2], number)


def _arn(service: str, target: str, number: int) -> Iterator[Fact]:
    if service == "events" and target.startswith("event-bus/"):
        yield Resource("eventbridge", target.removeprefix("event-bus/"), number)
    elif service == "secretsmanager" and target.startswith("secret:"):
        yield Resource("secret", target.removeprefix("secret:").rstrip("*-"), number)
    elif service in ("sns", "sqs") and ":" not in target and "*" not in target:
        yield Resource(service, target, number)


_COLUMNS = {
    Role.QUEUE: "sqs",
    Role.TOPIC: "sns",
    Role.BUCKET: "s3",
    Role.DLQ: "sqs",
    Role.SECRET: "secret",  # pragma: allowlist secret
}


def read_table(table: Table) -> Iterator[Fact]:
    """Columns of queues, topics and buckets, and names that a cell introduces by their service."""
    columns = roles(table.header)
    wanted = [(columns[role], kind) for role, kind in _COLUMNS.items() if role in columns]
    for row in table.rows:
        for position, kind in wanted:
            name = first_code(row.cells[position]) or plain(row.cells[position])
            if re.fullmatch(rf"{_NAME}(?:/[\w.${{}}<>*-]+)*", name) and (
                "-" in name or "/" in name
            ):
                yield Resource(kind, name, row.line, _served(row.cells, columns, position))
        for cell in row.cells:
            if "bbws-" in cell or "@" in cell:
                yield from _said(cell[:LONGEST_CELL], row.line)
    first = first_column(table.header)
    if columns.get(Role.TABLE) == first and Role.PK not in columns:
        for row in table.rows:
            named = first_code(row.cells[first])
            if named and "-" in named:
                yield TableFact(named, row.line, Trust.HINT, table.section)


def _served(cells: tuple[str, ...], columns: dict[Role, int], position: int) -> str | None:
    """The queue of a row, for the cell that names its dead-letter queue."""
    if Role.QUEUE not in columns or columns.get(Role.DLQ) != position:
        return None
    return first_code(cells[columns[Role.QUEUE]]) or plain(cells[columns[Role.QUEUE]]) or None


def _said(text: str, line: int) -> Iterator[Fact]:
    for found in _SAID.finditer(text):
        yield Resource(_KINDS[found[1].lower()], found[2], line)
    mail = _MAIL.search(text)
    if mail:
        yield Resource("ses", mail[1], line)


def read_lines(block: Paragraph | Item) -> Iterator[Fact]:
    """`S3 bucket `bbws-invoices-{env}`` in prose."""
    for offset, line in enumerate(block.lines):
        if "bbws-" in line:
            yield from _said(line[:LONGEST_CELL], block.line + offset)

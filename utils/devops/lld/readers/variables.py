"""Environment variables from tables, and what makes one; a secret's value is never kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.columns import Role, first_column, header_words, roles
from lld.facts import Fact, TableFact, Trust, VariableFact
from lld.model import EnvironmentVariable
from lld.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Row, Section, Table

VARIABLE_NAME = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*\Z")
_SECRET = re.compile(
    r"(?:^|_)(?:SECRET|PASSWORD|PASSWD|PASSPHRASE|PRIVATE_KEY|API_KEY|APIKEY|TOKEN|CREDENTIALS?|"
    r"MERCHANT_KEY|SIGNING_KEY|ENCRYPTION_KEY|ACCESS_KEY|SALT|DSN)(?:$|_)"
)
_POINTER = re.compile(
    r"_(?:EXPIRY|EXPIRES|TTL|TABLE|URL|URI|ENDPOINT|ISSUER|LENGTH|TIMEOUT|MINUTES|HOURS|DAYS|SECONDS|TYPE)\Z"
)
_ABOUT = ("environment variable", "env var", "environment config", ".env", "lambda environment")


def is_secret(name: str, words: str = "") -> bool:
    """Whether a variable's value belongs in Secrets Manager."""
    if _POINTER.search(name):
        return False
    lowered = words.lower()
    return bool(_SECRET.search(name)) or "secrets manager" in lowered or "secretsmanager" in lowered


def variable(
    name: str, line: int, description: str | None = None, value: str | None = None
) -> EnvironmentVariable:
    """A variable with its value, unless that is a secret."""
    secret = is_secret(name, f"{description or ''} {value or ''}")
    return EnvironmentVariable(name, description, secret, line, None if secret else value or None)


def is_about_variables(section: Section, caption: str = "") -> bool:
    """Whether a section or caption says that it is about environment variables."""
    return section.speaks_of(*_ABOUT) or any(word in caption.lower() for word in _ABOUT)


_SETTINGS = ("config", "setting", "environment", "variable", "konfig", "parameter", "secret")
_NOT_SETTINGS = ("error", "status", "enum", "exception", "event type", "metric")


def may_hold_variables(section: Section, caption: str = "") -> bool:
    """Whether upper-case names of a section are likely variables and not error codes or states."""
    words = (*(one.lowered for one in section.lineage()[:2]), caption.lower())
    said = any(sign in text for text in words for sign in _SETTINGS)
    return said and not any(sign in text for text in words for sign in _NOT_SETTINGS)


def _named_like_variables(table: Table, first: int) -> bool:
    """Whether the first cells are names such as `ORDERS_TABLE`, most with an underscore."""
    names = [plain(row.cells[first]).split(" ")[0] for row in table.rows[:50]]
    fit = [name for name in names if VARIABLE_NAME.match(name) and len(name) > 2]
    return len(fit) == len(names) > 0 and sum("_" in name for name in fit) * 2 >= len(fit)


def _names_column(table: Table, columns: dict[Role, int]) -> int:
    """The first column, or in a section on variables the one that says so: `Lambda | Variable`."""
    said = columns.get(Role.VARIABLE)
    named = said is not None and "var" in header_words(table.header[said])
    if said is not None and named and (said == 0 or _named_like_variables(table, said)):
        return said
    if not table.header[0] and _named_like_variables(table, 0):
        return 0
    return first_column(table.header)


def read_table(table: Table) -> Iterator[Fact]:
    """`Variable | Description | Example`."""
    columns = roles(table.header)
    first = _names_column(table, columns)
    if not _is_stated(table, columns, first):
        return
    for row in table.rows:
        name = plain(row.cells[first]).split(" ")[0]
        if VARIABLE_NAME.match(name) and len(name) > 2:
            yield from _row(table, row, name, columns, first)


def _is_stated(table: Table, columns: dict[Role, int], first: int) -> bool:
    """A header or section says so, or a section on settings holds nothing but such names."""
    word = header_words(table.header[first])
    about = is_about_variables(table.section, table.caption)
    if columns.get(Role.VARIABLE) == first and (word != "key" or about):
        return True
    if about and word in ("name", "parameter", "property", "setting"):
        return True
    if Role.CODE in columns or not may_hold_variables(table.section, table.caption):
        return False
    return _named_like_variables(table, first)


def _row(table: Table, row: Row, name: str, columns: dict[Role, int], first: int) -> Iterator[Fact]:
    told = plain(row.cells[columns[Role.DESCRIPTION]]) if Role.DESCRIPTION in columns else ""
    value = ""
    for role in (Role.VALUE, Role.EXAMPLE, Role.DEFAULT):
        if role in columns and columns[role] != first:
            value = value or plain(row.cells[columns[role]])
    found = variable(name, row.line, told or None, value or None)
    if is_secret(name, " ".join(row.cells)) and not found.secret:
        found = EnvironmentVariable(name, told or None, True, row.line)
    yield VariableFact(found, Trust.STATED)
    if _TABLE_VARIABLE.search(name) and _RESOURCE_VALUE.match(value):
        yield TableFact(value, row.line, Trust.HINT, table.section)


_TABLE_VARIABLE = re.compile(r"(?:^|_)TABLE(?:_NAME)?\Z")
_RESOURCE_VALUE = re.compile(r"[a-z][\w.]*(?:-[\w.${}<>]+)+\Z")

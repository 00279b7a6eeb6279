"""Environment variables from tables, lists and shell blocks; a secret's value is never kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.columns import Role, first_column, header_words, roles
from lld.facts import Fact, Trust, VariableFact
from lld.model import EnvironmentVariable
from lld.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Fence, Item, Paragraph, Section, Table

_NAME = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*\Z")
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


def _about(section: Section, caption: str = "") -> bool:
    return section.speaks_of(*_ABOUT) or any(word in caption.lower() for word in _ABOUT)


_SETTINGS = ("config", "setting", "environment", "variable", "konfig", "parameter", "secret")
_NOT_SETTINGS = ("error", "status", "enum", "exception", "event type", "metric")


def _may_hold_variables(section: Section, caption: str = "") -> bool:
    """Whether upper-case names of a section are likely variables and not error codes or states."""
    words = (*(one.lowered for one in section.lineage()[:2]), caption.lower())
    said = any(sign in text for text in words for sign in _SETTINGS)
    return said and not any(sign in text for text in words for sign in _NOT_SETTINGS)


def _named_like_variables(table: Table, first: int) -> bool:
    """Whether the first cells are names such as `ORDERS_TABLE`, most with an underscore."""
    names = [plain(row.cells[first]).split(" ")[0] for row in table.rows[:50]]
    fit = [name for name in names if _NAME.match(name) and len(name) > 2]
    return len(fit) == len(names) > 0 and sum("_" in name for name in fit) * 2 >= len(fit)


def _names_column(table: Table, columns: dict[Role, int]) -> int:
    """The first column, or in a section on variables the one that says so: `Lambda | Variable`."""
    said = columns.get(Role.VARIABLE)
    named = said is not None and "var" in header_words(table.header[said])
    if said is not None and named and (said == 0 or _named_like_variables(table, said)):
        return said
    return first_column(table.header)


def read_table(table: Table) -> Iterator[Fact]:
    """`Variable | Description | Example`."""
    columns = roles(table.header)
    first = _names_column(table, columns)
    word = header_words(table.header[first])
    if columns.get(Role.VARIABLE) != first and not (
        _about(table.section, table.caption)
        and word in ("name", "parameter", "property", "setting")
    ):
        if not _may_hold_variables(table.section, table.caption):
            return
        if Role.CODE in columns or not _named_like_variables(table, first):
            return
    if word == "key" and not _about(table.section, table.caption):
        return
    for row in table.rows:
        name = plain(row.cells[first]).split(" ")[0]
        if not _NAME.match(name) or len(name) < 3:
            continue
        description = (
            plain(row.cells[columns[Role.DESCRIPTION]]) if Role.DESCRIPTION in columns else ""
        )
        value = ""
        for role in (Role.VALUE, Role.EXAMPLE, Role.DEFAULT):
            if role in columns and columns[role] != first:
                value = value or plain(row.cells[columns[role]])
        others = " ".join(row.cells)
        found = variable(name, row.line, description or None, value or None)
        if is_secret(name, others) and not found.secret:
            found = EnvironmentVariable(name, description or None, True, row.line)
        yield VariableFact(found, Trust.STATED)


_ITEM = re.compile(
    r"[*`\s]*([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)[*`]*\s*((?:\([^()]*\))?)\s*(?:[:=–—-]\s*(.*))?\Z",
    re.S,
)


def read_item(item: Item) -> Iterator[Fact]:
    """`- `TABLE_NAME`: the table` in a section about environment variables."""
    told = _about(item.section, item.caption)
    if not told and not _may_hold_variables(item.section, item.caption):
        return
    found = _ITEM.match(" ".join(item.lines)[:600])
    if not found or len(found[1]) < 3 or not (told or "_" in found[1]):
        return
    one = variable(found[1], item.line, plain(found[3] or "") or None)
    if "secret" in found[2].lower() and not one.secret:
        one = EnvironmentVariable(one.name, one.description, True, one.line)
    yield VariableFact(one, Trust.TOLD)


_LABELLED = re.compile(
    r"\W{0,6}(?:lambda )?env(?:ironment)?(?: var(?:iable)?s?)?[\s*]{0,4}:[\s*]{0,4}(.*)\Z",
    re.I | re.S,
)


_SPAN = re.compile(r"`([^`]+)`((?:\s*\([^()]*\))?)")


def read_line(block: Paragraph | Item) -> Iterator[Fact]:
    """`Environment: `ORDERS_TABLE`, `LOG_LEVEL``, and names alone in a section on variables."""
    for offset, text in enumerate(block.lines):
        if "`" not in text:
            continue
        labelled = _LABELLED.match(text[:1000])
        listed = labelled[1] if labelled else text[:1000]
        if not labelled and not _about(block.section) and not _may_hold_variables(block.section):
            continue
        if re.sub(r"`[^`]*`(?:\s*\([^()]*\))?|\band\b|[\s,;.*-]", "", listed):
            continue
        for name, said in _SPAN.findall(listed):
            if _NAME.match(name) and len(name) > 2 and ("_" in name or labelled):
                secret = is_secret(name) or "secret" in said.lower()
                description = said.strip("() ") or None
                yield VariableFact(
                    EnvironmentVariable(name, description, secret, block.line + offset), Trust.TOLD
                )


_ASSIGNMENT = re.compile(
    r"\s*(?:export\s+|-\s+)?\"?([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)\"?\s*[=:]\s*(.*?),?\s*\Z"
)


def read_assignments(fence: Fence) -> Iterator[Fact]:
    """`NAME=value` lines of a block about environment variables."""
    if (
        fence.language not in ("env", "dotenv")
        and not _about(fence.section, fence.caption)
        and not _is_dotenv(fence)
        and not _is_mapping_of_variables(fence)
    ):
        return
    for offset, line in enumerate(fence.text.split("\n")):
        found = _ASSIGNMENT.match(line[:600])
        if found and len(found[1]) > 2:
            text, _, comment = found[2].partition(" #")
            value = text.strip().strip("\"'")
            name = found[1]
            yield VariableFact(
                variable(name, fence.line + offset, comment.strip() or None, value), Trust.STATED
            )


_DOTENV_LINE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*=\S?.*\Z|#.*\Z")


def _is_dotenv(fence: Fence) -> bool:
    """Whether a block holds nothing but assignments, at least two."""
    if fence.language not in ("", "text", "txt", "properties", "ini"):
        return False
    lines = [line.strip() for line in fence.text.split("\n") if line.strip()]
    found = [_DOTENV_LINE.match(line) for line in lines]
    return (
        1 < len(lines) <= 200
        and all(found)
        and sum(bool(one and one[1]) for one in found) * 2 > sum(line[0] != "#" for line in lines)
    )


_ENVIRONMENT_KEY = re.compile(
    r"^\s*(?:environment|environment_variables|environmentVariables|env|variables):\s*$", re.M
)
_YAML_PAIR = re.compile(r"\s+[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*:\s*\S.*\Z")


def _is_mapping_of_variables(fence: Fence) -> bool:
    """Whether a YAML block is `environment:` over names and values, not a pipeline or template."""
    if fence.language not in ("yaml", "yml") or len(fence.text) > 20_000:
        return False
    lines = [one for one in fence.text.split("\n") if one.strip() and one.strip()[0] != "#"]
    named = sum(bool(_YAML_PAIR.match(line)) for line in lines)
    return bool(_ENVIRONMENT_KEY.search(fence.text)) and 0 < len(lines) - named <= 2

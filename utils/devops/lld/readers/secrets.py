"""Secrets written into a design: found by shape or by name, reported by line, never kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.model import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Fence, Item, Paragraph, Table
    from lld.facts import Fact

_SHAPES = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}"
    r"|\bsk_live_[A-Za-z0-9]{16,}"
    r"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----"
    r"|\bxox[abpr]-[A-Za-z0-9-]{20,}"
)
_ASSIGNED = re.compile(
    r"(?i)\b\w{0,40}(?:secret|password|passwd|passphrase|private_?key|api_?key|access_?key|"
    r"merchant_key|token)\"?'?\s*[:=|]\s*[\"'`]?([^\s\"'`|,;]{8,200})"
)
_KEYED = re.compile(
    r"(?i)(\"\w{0,40}(?:secret|password|passwd|passphrase|private_?key|api_?key|token)\w{0,20}\"\s*:"
    r"\s*)\"[^\"\n]{0,4000}\""
)
_PLACEHOLDER = re.compile(
    r"(?i)x{3,}|\*{3,}|\.{3}|[<>{}$()\[\]]|your|example|sample|change_?me|placeholder|dummy|test|"
    r"arn:|secretsmanager|secrets|ssm|vault|string|required|optional|env|none|null|true|false|"
    r"bearer|jwt|valid|^[a-z]+$|^[A-Z_]+$|^\W+$|^/|^https?:"
)
_SIGNS = (
    "secret",
    "SECRET",
    "Secret",
    "assw",
    "ASSW",
    "assphrase",
    "ASSPHRASE",
    "oken",
    "OKEN",
    "key",
    "KEY",
    "Key",
    "AKIA",
    "ASIA",
    "gh",
    "sk_live",
    "xox",
    "BEGIN",
)


def is_real(value: str) -> bool:
    """Whether a value under a secret's name is one, and not a placeholder or a description."""
    mixed = bool(re.search(r"\d", value)) and bool(re.search(r"[A-Za-z]", value))
    return mixed and not _PLACEHOLDER.search(value)


def holds_secret(line: str) -> bool:
    """Whether a line holds what looks like the value of a secret."""
    if not any(sign in line for sign in _SIGNS):
        return False
    line = line[:4000]
    if _SHAPES.search(line):
        return True
    return any(is_real(value) for value in _ASSIGNED.findall(line))


def masked(text: str) -> str:
    """The text with `<secret>` in the place of each value of a secret."""
    if not any(sign in text for sign in _SIGNS):
        return text
    shown = _SHAPES.sub("<secret>", text)
    return _ASSIGNED.sub(
        lambda found: found[0].replace(found[1], "<secret>") if is_real(found[1]) else found[0],
        shown,
    )


def without_secrets(text: str) -> str:
    """A JSON example in which the values of secrets are replaced."""
    return _KEYED.sub(r'\1"***"', text)


def _found(line: int) -> Problem:
    return Problem(
        Severity.ERROR,
        "secret_written",
        "the value of a secret seems to be written here",
        line,
        "keep it in Secrets Manager, name the secret here, and replace the value that leaked",
    )


def read_fence(fence: Fence) -> Iterator[Fact]:
    """Secrets inside a block; bodies of examples may hold invented ones."""
    text = fence.text
    if not any(sign in text for sign in _SIGNS):
        return
    shapes_only = fence.language in (
        "json",
        "http",
        "mermaid",
        "typescript",
        "javascript",
        "python",
    )
    for offset, line in enumerate(text.split("\n")):
        if shapes_only and not _SHAPES.search(line[:4000]):
            continue
        if holds_secret(line):
            yield _found(fence.line + offset)


def read_table(table: Table) -> Iterator[Fact]:
    """Secrets in the rows of a table of settings."""
    for row in table.rows:
        line = " | ".join(row.cells)
        if any(sign in line for sign in _SIGNS) and _row_holds(row.cells, line):
            yield _found(row.line)


def _row_holds(cells: tuple[str, ...], line: str) -> bool:
    if _SHAPES.search(line[:4000]):
        return True
    from lld.readers.variables import is_secret

    name = cells[0].strip("` *")
    if not (name.isupper() and is_secret(name)):
        return False
    return any(
        " " not in c.strip("` ") and len(c) > 7 and is_real(c.strip("` ")) for c in cells[1:]
    )


def read_lines(block: Paragraph | Item) -> Iterator[Fact]:
    """Secrets in prose."""
    for offset, line in enumerate(block.lines):
        if any(sign in line for sign in _SIGNS) and holds_secret(line):
            yield _found(block.line + offset)

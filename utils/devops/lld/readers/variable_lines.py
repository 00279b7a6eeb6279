"""Environment variables from lists, lines of names, and blocks of assignments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.facts import Fact, Trust, VariableFact
from lld.model import EnvironmentVariable
from lld.readers.variables import (
    VARIABLE_NAME,
    is_about_variables,
    is_secret,
    may_hold_variables,
    variable,
)
from lld.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Fence, Item, Paragraph

_ITEM = re.compile(
    r"[*`\s]*([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)[*`]*\s*((?:\([^()]*\))?)\s*(?:[:=–—-]\s*(.*))?\Z",
    re.S,
)


def read_item(item: Item) -> Iterator[Fact]:
    """`- `TABLE_NAME`: the table` in a section about environment variables."""
    told = is_about_variables(item.section, item.caption)
    if not told and not may_hold_variables(item.section, item.caption):
        return
    found = _ITEM.match(" ".join(item.lines)[:600])
    if not found or len(found[1]) < 3:
        return
    trust = Trust.TOLD if told or "_" in found[1] else Trust.DRAWN
    one = variable(found[1], item.line, plain(found[3] or "") or None)
    if "secret" in found[2].lower() and not one.secret:
        one = EnvironmentVariable(one.name, one.description, True, one.line)
    yield VariableFact(one, trust)


_LABELLED = re.compile(
    r"\W{0,6}(?:lambda )?env(?:ironment)?(?: var(?:iable)?s?)?[\s*]{0,4}:[\s*]{0,4}(.*)\Z",
    re.I | re.S,
)


_OF_SOME = re.compile(r"\A\W{0,4}(?:\*\*[^*`]{1,60}\*\*\s*:?|[A-Z][\w /-]{1,40}:)\s+(?=`)")
"""Which functions have the variables that follow: `**API functions**: `A`, `B``."""
_SPAN = re.compile(r"`([^`]+)`((?:\s*\([^()]*\))?)")


def read_line(block: Paragraph | Item) -> Iterator[Fact]:
    """`Environment: `ORDERS_TABLE`, `LOG_LEVEL``, and names alone in a section on variables."""
    for offset, text in enumerate(block.lines):
        if "`" not in text:
            continue
        labelled = _LABELLED.match(text[:1000])
        listed = labelled[1] if labelled else text[:1000]
        if (
            not labelled
            and not is_about_variables(block.section)
            and not may_hold_variables(block.section)
        ):
            continue
        if is_about_variables(block.section) and not labelled:
            listed = _OF_SOME.sub("", listed)
        if re.sub(r"`[^`]*`(?:\s*\([^()]*\))?|\band\b|[\s,;.*-]", "", listed):
            continue
        for name, said in _SPAN.findall(listed):
            if VARIABLE_NAME.match(name) and len(name) > 2 and ("_" in name or labelled):
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
        and not is_about_variables(fence.section, fence.caption)
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
    r"^\s*(?:environment|environment_variables|environmentVariables|env|variables):\s*$",
    re.M | re.I,
)
_YAML_PAIR = re.compile(r"\s+[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*:\s*\S.*\Z")


def _is_mapping_of_variables(fence: Fence) -> bool:
    """Whether a YAML block is `environment:` over names and values, not a pipeline or template, or
    nothing but such pairs in a section on configuration."""
    if fence.language not in ("yaml", "yml") or len(fence.text) > 20_000:
        return False
    lines = [one for one in fence.text.split("\n") if one.strip() and one.strip()[0] != "#"]
    named = sum(bool(_YAML_PAIR.match(line)) for line in lines)
    bare = sum(bool(_YAML_PAIR.match(f" {line}")) for line in lines)
    if 1 < len(lines) == bare and may_hold_variables(fence.section, fence.caption):
        return True
    return bool(_ENVIRONMENT_KEY.search(fence.text)) and 0 < len(lines) - named <= 2

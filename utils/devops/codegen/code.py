"""Pieces of generated Python that several templates share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from codegen.quoting import bracketed

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """A file of a generated repository; `line` is the design's line it stems from, if any."""

    path: str
    text: str
    line: int | None = None
    copied: bool = False
    """The same in every repository: remembered by its digest, its text is not kept."""


@dataclass(frozen=True, slots=True)
class Method:
    """A function or method: its first line or lines, what it says of itself, and its body."""

    signature: str
    text: str
    body: tuple[str, ...]
    rule: str = ""
    method: str = ""


def signature(name: str, params: Sequence[str], returns: str, indent: int = 0) -> str:
    """`def name(params) -> returns:` at this column."""
    return bracketed(f"def {name}(", params, f") -> {returns}:", indent)


def keyword_only(params: Sequence[str]) -> list[str]:
    """The parameters after a star, when there are any."""
    return ["*", *params] if params else []


def values_of(pairs: Sequence[tuple[str, str]], indent: int, target: str = "values") -> str:
    """`values = {"field": expression}` at this column."""
    items = [f'"{name}": {expression}' for name, expression in pairs]
    return bracketed(f"{target} = {{", items, "}", indent)

"""Key patterns of a design, such as `TENANT#{tenantId}`, split into text and fields."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_PLACEHOLDER = re.compile(r"\$?\{([^{}]{1,80})\}|<([^<>]{1,80})>")


@dataclass(frozen=True, slots=True)
class KeyPattern:
    """Parts of a key: `(text, field)`; field is a placeholder as written, or None at the end."""

    parts: tuple[tuple[str, str | None], ...]

    @property
    def fields(self) -> tuple[str, ...]:
        """Placeholders, in order."""
        return tuple(field for _, field in self.parts if field is not None)

    def template(self, name_of: Callable[[str], str]) -> str:
        """The pattern as generated code states it, with `name_of` each placeholder in braces."""
        return "".join(
            _plain(text) + (f"{{{name_of(field)}}}" if field is not None else "")
            for text, field in self.parts
        )


def read_pattern(text: str) -> KeyPattern:
    """Split a pattern; quotes and backticks round it are no part of it."""
    text = text.strip().strip("`\"'").strip()
    parts: list[tuple[str, str | None]] = []
    position = 0
    for found in _PLACEHOLDER.finditer(text):
        before = text[position : found.start()]
        parts.append((before, _qualified((found[1] or found[2]).strip(), before)))
        position = found.end()
    if position < len(text):
        parts.append((text[position:], None))
    return KeyPattern(tuple(parts))


def _qualified(placeholder: str, before: str) -> str:
    """`id` after `TENANT#` is a tenant's."""
    owner = re.search(r"([A-Za-z]+)[^A-Za-z]*$", before)
    return f"{owner[1].lower()}_id" if placeholder.lower() == "id" and owner else placeholder


def _plain(text: str) -> str:
    """Text of a key without what generated code reads as a placeholder."""
    return text.replace("{", "").replace("}", "")

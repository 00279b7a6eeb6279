"""Keys of a single-table design: patterns such as `TENANT#{tenant_id}` and what fills them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

from src.utils.clock import timestamp
from src.utils.errors import InvalidRequestError

_FIELD = re.compile(r"\{(\w+)\}")
_SEPARATOR = "#"
_NUMBER_WIDTH = 20
_MAX_BYTES = 1024


@dataclass(frozen=True)
class Key:
    """One key attribute and its pattern; fields of the model stand in braces."""

    attribute: str
    pattern: str
    number: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields the pattern needs."""
        return tuple(_FIELD.findall(self.pattern))

    def render(self, values: Mapping[str, Any]) -> str | Decimal:
        """The key for these values.

        Raises:
            InvalidRequestError: A value is missing, empty, or too long for a key.
        """
        if self.number:
            return _number(values.get(self.fields[0]))
        if _FIELD.fullmatch(self.pattern):
            return _checked(_text(values.get(self.fields[0])))
        return _checked(_FIELD.sub(lambda found: _escaped(values.get(found[1])), self.pattern))

    def prefix(self, values: Mapping[str, Any]) -> str:
        """The part of the key before the first field that has no value."""
        text = ""
        position = 0
        for found in _FIELD.finditer(self.pattern):
            text += self.pattern[position : found.start()]
            if values.get(found[1]) is None:
                return text
            text += _escaped(values[found[1]])
            position = found.end()
        return text + self.pattern[position:]

    def is_filled_by(self, values: Mapping[str, Any]) -> bool:
        """Whether every field of the pattern has a value."""
        return all(values.get(name) not in (None, "") for name in self.fields)


@dataclass(frozen=True)
class Index:
    """A secondary index; `partial` when its projection leaves attributes out."""

    name: str
    partition: Key
    sort: Key | None = None
    partial: bool = False


def _number(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation as error:
        raise InvalidRequestError("an identifier must be a number") from error


def _text(value: Any) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, dt.datetime):
        return timestamp(value)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _escaped(value: Any) -> str:
    """The value inside a composite key: separators escaped, numbers padded to sort by size."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        whole, _, fraction = f"{Decimal(str(value)):f}".partition(".")
        return whole.zfill(_NUMBER_WIDTH) + (f".{fraction}" if fraction else "")
    text = _text(value)
    if not text:
        raise InvalidRequestError("an identifier must not be empty")
    return text.replace("%", "%25").replace(_SEPARATOR, "%23")


def _checked(key: str) -> str:
    if not key:
        raise InvalidRequestError("an identifier must not be empty")
    if len(key.encode()) > _MAX_BYTES:
        raise InvalidRequestError("an identifier is too long")
    return key

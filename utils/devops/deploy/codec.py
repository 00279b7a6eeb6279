"""Frozen dataclasses to plain data and back, so that what the ledger keeps has one typed shape."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import types
import typing
from enum import Enum
from typing import Any, TypeVar

T = TypeVar("T")


def encode(value: Any) -> Any:
    """Plain lists, dicts and scalars of a dataclass; enums become their value (`IntEnum`: name)."""
    if isinstance(value, Enum):
        return value.name if isinstance(value, int) else value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        return {str(key): encode(item) for key, item in value.items()}
    return value


def decode(kind: type[T], data: Any) -> T:
    """The dataclass `kind` from what `encode` made; unknown keys are left out, so old code can
    read records of newer tools."""
    hints = _hints(kind)  # type: ignore[arg-type]
    return kind(**{k: _value(hints[k], v) for k, v in data.items() if k in hints})


@functools.cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    """The types of a dataclass's fields."""
    hints = typing.get_type_hints(kind)
    return {f.name: hints[f.name] for f in dataclasses.fields(kind)}


def _value(hint: Any, data: Any) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if data is None:
            return None
        return _value(next(a for a in arguments if a is not type(None)), data)
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_value(arguments[0], item) for item in data)
        return tuple(_value(a, item) for a, item in zip(arguments, data, strict=True))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint[data] if issubclass(hint, int) else hint(data)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return decode(hint, data)
    return data


def canonical(data: Any) -> str:
    """The one JSON text of plain data: sorted keys, no spaces; what hashes are taken of."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(data: Any) -> str:
    """SHA-256 of the canonical text."""
    return hashlib.sha256(canonical(data).encode()).hexdigest()

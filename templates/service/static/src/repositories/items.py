"""Models to DynamoDB items and back: decimals for numbers, text for moments, values for enums."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from enum import Enum
from typing import Any

from pydantic import BaseModel

from src.utils.clock import timestamp


def to_item(model: BaseModel, *, expires: str | None = None) -> dict[str, Any]:
    """The attributes of a model as DynamoDB stores them; absent values are left out.

    Args:
        model: What to store.
        expires: The table's time-to-live attribute, which DynamoDB wants in epoch seconds.
    """
    data = model.model_dump(by_alias=True, exclude_none=True)
    item = {name: to_attribute(value) for name, value in data.items()}
    if expires in item:
        item[expires] = epoch_seconds(item[expires])
    return item


def from_item(item: dict[str, Any], *, expires: str | None = None) -> dict[str, Any]:
    """The attributes of an item as a model takes them."""
    data = {name: _from_attribute(value) for name, value in item.items()}
    if isinstance(data.get(expires or ""), int):
        data[str(expires)] = timestamp(dt.datetime.fromtimestamp(data[str(expires)], dt.UTC))
    return data


def to_attribute(value: Any) -> Any:
    """One value as DynamoDB stores it."""
    converters: dict[type, Any] = {
        dict: lambda found: {str(key): to_attribute(item) for key, item in found.items()},
        dt.datetime: timestamp,
        float: lambda found: Decimal(str(found)),
    }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list | tuple | set | frozenset):
        return [to_attribute(item) for item in value]
    if isinstance(value, dt.date | dt.time) and not isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    return converters.get(type(value), lambda found: found)(value)


def epoch_seconds(value: Any) -> Any:
    """Epoch seconds of an ISO 8601 text; anything else is returned as it is."""
    if not isinstance(value, str):
        return value
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        return value
    aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return int(aware.timestamp())


def _from_attribute(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else value
    if isinstance(value, dict):
        return {key: _from_attribute(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_from_attribute(item) for item in value]
    return value

"""What all models have in common, and the types the standard ones do not cover."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer


def _number(value: Decimal) -> int | float:
    """A decimal as a JSON number; whole ones stay whole."""
    return int(value) if value == value.to_integral_value() else float(value)


def _plain(value: Any) -> Any:
    """Free-form data as JSON: DynamoDB gives numbers back as decimals."""
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(item) for item in value]
    return value


Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$", max_length=254)]
Number = Annotated[
    Decimal,
    Field(allow_inf_nan=False, max_digits=38),
    PlainSerializer(_number, return_type=float, when_used="json"),
]
Json = Annotated[Any, PlainSerializer(_plain, when_used="json")]
JsonObject = Annotated[dict[str, Any], PlainSerializer(_plain, when_used="json")]


class Model(BaseModel):
    """A stored item or a response: unknown attributes of an item are left alone."""

    model_config = ConfigDict(populate_by_name=True, extra="ignore", allow_inf_nan=False)


class RequestModel(BaseModel):
    """A request body: a field that the design does not know is an error, not a silent no-op."""

    model_config = ConfigDict(populate_by_name=True, extra="forbid", allow_inf_nan=False)

"""From untrusted values to models; what does not fit becomes an answer by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from src.utils.errors import FieldError, InvalidRequestError

M = TypeVar("M", bound=BaseModel)


def checked(model: type[M], values: Mapping[str, Any]) -> M:
    """The values as a model.

    Raises:
        InvalidRequestError: They do not fit it.
    """
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        raise invalid(error) from error


def parsed(model: type[M], text: str) -> M:
    """A JSON text as a model.

    Raises:
        InvalidRequestError: It is no JSON, or does not fit.
    """
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        raise invalid(error) from error


def invalid(error: ValidationError) -> InvalidRequestError:
    """What a model found wrong, as an answer; the values themselves are not repeated."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    details = tuple(
        FieldError(".".join(str(part) for part in one["loc"]) or "body", one["msg"])
        for one in found
    )
    return InvalidRequestError("the request does not fit its model", details=details)

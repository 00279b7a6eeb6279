"""The DynamoDB table: what repositories use of it, and its failures as errors of the service."""

from __future__ import annotations

import decimal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Protocol, cast

import boto3
from botocore.exceptions import ClientError, ParamValidationError

from src.utils.errors import InvalidRequestError, UnavailableError

_BUSY = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionConflictException",
    }
)


class Table(Protocol):
    """The part of a boto3 table that repositories use."""

    def get_item(self, **arguments: Any) -> Any: ...

    def put_item(self, **arguments: Any) -> Any: ...

    def update_item(self, **arguments: Any) -> Any: ...

    def delete_item(self, **arguments: Any) -> Any: ...

    def query(self, **arguments: Any) -> Any: ...

    def scan(self, **arguments: Any) -> Any: ...


@lru_cache(maxsize=16)
def table(name: str) -> Table:
    """The table of that name; the connection is kept for the life of the function."""
    return cast("Table", _resource().Table(name))


def status_of(name: str) -> str:
    """`ACTIVE`, or what else the table is, or why it cannot be reached."""
    try:
        description = _resource().meta.client.describe_table(TableName=name)
    except (ClientError, ParamValidationError) as error:
        return type(error).__name__
    return str(description["Table"]["TableStatus"])


@lru_cache(maxsize=1)
def _resource() -> Any:
    return boto3.resource("dynamodb")


@contextmanager
def failures(on_condition: Exception | None = None) -> Iterator[None]:
    """Turn what DynamoDB says into the errors of the service.

    Args:
        on_condition: What it means when the condition of a write did not hold.
    """
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ConditionalCheckFailedException" and on_condition:
            raise on_condition from error
        if code in _BUSY:
            raise UnavailableError("the table is busy; try again shortly") from error
        if code == "ValidationException":
            raise InvalidRequestError("the values do not fit the table") from error
        raise
    except (decimal.Inexact, decimal.Rounded) as error:
        raise InvalidRequestError("a number has more than 38 digits") from error

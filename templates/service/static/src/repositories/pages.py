"""Pages of a list: what is asked for, what is answered, and how DynamoDB is read for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from src.repositories.expressions import Expression
from src.repositories.table import failures
from src.utils import page_token

T = TypeVar("T")

_MAX_READS = 20
_ALL_AT_ONCE = 100


@dataclass(frozen=True)
class PageRequest:
    """Which part of a list is wanted."""

    size: int = 20
    token: str | None = None
    newest_first: bool = False


@dataclass(frozen=True)
class Page(Generic[T]):
    """A part of a list, and the token of the next part when there may be one."""

    items: list[T]
    next_token: str | None = None


@dataclass(frozen=True)
class Reader:
    """Reads until a page is full: filters apply after the limit, so one read may not do.

    The scope names the list, so that a page token is good for that list only.
    """

    read: Callable[..., Any]
    request: Mapping[str, Any]
    expression: Expression
    filters: Sequence[str]
    scope: str

    def page(self, page: PageRequest) -> Page[dict[str, Any]]:
        """The rows of one page."""
        start = page_token.decode(page.token, self.scope) if page.token else None
        rows, last = self._rows(page.size, start)
        return Page(rows, page_token.encode(last, self.scope) if last else None)

    def all(self) -> list[dict[str, Any]]:
        """Every row, however many reads that takes."""
        rows, last = self._rows(_ALL_AT_ONCE, None)
        while last:
            more, last = self._rows(_ALL_AT_ONCE, last)
            rows += more
        return rows

    def _rows(
        self, size: int, start: dict[str, Any] | None
    ) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
        """Rows up to a number, and the key of the last one when there may be more."""
        request = {**self.request, **self.expression.arguments()}
        if self.filters:
            request["FilterExpression"] = " AND ".join(self.filters)
        rows: list[dict[str, Any]] = []
        for _ in range(_MAX_READS):
            if start:
                request["ExclusiveStartKey"] = start
            with failures():
                answer = self.read(**request, Limit=size - len(rows))
            rows += answer["Items"]
            start = answer.get("LastEvaluatedKey")
            if not start or len(rows) >= size:
                break
        return rows, start

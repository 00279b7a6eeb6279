"""A table that follows what goes on, where standard error is a terminal that can show it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from common.output import is_live

if TYPE_CHECKING:
    from types import TracebackType

    from rich.table import Table


class LiveTable(ABC):
    """Shows `_table` on standard error until it is left; `is_shown` tells whether it can."""

    def __init__(self) -> None:
        self.is_shown = False
        self._stack = ExitStack()

    @abstractmethod
    def _table(self) -> Table:
        """How it stands now."""

    def __enter__(self) -> Self:
        if is_live():
            from rich.console import Console
            from rich.live import Live

            self._stack.enter_context(
                Live(console=Console(stderr=True), get_renderable=self._table, refresh_per_second=2)
            )
            self.is_shown = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

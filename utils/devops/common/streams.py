"""Standard output and error that may lose their reader, or the disk behind them, in mid-sentence.

A reader that went away (`| head`) is no error: the work goes on unheard and its exit code stays the
answer. A result that cannot be stored (a full disk) is one, since somebody asked for it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO, cast

from common.errors import UnavailableError


class ReaderGoneError(Exception):
    """Nobody reads standard output any more, and there is more to come: stop, quietly."""


class OutputLostError(UnavailableError):
    """The result could not be written to standard output."""


class Outlet:
    """A standard stream that takes everything, also once it leads nowhere.

    Args:
        result: Whether what is written is the result: then a failure to store it is an error.
    """

    def __init__(self, stream: TextIO, *, result: bool) -> None:
        self._stream = stream
        self._result = result
        self._lost: str | None = None
        self.deserted = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """As a text stream's.

        Raises:
            OutputLostError: It is a result, and cannot be stored.
        """
        self._attempt(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        """As a text stream's; raises as `write` does."""
        self._attempt(self._stream.flush)

    def _attempt(self, act: Callable[[], Any]) -> None:
        if self._lost is None and not self.deserted:
            try:
                act()
            except BrokenPipeError:
                self.deserted = True
                self._lead_nowhere()
            except OSError as error:
                self._lost = error.strerror or type(error).__name__
                self._lead_nowhere()
        if self._lost is not None and self._result:
            raise OutputLostError(f"the result cannot be written: {self._lost}")

    def _lead_nowhere(self) -> None:
        """Let what is still buffered, and what children write, go to the null device."""
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


@contextmanager
def outlets() -> Iterator[None]:
    """Make standard output and error outlets while the block runs; closed ones lead nowhere."""
    before = sys.stdout, sys.stderr
    sys.stdout = cast("TextIO", Outlet(_open(sys.stdout), result=True))
    sys.stderr = cast("TextIO", Outlet(_open(sys.stderr), result=False))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def _open(stream: TextIO | None) -> TextIO:
    """The stream; where the program was started without it, one to the null device."""
    return stream if stream is not None else Path(os.devnull).open("w", encoding="utf-8")


def require_reader() -> None:
    """Go on only if somebody may still read standard output.

    Raises:
        ReaderGoneError: What was written before met a closed pipe.
    """
    if isinstance(sys.stdout, Outlet) and sys.stdout.deserted:
        raise ReaderGoneError

"""Who ends a tool with a signal gets what Ctrl-C gives: what it had started ends with it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

_ENDING = (signal.SIGTERM, signal.SIGHUP)
_ALL = (signal.SIGINT, *_ENDING)


@contextmanager
def ended_orderly() -> Iterator[None]:
    """Turn the first SIGTERM or SIGHUP into one KeyboardInterrupt, and let the rest pass.

    What somebody else handles or ignores (`nohup`) stays as it is. All are back at the end.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _ALL}
    _take(number for number in _ENDING if before[number] is signal.SIG_DFL)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def hear_first_only() -> None:
    """From now on Ctrl-C counts once too: asking twice does not stop what puts things right.

    What is ignored (`nohup`) stays ignored.
    """
    if threading.current_thread() is threading.main_thread():
        _take(number for number in _ALL if signal.getsignal(number) is not signal.SIG_IGN)


def _take(numbers: Iterable[int]) -> None:
    for number in numbers:
        signal.signal(number, _once)


def _once(number: int, frame: FrameType | None) -> None:
    del number, frame
    for other in _ALL:
        # A function, unlike SIG_IGN, is not inherited by the programs that clean up.
        if signal.getsignal(other) is _once:
            signal.signal(other, lambda *_: None)
    raise KeyboardInterrupt

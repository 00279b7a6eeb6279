"""Who ends a tool with a signal gets what Ctrl-C gives: what it had started ends with it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ended_orderly() -> Iterator[None]:
    """Turn the first SIGTERM or SIGHUP into one KeyboardInterrupt, and let the rest pass.

    What somebody else handles or ignores (`nohup`) stays as it is.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours = [number for number in _SIGNALS if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _once)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _once(number: int, frame: FrameType | None) -> None:
    del number, frame
    for other in _SIGNALS:
        # A function, unlike SIG_IGN, is not inherited by the programs that clean up.
        if signal.getsignal(other) is _once:
            signal.signal(other, lambda *_: None)
    raise KeyboardInterrupt

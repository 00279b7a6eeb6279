"""An interrupted deployment rolls back before it ends; asking twice does not stop that."""

from __future__ import annotations

import signal
import threading
from types import FrameType


def end_orderly() -> None:
    """Turn the first SIGTERM, SIGHUP or Ctrl-C into one KeyboardInterrupt, and ignore the rest."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _once)


def _once(number: int, frame: FrameType | None) -> None:
    del number, frame
    for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    raise KeyboardInterrupt

"""Keeps the lease alive while a step takes longer than the lease."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from common.errors import DevopsError
from deploy.ledger.leases import Lock, LockLostError

if TYPE_CHECKING:
    from types import TracebackType

    from deploy.ledger.ledger import Ledger


class Heartbeat:
    """Renews a lock from a thread of its own until left; `check` tells whether it was lost."""

    def __init__(self, ledger: Ledger, lock: Lock, *, every: float = 15.0) -> None:
        self._ledger = ledger
        self._lock = lock
        self._every = every
        self._stop = threading.Event()
        self._lost: LockLostError | None = None
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=5)

    def check(self) -> None:
        """Raise if the lock is not ours any more."""
        if self._lost:
            raise self._lost

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            try:
                self._ledger.renew(self._lock)
            except LockLostError as error:
                self._lost = error
                return
            except DevopsError:
                # The table is unreachable for the moment; the next transition will say so.
                continue

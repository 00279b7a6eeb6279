"""Keeps workers warm, as Lambda does: one invocation each at a time, reused, ended when idle."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sandbox.runtime.deployed import Deployed, ThrottledError
from sandbox.runtime.process import Worker

Identity = tuple[str, str, str, str, str]
Start = Callable[[Deployed], Worker]

IDLE_S = 300.0
MOST_WORKERS = 24
"""Beyond this many processes the one that was idle longest makes room for a new one."""


class Pool:
    """Warm workers of all functions; `start` makes a new one, which has not been waited for."""

    def __init__(self, start: Start, *, idle_s: float = IDLE_S, most: int = MOST_WORKERS) -> None:
        self._start = start
        self._idle_s = idle_s
        self._most = most
        self._lock = threading.Lock()
        self._idle: dict[Identity, list[Worker]] = defaultdict(list)
        self._busy: set[Worker] = set()
        self._running: Counter[tuple[str, str, str]] = Counter()
        self._closed = False

    @contextmanager
    def claimed(self, deployed: Deployed) -> Iterator[None]:
        """Hold one unit of the function's concurrency.

        Raises:
            ThrottledError: Its reserved concurrency is used up.
        """
        function = (deployed.account, deployed.region, deployed.name)
        with self._lock:
            if deployed.reserved is not None and self._running[function] >= deployed.reserved:
                raise ThrottledError
            self._running[function] += 1
        try:
            yield
        finally:
            with self._lock:
                self._running[function] -= 1

    def take(self, deployed: Deployed) -> tuple[Worker, bool]:
        """A worker of this very version and revision, and whether it is a new one."""
        ended = self._expired()
        with self._lock:
            warm = self._idle[deployed.identity]
            worker = next((warm.pop() for _ in range(len(warm)) if warm), None)
            if worker is not None and worker.alive:
                self._busy.add(worker)
                _end(ended)
                return worker, False
        _end([*ended, *([worker] if worker else [])])
        fresh = self._start(deployed)
        with self._lock:
            self._busy.add(fresh)
        return fresh, True

    def give_back(self, worker: Worker) -> None:
        """Keep the worker warm for the next invocation."""
        with self._lock:
            self._busy.discard(worker)
            if not self._closed:
                self._idle[worker.deployed.identity].append(worker)
                return
        worker.end()

    def discard(self, worker: Worker) -> None:
        """End a worker that timed out, failed to start, or ended by itself."""
        with self._lock:
            self._busy.discard(worker)
        worker.end()

    def retire(self, account: str, region: str, name: str) -> None:
        """End the idle workers of a function that was updated or deleted."""
        with self._lock:
            gone = [key for key in self._idle if key[:3] == (account, region, name)]
            ended = [worker for key in gone for worker in self._idle.pop(key)]
        _end(ended)

    def close(self) -> None:
        """End every worker."""
        with self._lock:
            self._closed = True
            ended = [*self._busy, *(worker for warm in self._idle.values() for worker in warm)]
            self._busy.clear()
            self._idle.clear()
        _end(ended)

    def _expired(self) -> list[Worker]:
        """Take out who was idle too long, and the oldest where there are too many."""
        now = time.monotonic()
        with self._lock:
            everyone = sorted(
                (worker for warm in self._idle.values() for worker in warm),
                key=lambda worker: worker.used,
            )
            surplus = len(everyone) + len(self._busy) - self._most + 1
            ended = [
                worker
                for place, worker in enumerate(everyone)
                if place < surplus or now - worker.used > self._idle_s
            ]
            for worker in ended:
                self._idle[worker.deployed.identity].remove(worker)
        return ended


def _end(workers: list[Worker]) -> None:
    for worker in workers:
        worker.end()

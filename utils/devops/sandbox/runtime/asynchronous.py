"""Invocations nobody waits for: retried after a failure, then handed to who takes failures."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.runtime.deployed import Answer, Call, ThrottledError

if TYPE_CHECKING:
    from sandbox.runtime.execution import Execution

RETRY_DELAYS_S = (1.0, 2.0)
"""AWS waits one minute, then two; nobody wants that on a laptop."""

_WORKERS = 8


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an asynchronous invocation ended, after how many attempts."""

    call: Call
    answer: Answer
    attempts: int


Finished = Callable[[Outcome], None]


class Asynchronous:
    """A queue of invocations with retries."""

    def __init__(self, execution: Execution, delays: tuple[float, ...] = RETRY_DELAYS_S) -> None:
        self._execution = execution
        self._delays = delays
        self._threads = ThreadPoolExecutor(_WORKERS, thread_name_prefix="async-invoke")

    def submit(self, call: Call, retries: int, finished: Finished) -> None:
        """Run the call later; `finished` gets the outcome of the last attempt."""
        self._threads.submit(self._run, call, retries, finished)

    def close(self) -> None:
        """Take no more, and forget what has not begun."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _run(self, call: Call, retries: int, finished: Finished) -> None:
        attempt = 0
        while True:
            try:
                answer = self._execution.invoke(call)
            except ThrottledError:
                answer = Answer("", b'{"errorType":"TooManyRequestsException"}', "Throttled")
            attempt += 1
            if answer.error is None or attempt > retries:
                finished(Outcome(call, answer, attempt))
                return
            time.sleep(self._delays[min(attempt, len(self._delays)) - 1])

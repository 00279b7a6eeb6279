"""What callers get and which alarms ring, before, during and after a fault."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from boto3 import Session

    from rehearsal.integration.door import Door

_BAD_STATUS = 500
_LIMIT_S = 35
_TIMES_SLOWER = 5
_SLOW_MS = 2000.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One call; `error` is empty when it was answered well."""

    at: datetime
    milliseconds: float
    error: str = ""

    @property
    def ok(self) -> bool:
        return not self.error


class Calling(Protocol):
    """Calls the service as its callers do; says what went wrong, or nothing."""

    def call(self) -> str: ...


class FunctionCaller:
    """Invokes a function's alias with an event, once and without repeating; then a path, if any."""

    def __init__(
        self, session: Session, function: str, event: bytes, door: Door | None, path: str | None
    ) -> None:
        from botocore.config import Config

        config = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=_LIMIT_S)
        self._client: Any = session.client("lambda", config=config)
        self._function = function
        self._event = event
        self._door = door
        self._path = path

    def call(self) -> str:
        """One call."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = self._client.invoke(
                FunctionName=self._function, Qualifier="live", Payload=self._event
            )
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        except BotoCoreError as error:
            return type(error).__name__
        return _failure(answer) or self._by_path()

    def _by_path(self) -> str:
        if self._door is None or self._path is None:
            return ""
        answer = self._door.ask("GET", self._path)
        return "" if 0 < answer.status < _BAD_STATUS else f"GET {self._path}: {answer.status}"


def _failure(answer: Any) -> str:
    import json

    content = answer["Payload"].read()
    if answer.get("FunctionError"):
        return f"function error: {content[:200].decode(errors='replace')}"
    try:
        body = json.loads(content or b"null")
    except ValueError:
        return ""
    status = body.get("statusCode") if isinstance(body, dict) else None
    return f"answered {status}" if isinstance(status, int) and status >= _BAD_STATUS else ""


def sample(caller: Calling, at: datetime) -> Sample:
    """Call once and time it."""
    started = time.monotonic()
    error = caller.call()
    return Sample(at, (time.monotonic() - started) * 1000, error)


@dataclass(frozen=True, slots=True)
class Steady:
    """How the service answers when nothing is wrong."""

    calls: int
    failures: int
    p95_ms: float

    @property
    def holds(self) -> bool:
        return self.calls > 0 and self.failures == 0

    def is_like(self, samples: Sequence[Sample]) -> bool:
        """Whether these calls were answered, and about as fast."""
        limit = max(_TIMES_SLOWER * self.p95_ms, _SLOW_MS)
        return bool(samples) and all(one.ok and one.milliseconds <= limit for one in samples)


def steady(samples: Sequence[Sample]) -> Steady:
    """The steady state that these calls show."""
    times = sorted(one.milliseconds for one in samples if one.ok)
    p95 = times[math.ceil(0.95 * len(times)) - 1] if times else 0.0
    return Steady(len(samples), sum(not one.ok for one in samples), p95)

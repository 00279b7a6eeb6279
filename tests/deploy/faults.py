"""Faults of AWS, injected into a session's clients at a chosen call."""

from __future__ import annotations

import io
import json
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError

_POLLED = {"lambda.GetFunctionConfiguration": 12}
"""Calls that are repeated for as long as the sandbox takes."""


class _Raw(io.BytesIO):
    def stream(self, **_: Any):
        yield self.read()


def _answer(request: Any, status: int, code: str) -> AWSResponse:
    body = json.dumps({"__type": code, "message": "injected", "Code": code}).encode()
    if "s3" in request.url or "bbws-artifacts" in request.url:
        body = f"<Error><Code>{code}</Code><Message>injected</Message></Error>".encode()
    headers = {"x-amzn-errortype": code, "content-type": "application/json"}
    return AWSResponse(request.url, status, headers, _Raw(body))


BEFORE: dict[str, Callable[[Any], Any]] = {
    "throttled": lambda request: _answer(request, 400, "ThrottlingException"),
    "server error": lambda request: _answer(request, 500, "InternalServerError"),
    "conflict": lambda request: _answer(request, 409, "ResourceConflictException"),
    "expired": lambda request: _answer(request, 400, "ExpiredTokenException"),
    "timeout": lambda request: _raise(request.url),
}


def _raise(url: str) -> Any:
    raise ReadTimeoutError(endpoint_url=url)


class Faults:
    """Counts the calls of a session; from `start` on, the call at a point goes wrong.

    Args:
        at: An operation and which of its calls, as `points` numbers them.
        lasting: So do all calls after it, until `over`.
    """

    def __init__(
        self, session: Any, kind: str, *, at: tuple[str, int] | None = None, lasting: bool = False
    ) -> None:
        self.calls: Counter[str] = Counter()
        self.hit = False
        self._kind = kind
        self._at = at
        self._lasting = lasting
        self._on = False
        self._guard = threading.Lock()
        session.events.register_first("before-send.*.*", self._before)
        session.events.register_first("after-call.*.*", self._after)

    def start(self) -> None:
        self._on = True

    def over(self) -> None:
        self._on = False

    def points(self) -> list[tuple[str, int]]:
        """Every call that was made; of those that poll, as many as are made in any case."""
        return [
            (name, number)
            for name, count in sorted(self.calls.items())
            for number in range(1, min(count, _POLLED.get(name, count)) + 1)
        ]

    def _is_due(self, event: str) -> bool:
        name = event.partition(".")[2]
        with self._guard:
            self.calls[name] += 1
            due = (name, self.calls[name]) == self._at
            self.hit = self.hit or due
            return due or (self._lasting and self.hit)

    def _before(self, request: Any, event_name: str, **_: Any) -> Any:
        if not self._on or self._kind == "lost answer":
            return None
        return BEFORE[self._kind](request) if self._is_due(event_name) else None

    def _after(self, parsed: dict[str, Any], event_name: str, **_: Any) -> None:
        if self._on and self._kind == "lost answer" and self._is_due(event_name):
            for value in parsed.values():
                if hasattr(value, "close"):
                    value.close()
            raise ReadTimeoutError(endpoint_url="http://127.0.0.1")

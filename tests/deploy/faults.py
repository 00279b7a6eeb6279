"""Faults of AWS, injected into a session's clients at a chosen call."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError


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
    """Counts the calls of a session; from `start` on, call number `at` goes wrong.

    Args:
        lasting: So do all calls after it, until `over`.
    """

    def __init__(self, session: Any, kind: str, *, at: int = -1, lasting: bool = False) -> None:
        self.calls: list[str] = []
        self.hit = ""
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

    def _is_due(self, name: str) -> bool:
        with self._guard:
            self.calls.append(name)
            number = len(self.calls) - 1
        due = number == self._at or (self._lasting and 0 <= self._at < number)
        if due and not self.hit:
            self.hit = name
        return due

    def _before(self, request: Any, event_name: str, **_: Any) -> Any:
        if not self._on or self._kind == "lost answer":
            return None
        return BEFORE[self._kind](request) if self._is_due(event_name) else None

    def _after(self, event_name: str, **_: Any) -> None:
        if self._on and self._kind == "lost answer" and self._is_due(event_name):
            raise ReadTimeoutError(endpoint_url="http://127.0.0.1")

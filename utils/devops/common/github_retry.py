"""When a request to GitHub is worth sending again, and how long to wait before that.

A rate limit certainly changed nothing, so every method is repeated, after the time that GitHub
names. A server's error or a lost connection may have changed something: only methods that mean the
same twice are repeated, after a growing pause with jitter.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import requests

REPEATABLE = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})
_SECONDARY_WAIT = 60.0  # GitHub asks for at least a minute when it names no time


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the client tries; all in seconds but `attempts`."""

    attempts: int = 4
    longest_wait: float = 120.0
    connect: float = 10.0
    read: float = 30.0


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and chance, so that tests neither wait nor guess."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random


def wait_before_next(
    method: str, attempt: int, response: requests.Response | None, limits: Limits, clock: Clock
) -> float | None:
    """Seconds until the next attempt, or None when there is to be none.

    Args:
        attempt: How many were made.
        response: What came of the last one; None where nothing came.
    """
    if attempt >= limits.attempts:
        return None
    if response is not None and is_rate_limit(response):
        wait = asked_wait(response, attempt, clock)
    elif (response is None or response.status_code >= 500) and method in REPEATABLE:
        backoff = float(2 ** (attempt - 1)) * (0.5 + clock.jitter())
        wait = max(backoff, _retry_after(response) or 0.0)
    else:
        return None
    return wait if wait <= limits.longest_wait else None


def asked_wait(response: requests.Response, attempt: int, clock: Clock) -> float:
    """Seconds that a rate limit asks for, with jitter."""
    asked = _retry_after(response)
    reset = response.headers.get("X-RateLimit-Reset", "")
    if asked is not None:
        wait = asked
    elif response.headers.get("X-RateLimit-Remaining") == "0" and reset.isdigit():
        wait = max(0.0, float(reset) - clock.now())
    else:
        wait = _SECONDARY_WAIT * attempt
    return wait + clock.jitter()


def _retry_after(response: requests.Response | None) -> float | None:
    asked = response.headers.get("Retry-After", "") if response is not None else ""
    return float(asked) if asked.isdigit() else None


def is_rate_limit(response: requests.Response) -> bool:
    """Whether this is a refusal for having asked too often."""
    if response.status_code == 429:
        return True
    if response.status_code != 403:
        return False
    exhausted = response.headers.get("X-RateLimit-Remaining") == "0"
    return exhausted or "Retry-After" in response.headers or "rate limit" in response.text.lower()


def reason_of(response: requests.Response | None, trouble: Exception | None) -> str:
    """What went wrong, in a few words."""
    if response is not None:
        limited = is_rate_limit(response)
        return "rate limit reached" if limited else f"answered {response.status_code}"
    name = type(trouble).__name__
    known = {"ReadTimeout": "no answer in time", "ConnectTimeout": "no connection in time"}
    return known.get(name, f"connection lost or refused ({name})")

"""The configuration of a load test: a small YAML, checked whole before anything starts.

target: {environment: dev, service: bookmark}     # or {url: http://127.0.0.1:8000}
users: 20
spawn_rate: 5          # users started a second
duration: 2m
warm_up: 15s           # measured apart, not judged
wait: 500ms            # of each user between two requests; or [200ms, 1s]
requests:              # or: from-design
  - {method: GET, path: "/v1.0/readers/{reader}/bookmarks", weight: 3}
  - {method: POST, path: "/v1.0/readers/{reader}/bookmarks", body: {title: t}, expect: [201]}
data: {reader: [r1, r2]}
thresholds: {p50: 200ms, p95: 500ms, p99: 1s, error_rate: 1%, requests_per_second: 20,
             min_requests: 100, slower_than_baseline: 20%}
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from common.errors import UsageProblemError
from rehearsal.yaml_file import read_yaml

if TYPE_CHECKING:
    from pathlib import Path

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_LONGEST_S = 4 * 3600
MOST_USERS = 10_000
FROM_DESIGN = "from-design"


@dataclass(frozen=True, slots=True)
class Request:
    """One kind of request, how often it is chosen against the others, and what answers are good."""

    method: str
    path: str
    name: str
    weight: int = 1
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    expect: tuple[int, ...] = ()
    """Good statuses; any below 400 when empty."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a run has to reach; times in milliseconds, rates as parts of one; None: not judged."""

    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    error_rate: float | None = 0.01
    requests_per_second: float | None = None
    min_requests: int = 100
    """Good answers without which nothing is proved."""
    slower_than_baseline: float | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """One load test; times in seconds."""

    environment: str | None
    service: str | None
    url: str | None
    users: int
    spawn_rate: float
    duration: float
    warm_up: float
    wait: tuple[float, float]
    requests: tuple[Request, ...]
    """Empty: they come from the design."""
    data: Mapping[str, tuple[str, ...]]
    thresholds: Thresholds


def read_config(path: Path) -> Config:
    """Read and check a configuration.

    Raises:
        UnavailableError: The file cannot be read.
        UsageProblemError: Something in it is unknown or makes no sense; says where.
    """
    return _Reader(str(path)).config(read_yaml(path))


class _Reader:
    """Reads values and says where one is wrong."""

    def __init__(self, source: str) -> None:
        self._source = source

    def config(self, found: Any) -> Config:
        known = {
            "target", "users", "spawn_rate", "duration", "warm_up", "wait", "requests", "data",
            "thresholds",
        }  # fmt: skip
        top = self._mapping(found, "", known)
        target = self._mapping(top.get("target"), "target", {"environment", "service", "url"})
        duration = self._seconds(top.get("duration", "1m"), "duration")
        warm_up = self._seconds(top.get("warm_up", 0), "warm_up")
        if not warm_up < duration <= _LONGEST_S:
            self._wrong("duration", f"longer than warm_up, at most {_LONGEST_S} s")
        if ("url" in target) == ("environment" in target):
            self._wrong("target", "either a url, or an environment and its service")
        return Config(
            environment=self._text(target, "environment"),
            service=self._text(target, "service"),
            url=self._text(target, "url"),
            users=self._whole(top.get("users", 10), "users", 1, MOST_USERS),
            spawn_rate=self._number(top.get("spawn_rate", 10), "spawn_rate", 0.01, 1000),
            duration=duration,
            warm_up=warm_up,
            wait=self._wait(top.get("wait", 0)),
            requests=self._requests(top.get("requests", FROM_DESIGN)),
            data=self._data(top.get("data")),
            thresholds=self._thresholds(top.get("thresholds")),
        )

    def _wait(self, value: Any) -> tuple[float, float]:
        pair = value if isinstance(value, list) and len(value) == 2 else [value, value]
        low, high = (self._seconds(one, "wait") for one in pair)
        if low > high:
            self._wrong("wait", "[shortest, longest]")
        return low, high

    def _requests(self, value: Any) -> tuple[Request, ...]:
        if value == FROM_DESIGN:
            return ()
        if not isinstance(value, list) or not value:
            self._wrong("requests", f"a list, or {FROM_DESIGN!r}")
        return tuple(self._request(one, f"requests[{n}]") for n, one in enumerate(value))

    def _request(self, value: Any, where: str) -> Request:
        known = {"method", "path", "name", "weight", "body", "headers", "expect"}
        found = self._mapping(value, where, known)
        method, path = str(found.get("method", "GET")).upper(), found.get("path")
        if method not in _METHODS:
            self._wrong(f"{where}.method", f"one of {', '.join(_METHODS)}")
        if not isinstance(path, str) or not path.startswith("/"):
            self._wrong(f"{where}.path", "a path that starts with /")
        expect = found.get("expect", [])
        expect = expect if isinstance(expect, list) else [expect]
        headers = self._mapping(found.get("headers"), f"{where}.headers", None)
        if any(name.lower() in ("authorization", "x-api-key", "cookie") for name in headers):
            self._wrong(f"{where}.headers", "no credentials: they come from BBWS_TEST_TOKEN")
        return Request(
            method, path, str(found.get("name") or f"{method} {path}"),
            self._whole(found.get("weight", 1), f"{where}.weight", 1, 10_000), found.get("body"),
            {str(k): str(v) for k, v in headers.items()},
            tuple(self._whole(status, f"{where}.expect", 100, 599) for status in expect),
        )  # fmt: skip

    def _data(self, value: Any) -> dict[str, tuple[str, ...]]:
        found = self._mapping(value, "data", None)
        for name, values in found.items():
            if not isinstance(values, list) or not values:
                self._wrong(f"data.{name}", "a list of values")
        return {str(name): tuple(map(str, values)) for name, values in found.items()}

    def _thresholds(self, value: Any) -> Thresholds:
        known = {*Thresholds.__dataclass_fields__}
        found = self._mapping(value, "thresholds", known)
        read: dict[str, Callable[[Any, str], Any]] = {
            "p50": self._milliseconds, "p95": self._milliseconds, "p99": self._milliseconds,
            "error_rate": self._part, "slower_than_baseline": self._part,
            "requests_per_second": lambda v, where: self._number(v, where, 0, 1e6),
            "min_requests": lambda v, where: self._whole(v, where, 1, 10**9),
        }  # fmt: skip
        values: dict[str, Any] = {
            name: None if one is None else read[name](one, f"thresholds.{name}")
            for name, one in found.items()
        }
        if values.get("min_requests", 1) is None:
            self._wrong("thresholds.min_requests", "a number: nothing is no proof")
        return Thresholds(**values)

    def _milliseconds(self, value: Any, where: str) -> float:
        found = self._seconds(value, where) * 1000
        if found < 1 or abs(found - round(found)) > 1e-6:
            self._wrong(where, "whole milliseconds: nothing finer is measured")
        return float(round(found))

    def _part(self, value: Any, where: str) -> float:
        text = str(value).strip()
        try:
            found = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            self._wrong(where, "a percentage such as 1%")
        if not 0 <= found <= 1:
            self._wrong(where, "between 0% and 100%")
        return found

    def _seconds(self, value: Any, where: str) -> float:
        match = None if isinstance(value, bool) else _DURATION.fullmatch(str(value).strip())
        if match is None:
            self._wrong(where, "a time such as 30s, 2m or 500ms")
        return float(match[1]) * _UNITS[match[2]]

    def _whole(self, value: Any, where: str, low: int, high: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self._wrong(where, f"a whole number from {low} to {high}")
        return value

    def _number(self, value: Any, where: str, low: float, high: float) -> float:
        good = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not good or not low <= value <= high:
            self._wrong(where, f"a number from {low:g} to {high:g}")
        return float(value)

    def _text(self, mapping: Mapping[str, Any], name: str) -> str | None:
        value = mapping.get(name)
        if value is not None and not isinstance(value, str):
            self._wrong(f"target.{name}", "text")
        return value

    def _mapping(self, value: Any, where: str, known: set[str] | None) -> Mapping[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._wrong(where or "the file", "a mapping")
        unknown = sorted(map(str, set(value) - known)) if known is not None else []
        if unknown:
            here = f"{where}." if where else ""
            self._wrong(f"{here}{unknown[0]}", f"one of {', '.join(sorted(known or ()))}")
        return value

    def _wrong(self, where: str, expected: str) -> NoReturn:
        raise UsageProblemError(f"{self._source}: {where}: expected {expected}")

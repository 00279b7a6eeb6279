"""Small readers for the inside of one cell or line: markup, sizes, durations, routes, names."""

from __future__ import annotations

import re
from functools import lru_cache

_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\([^()]*\)[^()\s]*)*(?:\s\"[^\"]*\")?\)")
_BREAK = re.compile(r"<br\s*/?>", re.I)
_CODE = re.compile(r"`+([^`]+)`+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[a-z0-9]+")

LONGEST_CELL = 4000
"""Longer texts are cut before a pattern looks at them."""


def plain(text: str) -> str:
    """The text without emphasis, code marks, links and line breaks."""
    if len(text) > LONGEST_CELL:
        text = text[:LONGEST_CELL]
    if "[" in text:
        text = _LINK.sub(r"\1", text)
    if "<" in text:
        text = _BREAK.sub(" ", text)
    for mark in ("**", "`"):
        if mark in text:
            text = text.replace(mark, "")
    return text.strip()


def code_spans(text: str) -> list[str]:
    """What stands between backticks."""
    if "`" not in text:
        return []
    return [span.strip() for span in _CODE.findall(text[:LONGEST_CELL])]


def first_code(text: str) -> str | None:
    """The first code span of a cell, or None."""
    spans = code_spans(text)
    return spans[0] if spans else None


@lru_cache(maxsize=2048)
def words(text: str) -> tuple[str, ...]:
    """Lower-case words of a name in any spelling: `createOrder_public` -> create, order, public."""
    return tuple(_WORD.findall(_CAMEL.sub(" ", text[:LONGEST_CELL]).lower()))


def fold(name: str) -> str:
    """A name with case and separators folded away, to recognize it in another spelling."""
    return "".join(words(name))


def vocabulary(text: str) -> frozenset[str]:
    """The words of a text, to look others up in."""
    return frozenset(text.split())


# --- sizes and durations -------------------------------------------------------------------------

_RANGE = re.compile(r"\d\s*(?:[-–—]|to|\.\.)\s*\d")
_MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s*(gb|gib|g|mb|mib|m)?\b", re.I)
_DURATION = re.compile(
    r"(\d+(?:\.\d+)?)\s*(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?|d|days?)?\b",
    re.I,
)


def memory_mb(text: str) -> int | None:
    """`256MB`, `1 GB` or `512` in MiB; None for a range or anything else."""
    text = plain(text)
    found = _MEMORY.search(text)
    if not found or _RANGE.search(text):
        return None
    number = float(found[1])
    unit = (found[2] or "mb").lower()
    amount = int(number * 1024) if unit.startswith("g") else int(number)
    return amount if 64 <= amount <= 10_240 else None


_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "s": 1}


def seconds(text: str) -> int | None:
    """`30s`, `2 minutes` or `30` in seconds; None for a range or anything else."""
    text = plain(text)
    found = _DURATION.search(text)
    if not found or _RANGE.search(text):
        return None
    number, unit = float(found[1]), (found[2] or "s").lower()
    if unit.startswith(("ms", "milli")):
        return max(1, round(number / 1000))
    return int(number * _SECONDS[unit[0]])


_SIZED_MEMORY = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)\s*(gb|gib|mb|mib)\b", re.I)
_SIZED_TIMEOUT = re.compile(
    r"(?<![\w.])(\d+(?:\.\d+)?)\s*(ms|s|secs?|seconds?|mins?|minutes?)(?![\w%])(?!\s*after)", re.I
)


def sizes_in(text: str) -> tuple[int | None, int | None]:
    """Memory in MiB and timeout in seconds of `512 MB, 30 s`; a duration alone needs the word
    timeout, and one that says how often something happens is none."""
    text = plain(text)
    memory = _SIZED_MEMORY.search(text)
    rest = _OFTEN.sub(" ", text)
    timeout = _SIZED_TIMEOUT.search(rest)
    if memory is None and "timeout" not in text.lower():
        timeout = None
    return (
        memory_mb(memory[0]) if memory else None,
        seconds(timeout[0]) if timeout else None,
    )


_OFTEN = re.compile(r"(?i)\bevery\s+\d+\s*\w+|\brate\s*\([^()]*\)")


# --- routes --------------------------------------------------------------------------------------

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY")
_UPPER = {method: method for method in METHODS}
"""One string a method, however many routes a design has."""
_METHOD = "(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|ANY)"
_PATH = r"(?:https?://[^\s/`\"'|]+)?((?:\.\.\.|…)?/[^\s`\"'|,;()\[\]]*)"
_ROUTE = re.compile(
    rf"(?<![\w-])({_METHOD}(?:\s*[/,|&]\s*{_METHOD})*)[\s:`*]{{1,12}}{_PATH}",
)
_ONE_METHOD = re.compile(rf"\b{_METHOD}\b", re.I)
_ANGLE = re.compile(r"<(?:\w+:)?([A-Za-z_]\w*)>|(?<=/):([A-Za-z_]\w*)")
_VERSION = re.compile(r"^/v\d+(?:\.\d+)*(?=/|$)")
_PARAMETER = re.compile(r"\{[^{}]*\}")


def clean_path(path: str) -> str:
    """A path without host, query, trailing marks; parameters as `{name}`."""
    path = path.strip().strip("`").split("?")[0].split("#")[0]
    if path.startswith("http"):
        path = "/" + path.split("://", 1)[-1].partition("/")[2]
    path = _ANGLE.sub(lambda found: "{" + (found[1] or found[2]) + "}", path)
    return path.rstrip(".,:;*").rstrip("/") or "/"


def routes_in(text: str) -> list[tuple[str, str]]:
    """Every `METHOD /path` written in a line or cell."""
    if "/" not in text:
        return []
    text = text[:LONGEST_CELL]
    if "<br" in text:
        text = _BREAK.sub(" ", text)
    found = []
    for methods, path in _ROUTE.findall(text):
        for method in _ONE_METHOD.findall(methods):
            found.append((_UPPER[method.upper()], clean_path(path)))
    return found


def without_routes(text: str) -> str:
    """A cell without the routes in it, whose segments say nothing of what starts a function."""
    return _ROUTE.sub(" ", text[:LONGEST_CELL]) if "/" in text else text


def methods_in(text: str) -> list[str]:
    """The HTTP methods a cell names: `GET`, `PUT/PATCH`."""
    text = plain(text)
    return [found.upper() for found in _ONE_METHOD.findall(text[:80])]


def path_in(text: str) -> str | None:
    """The path a cell holds, without a method."""
    candidate = first_code(text) or plain(text)
    candidate = candidate.strip()
    if candidate.startswith(("/", "...", "…", "http://", "https://")):
        return clean_path(candidate.split()[0])
    return None


@lru_cache(maxsize=2048)
def route_key(path: str) -> str:
    """A path with parameter names, case and the version prefix folded away."""
    return _VERSION.sub("", _PARAMETER.sub("{}", path)).rstrip("/").lower() or "/"


def parameters_of(path: str) -> list[str]:
    """Names of the path's parameters."""
    return [name.strip("{}+") for name in _PARAMETER.findall(path)]


# --- names ---------------------------------------------------------------------------------------

_ENVIRONMENT = re.compile(
    r"[-_.]?(?:\$?\{+\s*(?:var\.|local\.|self:provider\.|opt:)?"
    r"(?:env|environment|stage|env_name)\s*\}+|<(?:env|environment|stage)>|\{dev\|sit\|prod\})",
    re.I,
)
_ENV_SUFFIX = re.compile(r"[-_](?:dev|sit|uat|prod)$")


def without_environment(name: str) -> str:
    """A resource name without the part that stands for the environment."""
    return _ENV_SUFFIX.sub("", _ENVIRONMENT.sub("", name))


def resource_key(name: str) -> str:
    """What two spellings of one resource name have in common."""
    return fold(without_environment(name))

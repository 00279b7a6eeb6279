"""YAML as plain data with lines, built from the parser's events within limits.

Events come from libyaml one by one, so neither depth nor aliases can exhaust the machine: nesting,
nodes and aliases are counted as they arrive. Tags are ignored; nothing is constructed but strings,
numbers, booleans, None, lists and mappings.
"""

from __future__ import annotations

import re
from typing import Any

_DEEPEST = 60
_MOST_NODES = 200_000
_MOST_ALIASES = 200
_LONGEST = 2_000_000


class YamlProblemError(Exception):
    """The text is not YAML, or too much of it; `line` is 1-based within the text."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


class Mapping(dict[str, Any]):
    """A mapping that knows the 1-based line of each key."""

    __slots__ = ("lines",)

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}


_INTEGER = re.compile(r"[-+]?\d{1,18}\Z")
_FLOAT = re.compile(r"[-+]?(?:\d{1,18}\.\d{0,18}|\.\d{1,18})(?:[eE][-+]?\d{1,3})?\Z")
_WORDS: dict[str, Any] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}


def _scalar(value: str, *, is_plain: bool) -> Any:
    if not is_plain:
        return value
    if value in _WORDS:
        return _WORDS[value]
    if _INTEGER.match(value):
        return int(value)
    return float(value) if _FLOAT.match(value) else value


def read_yaml(text: str) -> Any:
    """The first document of a YAML text.

    Raises:
        YamlProblemError: When it is not YAML, or passes a limit.
    """
    import yaml

    if len(text) > _LONGEST:
        raise YamlProblemError("the block is too large to read", 1)
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    builder = _Builder(yaml)
    try:
        for event in yaml.parse(text, Loader=loader):
            if builder.take(event):
                break
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or type(error).__name__
        raise YamlProblemError(str(reason)[:160], mark.line + 1 if mark else 1) from error
    except (RecursionError, ValueError) as error:
        raise YamlProblemError(type(error).__name__, 1) from error
    return builder.root


class _Builder:
    """Turns events into data, without recursion."""

    def __init__(self, yaml: Any) -> None:
        self.root: Any = None
        self._yaml = yaml
        self._stack: list[tuple[Any, list[str | None]]] = []
        self._anchors: dict[str, Any] = {}
        self._nodes = 0
        self._aliases = 0

    def take(self, event: Any) -> bool:
        """Take one event; True when the first document is complete."""
        kind = type(event).__name__
        if kind == "ScalarEvent":
            self._put(_scalar(event.value, is_plain=event.implicit[0]), event, event.anchor)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            node: Any = Mapping() if kind[0] == "M" else []
            if len(self._stack) >= _DEEPEST:
                raise YamlProblemError("nested too deeply", event.start_mark.line + 1)
            self._put(node, event, event.anchor)
            self._stack.append((node, [None]))
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            self._stack.pop()
        elif kind == "AliasEvent":
            self._alias(event)
        return kind == "DocumentEndEvent"

    def _alias(self, event: Any) -> None:
        self._aliases += 1
        node = self._anchors.get(event.anchor)
        if self._aliases > _MOST_ALIASES or isinstance(node, (dict, list)):
            raise YamlProblemError(
                "aliases of whole blocks are not read", event.start_mark.line + 1
            )
        self._put(node, event, None)

    def _put(self, node: Any, event: Any, anchor: str | None) -> None:
        self._nodes += 1
        line = event.start_mark.line + 1
        if self._nodes > _MOST_NODES:
            raise YamlProblemError("the block has too many values", line)
        if anchor:
            self._anchors[anchor] = node
        if not self._stack:
            self.root = node
            return
        parent, pending = self._stack[-1]
        if isinstance(parent, list):
            parent.append(node)
        elif pending[0] is None:
            key = node if isinstance(node, str) else event.value if hasattr(event, "value") else "?"
            pending[0] = str(key)
            parent.lines.setdefault(pending[0], line)
        else:
            parent[pending[0]] = node
            pending[0] = None

"""YAML as a tree that knows its lines, read within bounds.

Workflows under test may be hostile: the parser's events are taken one by one, so that size, depth
and what aliases expand to are limited before anything is built from them. Scalars are resolved as
YAML 1.2 does, since that is what GitHub reads: `on` and `yes` are text. Tags are not followed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.workflow.findings import Finding, Severity
from pipelines.workflow.yaml_problems import UnreadableError, syntax_error

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 1024 * 1024
DEEPEST = 64
MOST_NODES = 100_000

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf)")
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULL = {"", "~", "null", "Null", "NULL"}
_CORE_TAGS = "tag:yaml.org,2002:"
_CORE_TYPES = {"str", "int", "float", "bool", "null", "seq", "map"}


class Kind(Enum):
    """What a node is; the values are the words used in messages."""

    TEXT = "text"
    INTEGER = "a number"
    FLOAT = "a decimal number"
    BOOLEAN = "true or false"
    NULL = "nothing"
    MAPPING = "a mapping"
    SEQUENCE = "a list"


@dataclass(frozen=True, slots=True)
class Node:
    """A value with its place; `text` is for scalars, the others for the two collections."""

    kind: Kind
    line: int
    column: int
    text: str = ""
    entries: tuple[tuple[Node, Node], ...] = ()
    items: tuple[Node, ...] = ()
    block: bool = False
    """A block scalar: its text begins on the line below."""

    @property
    def is_scalar(self) -> bool:
        return self.kind not in (Kind.MAPPING, Kind.SEQUENCE)

    @property
    def is_mapping(self) -> bool:
        return self.kind is Kind.MAPPING

    @property
    def is_sequence(self) -> bool:
        return self.kind is Kind.SEQUENCE

    def get(self, key: str) -> Node | None:
        """The value of a key of a mapping, or None."""
        return next((value for name, value in self.entries if name.text == key), None)

    def key(self, key: str) -> Node | None:
        """The key itself, for its place."""
        return next((name for name, _ in self.entries if name.text == key), None)

    def pairs(self) -> Iterator[tuple[str, Node]]:
        """Name and value of each entry."""
        return ((name.text, value) for name, value in self.entries)

    def texts(self) -> list[Node]:
        """Itself when it is a scalar, its scalars when it is a list."""
        if self.is_sequence:
            return [item for item in self.items if item.is_scalar]
        return [self] if self.is_scalar and self.kind is not Kind.NULL else []

    def scalars(self) -> Iterator[Node]:
        """Every scalar value below, keys not included, without recursion."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            if node.is_scalar:
                yield node
            waiting.extend(reversed([value for _, value in node.entries] or node.items))

    def plain(self) -> Any:
        """Its Python value."""
        if self.kind is Kind.MAPPING:
            return {name: value.plain() for name, value in self.pairs()}
        if self.kind is Kind.SEQUENCE:
            return [item.plain() for item in self.items]
        if self.kind is Kind.BOOLEAN:
            return _BOOL[self.text]
        if self.kind is Kind.INTEGER:
            return int(self.text, 0) if self.text[:2] in ("0o", "0x") else int(self.text)
        if self.kind is Kind.FLOAT:
            return float(self.text.replace(".inf", "inf").replace(".Inf", "inf"))
        return None if self.kind is Kind.NULL else self.text


@dataclass(frozen=True, slots=True)
class Document:
    """What came of a file: a tree unless it is unreadable, and what is wrong with its YAML."""

    root: Node | None
    findings: tuple[Finding, ...] = ()


def read_file(path: Path) -> bytes:
    """The content of a file, of which no more is read than shows that it is too large.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        return file.read(LARGEST + 1)


def read(content: bytes) -> Document:
    """Read one YAML document; every problem is a finding with its line, never an exception."""
    if len(content) > LARGEST:
        return _unreadable("yaml-size", "the file is larger than the 1 MiB that is read")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content[: problem.start].count(b"\n") + 1
        return _unreadable("yaml-encoding", f"byte {problem.start} is not UTF-8", line)
    builder = _Builder()
    try:
        root = builder.build(text)
    except UnreadableError as stop:
        return Document(None, (*builder.findings, stop.finding))
    found = list(builder.findings)
    if content.startswith(b"\xef\xbb\xbf"):
        message = "the file begins with a byte order mark, which some tools take for text"
        found.insert(0, Finding("yaml-bom", Severity.WARNING, message, 1, hint="save it without"))
    return Document(root, tuple(found))


def _unreadable(rule: str, message: str, line: int = 1) -> Document:
    return Document(None, (Finding(rule, Severity.ERROR, message, line),))


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been met yet."""

    kind: Kind
    line: int
    column: int
    anchor: str | None
    values: list[Node] = field(default_factory=list)
    size: int = 1


class _Builder:
    """Turns parser events into a tree, with a stack of its own instead of recursion."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int] | None] = {}
        self._root: Node | None = None
        self._total = 0

    def build(self, text: str) -> Node | None:
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        documents = 0
        last: Any = None
        try:
            for event in yaml.parse(text, Loader=loader):
                if isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        raise UnreadableError(
                            "yaml-documents",
                            "a workflow is one YAML document, here another one begins",
                            event.start_mark.line + 1,  # type: ignore[union-attr]
                        )
                self._take(event)
                last = event
        except yaml.MarkedYAMLError as problem:
            raise syntax_error(problem, last, text) from problem
        except yaml.reader.ReaderError as problem:
            line = text[: problem.position].count("\n") + 1
            character = f"#x{problem.character:04x}" if isinstance(problem.character, int) else ""
            raise UnreadableError(
                "yaml-syntax", f"character {character} is not allowed in YAML", line
            ) from problem
        return self._root

    def _take(self, event: Any) -> None:
        name = type(event).__name__
        if name == "ScalarEvent":
            self._close(_scalar(event), event.anchor, 1)
        elif name in ("MappingStartEvent", "SequenceStartEvent"):
            self._open(event, Kind.MAPPING if name.startswith("M") else Kind.SEQUENCE)
        elif name in ("MappingEndEvent", "SequenceEndEvent"):
            done = self._stack.pop()
            self._close(self._finished(done), done.anchor, done.size)
        elif name == "AliasEvent":
            self._alias(event)

    def _open(self, event: Any, kind: Kind) -> None:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if len(self._stack) >= DEEPEST:
            raise UnreadableError(
                "yaml-depth", f"nested deeper than {DEEPEST} levels", line, column
            )
        _refuse_tag(event)
        if event.anchor:
            self._anchors[event.anchor] = None
        self._stack.append(_Open(kind, line, column, event.anchor))

    def _alias(self, event: Any) -> None:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if event.anchor not in self._anchors:
            raise UnreadableError(
                "yaml-alias", f"there is no anchor '&{event.anchor}'", line, column
            )
        target = self._anchors[event.anchor]
        if target is None:
            raise UnreadableError("yaml-alias", f"'*{event.anchor}' contains itself", line, column)
        node, size = target
        self._total += size - 1
        self._close(replace(node, line=line, column=column), None, size)

    def _close(self, node: Node, anchor: str | None, size: int) -> None:
        self._total += 1
        if self._total > MOST_NODES:
            raise UnreadableError(
                "yaml-aliases",
                f"more than {MOST_NODES:,} values once its aliases are followed",
                node.line,
                node.column,
            )
        if anchor:
            self._anchors[anchor] = (node, size)
        if self._stack:
            self._stack[-1].values.append(node)
            self._stack[-1].size += size
        else:
            self._root = node

    def _finished(self, done: _Open) -> Node:
        if done.kind is Kind.SEQUENCE:
            return Node(done.kind, done.line, done.column, items=tuple(done.values))
        pairs = tuple(zip(done.values[::2], done.values[1::2], strict=True))
        self._check_keys(pairs)
        return Node(done.kind, done.line, done.column, entries=pairs)

    def _check_keys(self, pairs: tuple[tuple[Node, Node], ...]) -> None:
        seen: dict[str, int] = {}
        for key, _ in pairs:
            if not key.is_scalar:
                message = "a key is a text, not a mapping or a list"
                self._report("yaml-key", message, key)
            elif key.text in seen:
                message = f"key {key.text!r} is there twice, first on line {seen[key.text]}"
                self._report("yaml-duplicate-key", message, key)
            elif key.text == "<<":
                self._report("yaml-merge-key", "GitHub does not know merge keys ('<<')", key)
            seen.setdefault(key.text, key.line)

    def _report(self, rule: str, message: str, node: Node) -> None:
        self.findings.append(Finding(rule, Severity.ERROR, message, node.line, node.column))


def _scalar(event: Any) -> Node:
    _refuse_tag(event)
    text = str(event.value)
    plain = event.style is None or event.style == ""
    kind = _resolve(text) if plain and (event.implicit[0] or not event.tag) else Kind.TEXT
    return Node(
        kind,
        event.start_mark.line + 1,
        event.start_mark.column + 1,
        text=text,
        block=event.style in ("|", ">"),
    )


def _resolve(text: str) -> Kind:
    if text in _NULL:
        return Kind.NULL
    if text in _BOOL:
        return Kind.BOOLEAN
    if _INT.fullmatch(text):
        return Kind.INTEGER
    return Kind.FLOAT if _FLOAT.fullmatch(text) else Kind.TEXT


def _refuse_tag(event: Any) -> None:
    tag = event.tag
    if tag and tag != "!" and str(tag).removeprefix(_CORE_TAGS) not in _CORE_TYPES:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        raise UnreadableError("yaml-tag", f"tag {tag!r} is not followed", line, column)

"""Types of a design's fields: read from whatever spelling the design uses, written as annotations.

Reading never evaluates anything: the text goes through `ast` and a table of known names, and what
is not known becomes "anything".
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from codegen.quoting import py_str

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class Kind(Enum):
    """What a value is, apart from how the design spells it."""

    STR = "str"
    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    NUMBER = "Number"
    DATETIME = "dt.datetime"
    DATE = "dt.date"
    TIME = "dt.time"
    UUID = "UUID"
    EMAIL = "Email"
    ANY = "Json"
    OBJECT = "JsonObject"
    LIST = "list"
    DICT = "dict"
    LITERAL = "Literal"
    MODEL = "model"
    ENUM = "enum"


@dataclass(frozen=True, slots=True)
class FieldType:
    """A type: its kind, what it holds, and whether null is a value."""

    kind: Kind
    item: FieldType | None = None
    name: str = ""
    """Name in the design of a model or enumeration."""
    values: tuple[str, ...] = ()
    nullable: bool = False

    @property
    def is_textual(self) -> bool:
        return self.kind in (Kind.STR, Kind.EMAIL)

    @property
    def is_numeric(self) -> bool:
        return self.kind in (Kind.INT, Kind.FLOAT, Kind.NUMBER)

    def names(self) -> frozenset[str]:
        """Models and enumerations that the type mentions."""
        own = frozenset({self.name}) if self.name else frozenset()
        return own | (self.item.names() if self.item else frozenset())


_KNOWN: Mapping[str, Kind] = {
    **dict.fromkeys(
        ["str", "string", "text", "s", "constr", "secretstr", "char", "bytes"], Kind.STR
    ),
    **dict.fromkeys(["url", "uri", "anyurl", "httpurl", "anyhttpurl"], Kind.STR),
    **dict.fromkeys(["int", "integer", "long", "conint", "positiveint"], Kind.INT),
    **dict.fromkeys(["nonnegativeint", "epoch", "int32", "int64", "short"], Kind.INT),
    **dict.fromkeys(["float", "double", "confloat", "real"], Kind.FLOAT),
    **dict.fromkeys(["number", "n", "decimal", "condecimal", "numeric", "money"], Kind.NUMBER),
    **dict.fromkeys(["bool", "boolean"], Kind.BOOL),
    **dict.fromkeys(
        ["datetime", "timestamp", "awaredatetime", "date-time", "instant"], Kind.DATETIME
    ),
    "date": Kind.DATE,
    "time": Kind.TIME,
    **dict.fromkeys(["uuid", "uuid4", "guid"], Kind.UUID),
    **dict.fromkeys(["email", "emailstr"], Kind.EMAIL),
    **dict.fromkeys(["any", "object", "json", "unknown"], Kind.ANY),
    **dict.fromkeys(["dict", "map", "m", "mapping", "jsonobject"], Kind.OBJECT),
    **dict.fromkeys(
        ["list", "array", "set", "l", "ss", "sequence", "tuple", "frozenset"], Kind.LIST
    ),
}
_ANY = FieldType(Kind.ANY)
_GENERIC = re.compile(
    r"^\s*(?:List|Array|Set|list|array|set)\s*(?:<|~|\s+of\s+)\s*([\w.]+)\s*[>~]?\s*$"
)
_MAX_TEXT = 500


def read_type(text: str | None, known: frozenset[str] = frozenset()) -> FieldType:
    """The type that a text names; `known` are the models and enumerations of the design."""
    text = (text or "").strip()
    if not text or len(text) > _MAX_TEXT:
        return _ANY
    if text in known:
        return FieldType(Kind.MODEL, name=text)
    generic = _GENERIC.match(text)
    if generic:
        return FieldType(Kind.LIST, item=read_type(generic[1], known))
    if text.endswith("[]"):
        return FieldType(Kind.LIST, item=read_type(text[:-2], known))
    try:
        node = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _named(text.split()[0].strip("(),;:"), known)
    return _from_node(node, known, depth=0)


def _from_node(node: ast.expr, known: frozenset[str], depth: int) -> FieldType:
    if depth > 8:
        return _ANY
    if isinstance(node, ast.Constant):
        if node.value is None:
            return replace(_ANY, nullable=True)
        return _named(node.value, known) if isinstance(node.value, str) else _ANY
    if isinstance(node, ast.Name | ast.Attribute):
        return _named(node.id if isinstance(node, ast.Name) else node.attr, known)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _union([node.left, node.right], known, depth)
    if isinstance(node, ast.Call):
        return _from_node(node.func, known, depth + 1)
    if isinstance(node, ast.Subscript):
        return _subscript(node, known, depth)
    return _ANY


def _subscript(node: ast.Subscript, known: frozenset[str], depth: int) -> FieldType:
    outer = node.value
    name = (outer.id if isinstance(outer, ast.Name) else getattr(outer, "attr", "")).lower()
    inner = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
    if name in ("optional", "union"):
        return _union([*inner, *([ast.Constant(None)] if name == "optional" else [])], known, depth)
    if name == "literal":
        values = [one.value for one in inner if isinstance(one, ast.Constant)]
        if values and all(isinstance(value, str) for value in values):
            return FieldType(Kind.LITERAL, values=tuple(dict.fromkeys(map(str, values))))
        return _ANY
    if name == "annotated":
        return _from_node(inner[0], known, depth + 1)
    kind = _KNOWN.get(name, Kind.ANY)
    if kind is Kind.LIST:
        return FieldType(Kind.LIST, item=_from_node(inner[0], known, depth + 1))
    if kind is Kind.OBJECT and len(inner) == 2:
        value = _from_node(inner[1], known, depth + 1)
        if value.kind in (Kind.ANY, Kind.OBJECT):
            return FieldType(Kind.OBJECT)
        return FieldType(Kind.DICT, item=value)
    return FieldType(kind)


def _union(nodes: list[ast.expr], known: frozenset[str], depth: int) -> FieldType:
    def is_none(node: ast.expr) -> bool:
        return isinstance(node, ast.Constant) and node.value is None

    found = [_from_node(node, known, depth + 1) for node in nodes if not is_none(node)]
    nullable = any(is_none(node) for node in nodes) or any(one.nullable for one in found)
    kinds = set(found)
    one = found[0] if len(kinds) == 1 else _ANY
    return replace(one, nullable=nullable)


def _named(name: str, known: frozenset[str]) -> FieldType:
    if name in known:
        return FieldType(Kind.MODEL, name=name)
    kind = _KNOWN.get(name.lower(), Kind.ANY)
    if kind is Kind.LIST:
        return FieldType(Kind.LIST, item=_ANY)
    return FieldType(kind)


def with_enums(type_: FieldType, enums: Collection[str]) -> FieldType:
    """The type with names of enumerations told from names of models."""
    item = with_enums(type_.item, enums) if type_.item else None
    kind = Kind.ENUM if type_.name in enums else type_.kind
    return replace(type_, kind=kind, item=item)


def annotation(type_: FieldType, classes: Mapping[str, str]) -> str:
    """The annotation in code; `classes` gives the class of each named model or enumeration."""
    text = _annotation(replace(type_, nullable=False), classes)
    return f"{text} | None" if type_.nullable and text != "Json" else text


def _annotation(type_: FieldType, classes: Mapping[str, str]) -> str:
    if type_.kind is Kind.LIST:
        return f"list[{annotation(type_.item or _ANY, classes)}]"
    if type_.kind is Kind.DICT:
        return f"dict[str, {annotation(type_.item or _ANY, classes)}]"
    if type_.kind is Kind.LITERAL:
        return f"Literal[{', '.join(py_str(value) for value in type_.values)}]"
    if type_.name:
        return classes[type_.name]
    return str(type_.kind.value)

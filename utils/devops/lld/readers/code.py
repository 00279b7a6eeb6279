"""Python blocks by `ast`, never executed: models, enumerations, routes, variables."""

from __future__ import annotations

import ast
import re
import warnings
from typing import TYPE_CHECKING, Any

from lld.facts import (
    EnumFact,
    Fact,
    FunctionFact,
    IndexUseFact,
    ModelFact,
    RouteFact,
    Trust,
    VariableFact,
)
from lld.model import ModelField, ModelKind, Problem, Severity, Trigger
from lld.readers.variables import variable
from lld.text import METHODS, clean_path
from lld.types import is_optional_type, python_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Fence

_LARGEST = 400_000
_WHOLE = 20_000
"""Longer blocks are read statement by statement: a tree takes a hundred times its text."""
_FAILURES = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)
_STARTS_STATEMENT = re.compile(
    r"(?:class|def|async\s+def|@|[A-Za-z_][\w.]*\s*[=(]|import|from)\b|@"
)
_NOT_MODELS = (
    "Exception",
    "Error",
    "Protocol",
    "ABC",
    "BaseSettings",
    "Service",
    "Repository",
    "Handler",
)
_CONFIGURING = re.compile(r"\b(?:config|configuration|settings|environment)\b")
_DATA_BASES = ("BaseModel", "TypedDict", "NamedTuple", "SQLModel", "Schema", "BaseEntity", "Model")


def read_python(fence: Fence) -> Iterator[Fact]:
    """Everything a Python block states."""
    text = fence.text
    if not any(
        sign in text for sign in ("class ", "@", "environ", "getenv", "IndexName", "Literal[")
    ):
        return
    has_uses = "environ" in text or "getenv" in text or "IndexName" in text
    for tree, offset in _trees(text):
        if isinstance(tree, Problem):
            yield Problem(
                tree.severity, tree.code, tree.message, fence.line + (tree.line or 1) - 1, tree.fix
            )
            continue
        for statement in tree.body:
            yield from _statement(statement, fence.line + offset - 1)
        if has_uses:
            trust = Trust.TOLD if _CONFIGURING.search(fence.section.lowered) else Trust.HINT
            yield from _uses(tree, fence.line + offset - 1, trust)


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes in a design are not our warnings
        return ast.parse(text)


def _trees(text: str) -> Iterator[tuple[ast.Module | Problem, int]]:
    """The block's tree, or when it is not Python as a whole, those of its top-level statements."""
    if len(text) > _LARGEST:
        yield _unreadable("the block is too large to read", 1), 0
        return
    broken = False
    for part, offset in _statements(text) if len(text) > _WHOLE else ():
        try:
            yield _parse(part), offset
        except _FAILURES:
            broken = True
    if len(text) > _WHOLE and not broken:
        return
    try:
        yield _parse(text), 0
        return
    except _FAILURES as error:
        line = getattr(error, "lineno", None) or 1
        message = f"{type(error).__name__}: {getattr(error, 'msg', None) or error}"[:160]
    yield _unreadable(message, line), 0
    for part, offset in _statements(text):
        if "class " in part or "@" in part:
            try:
                yield _parse(part), offset
            except _FAILURES:
                continue


def _unreadable(message: str, line: int) -> Problem:
    return Problem(
        Severity.WARNING,
        "python_unreadable",
        f"this Python block does not parse ({message}); what could be read of it was",
        line,
        "make the block valid Python",
    )


def _statements(text: str) -> Iterator[tuple[str, int]]:
    """Split at lines that start a statement in the first column; decorators stay with theirs."""
    lines = text.split("\n")
    start, decorated = 0, False
    for number, line in enumerate(lines):
        if not line or line[0] in " \t)]}#" or not _STARTS_STATEMENT.match(line):
            continue
        if number > start and not decorated:
            yield "\n".join(lines[start:number]), start
            start = number
        decorated = line.startswith("@")
    yield "\n".join(lines[start:]), start


def _statement(node: ast.stmt, offset: int) -> Iterator[Fact]:
    if isinstance(node, ast.ClassDef):
        yield from _class(node, offset)
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        yield from _route(node, offset)
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        yield from _alias(node.targets[0].id, node.value, node.lineno + offset)


def _alias(name: str, value: ast.expr, line: int) -> Iterator[Fact]:
    """`Tier = Literal["bronze", "silver"]`."""
    limits: dict[str, Any] = {}
    _literal(value, limits)
    values = limits.get("enum", [])
    if name[0].isupper() and not name.isupper() and len(values) > 1:
        yield EnumFact(name, tuple(str(one) for one in values), line, Trust.FORMAL)


# --- classes -------------------------------------------------------------------------------------


def _dotted(node: ast.expr) -> str:
    while isinstance(node, (ast.Subscript, ast.Call)):
        node = node.value if isinstance(node, ast.Subscript) else node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _class(node: ast.ClassDef, offset: int) -> Iterator[Fact]:
    bases = [name for base in node.bases if (name := _dotted(base))]
    if any(base.endswith("Enum") for base in bases):
        yield from _enumeration(node, offset)
        return
    data = any(
        _dotted(decorator) in ("dataclass", "attrs", "define") for decorator in node.decorator_list
    )
    known = any(base in _DATA_BASES or base.endswith("Model") for base in bases)
    other = bool(bases) and not any(base.endswith(_NOT_MODELS) for base in bases)
    if not (data or known or other):
        return
    fields = tuple(
        field for part in node.body if isinstance(part, ast.AnnAssign) and (field := _field(part))
    )
    own = tuple(
        base for base in bases if base not in _DATA_BASES and base not in ("str", "Generic")
    )
    # Without a field of its own it is a model only when a base is one.
    trust = Trust.FORMAL if fields or known else Trust.HINT
    yield ModelFact(node.name, ModelKind.PYDANTIC, fields, node.lineno + offset, trust, own)


def _enumeration(node: ast.ClassDef, offset: int) -> Iterator[Fact]:
    members, values = [], []
    for part in node.body:
        if isinstance(part, ast.Assign) and isinstance(part.targets[0], ast.Name):
            name = part.targets[0].id
            value = part.value
            if isinstance(value, ast.Tuple) and value.elts:
                value = value.elts[0]
            if name.startswith("_"):
                continue
            members.append(name)
            is_plain = isinstance(value, ast.Constant) and isinstance(value.value, (str, int))
            values.append(
                str(value.value) if is_plain and isinstance(value, ast.Constant) else name
            )
    if values:
        yield EnumFact(node.name, tuple(values), node.lineno + offset, Trust.FORMAL, tuple(members))


_FIELD_KEYWORDS = {
    "min_length": "minLength",
    "max_length": "maxLength",
    "ge": "minimum",
    "le": "maximum",
    "gt": "exclusiveMinimum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
    "pattern": "pattern",
    "regex": "pattern",
    "min_items": "minItems",
    "max_items": "maxItems",
}


def _source(node: ast.expr) -> str:
    try:
        return ast.unparse(node)
    except (RecursionError, ValueError):
        return "Any"


def _field(node: ast.AnnAssign) -> ModelField | None:
    if not isinstance(node.target, ast.Name) or node.target.id in ("model_config", "Config"):
        return None
    written = _source(node.annotation)
    if written.startswith(("ClassVar", "typing.ClassVar")):
        return None
    constraints: dict[str, Any] = {}
    alias, description = None, None
    required = node.value is None and not is_optional_type(written)
    calls = [node.value] if isinstance(node.value, ast.Call) else []
    calls += [c for c in ast.walk(node.annotation) if isinstance(c, ast.Call)]
    if node.value is not None and not isinstance(node.value, ast.Call):
        _keep_default(node.value, constraints)
    for call in calls:
        has_default, alias_here, description_here = _call(call, constraints)
        required = required or (call is node.value and not has_default)
        alias, description = alias or alias_here, description or description_here
    if is_optional_type(written):
        required = False
    if written in ("EmailStr", "HttpUrl", "AnyUrl", "UUID", "UUID4"):
        constraints["format"] = {"E": "email", "H": "uri", "A": "uri", "U": "uuid"}[written[0]]
        written = "str"
    kind = _annotated_type(node.annotation) or python_type(written)
    _literal(node.annotation, constraints)
    return ModelField(node.target.id, kind, required, constraints, alias, description)


def _annotated_type(annotation: ast.expr) -> str | None:
    """A constrained type's own type: `constr(...)`, `conint(...)`, `Literal[...]`."""
    name = _dotted(annotation)
    if name in ("constr", "conint", "condecimal", "confloat", "conlist"):
        return {"constr": "str", "conint": "int", "condecimal": "Decimal", "confloat": "float"}.get(
            name, "list[Any]"
        )
    return "str" if name == "Literal" else None


def _literal(annotation: ast.expr, constraints: dict[str, Any]) -> None:
    if isinstance(annotation, ast.Subscript) and _dotted(annotation) == "Literal":
        inner = annotation.slice
        parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        constants = [part.value for part in parts if isinstance(part, ast.Constant)]
        values = [value for value in constants if isinstance(value, (str, int, bool))]
        if values:
            constraints["enum"] = values


def _keep_default(node: ast.expr, constraints: dict[str, Any]) -> None:
    if isinstance(node, ast.Constant) and isinstance(node.value, (str, int, float, bool)):
        constraints["default"] = node.value
    elif isinstance(node, (ast.List, ast.Dict)) and not (
        node.elts if isinstance(node, ast.List) else node.keys
    ):
        constraints["default"] = [] if isinstance(node, ast.List) else {}
    elif isinstance(node, ast.Attribute):
        constraints["default"] = node.attr


def _call(call: ast.Call, constraints: dict[str, Any]) -> tuple[bool, str | None, str | None]:
    """Read a `Field(...)`: whether it has a default, its alias and its description."""
    has_default, alias, description = False, None, None
    if call.args and _dotted(call) == "Field":
        first = call.args[0]
        has_default = not (isinstance(first, ast.Constant) and first.value is Ellipsis)
        if has_default:
            _keep_default(first, constraints)
    for keyword in call.keywords:
        value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
        if keyword.arg in ("default", "default_factory"):
            has_default = value is not Ellipsis
            if keyword.arg == "default":
                _keep_default(keyword.value, constraints)
            elif isinstance(keyword.value, ast.Name) and keyword.value.id in ("list", "dict"):
                constraints["default"] = [] if keyword.value.id == "list" else {}
        elif keyword.arg in ("alias", "validation_alias", "serialization_alias"):
            alias = value if isinstance(value, str) else alias
        elif keyword.arg == "description":
            description = value if isinstance(value, str) else None
        elif keyword.arg in _FIELD_KEYWORDS and isinstance(value, (str, int, float)):
            constraints[_FIELD_KEYWORDS[keyword.arg]] = value
    return has_default, alias, description


# --- functions -----------------------------------------------------------------------------------


def _route(node: ast.FunctionDef | ast.AsyncFunctionDef, offset: int) -> Iterator[Fact]:
    """A handler's route from its decorator: `@app.post("/orders")`."""
    for decorator in node.decorator_list:
        if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Attribute):
            continue
        first = decorator.args[0] if decorator.args else None
        if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
            continue
        methods = [decorator.func.attr.upper()]
        if decorator.func.attr == "route":
            methods = _route_methods(decorator)
        line = node.lineno + offset
        routes = tuple(
            (method, clean_path(first.value))
            for method in methods
            if method in METHODS and first.value.startswith("/")
        )
        if not routes:
            continue
        yield FunctionFact(node.name, line, Trust.DRAWN, offset, Trigger.API, routes)
        for method, path in routes:
            yield RouteFact(method, path, line, Trust.TOLD, node.name, summary=_summary(node))


def _summary(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    doc = ast.get_docstring(node)
    return doc.split("\n")[0] if doc else None


def _route_methods(call: ast.Call) -> list[str]:
    for keyword in call.keywords:
        if keyword.arg in ("method", "methods"):
            node = keyword.value
            parts = node.elts if isinstance(node, (ast.List, ast.Tuple)) else [node]
            return [str(p.value).upper() for p in parts if isinstance(p, ast.Constant)]
    return []


def _uses(tree: ast.Module, offset: int, trust: Trust) -> Iterator[Fact]:
    """Variables and indexes the code names: hints that only confirm what is stated elsewhere, but
    for the variables of a module shown in a section on configuration."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and _dotted(node.value) == "environ":
            yield from _variable(node.slice, offset, trust)
        elif isinstance(node, ast.Call):
            reads = _dotted(node.func) == "getenv" or _source(node.func).endswith("environ.get")
            if reads and node.args:
                yield from _variable(node.args[0], offset, trust)
            for keyword in node.keywords:
                yield from _index_use(keyword.arg, keyword.value, offset)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                name = key.value if isinstance(key, ast.Constant) else None
                yield from _index_use(name, value, offset)


def _index_use(name: object, value: ast.expr, offset: int) -> Iterator[Fact]:
    if name == "IndexName" and isinstance(value, ast.Constant):
        yield IndexUseFact(str(value.value), value.lineno + offset)


def _variable(node: ast.expr, offset: int, trust: Trust) -> Iterator[Fact]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield VariableFact(variable(node.value, node.lineno + offset), trust)

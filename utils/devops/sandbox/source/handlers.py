"""The functions of a service repository, read from its source without running any of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from common.errors import UnavailableError, UsageProblemError

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch"})
_PARAMETER = re.compile(r"<([^<>]+)>|\{([^{}]+?)\+?\}")


@dataclass(frozen=True, slots=True)
class Source:
    """One function: its name, its entry point, and the routes it answers."""

    name: str
    entry: str
    routes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class RouteMatch:
    """The route of a path, as API Gateway writes it, and the values of its parameters."""

    resource: str
    parameters: dict[str, str]


def functions_of(root: Path) -> list[Source]:
    """Every module in `src/handlers` with a function `handler`."""
    found = []
    for path in sorted((root / "src" / "handlers").glob("*.py")):
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        except SyntaxError as error:
            raise UnavailableError(
                f"{path.relative_to(root)}:{error.lineno} cannot be read: {error.msg}"
            ) from error
        if any(isinstance(node, ast.FunctionDef) and node.name == "handler" for node in tree.body):
            entry = f"src.handlers.{path.stem}.handler"
            found.append(Source(path.stem, entry, tuple(_routes(tree))))
    return found


def choose(functions: list[Source], wanted: str | None, call: tuple[str, str] | None) -> Source:
    """The function that is meant: by name, else the only one, else by the route of an API event.

    Args:
        wanted: A name, in the repository's or AWS's spelling.
        call: Method and path of the event, if it is an API's.

    Raises:
        UsageProblemError: There is none, or several could be meant.
    """
    names = ", ".join(function.name for function in functions) or "none"
    if wanted:
        plain = wanted.replace("-", "_")
        exact = [one for one in functions if one.name == plain]
        # A deployed name has the service before it and the environment after it.
        close = [one for one in functions if f"_{one.name}_" in f"_{plain}_"]
        chosen = exact or sorted(close, key=lambda one: -len(one.name))[:1]
        if not chosen:
            raise UsageProblemError(f"there is no function {wanted!r}", hint=f"there are: {names}")
        return chosen[0]
    if len(functions) == 1:
        return functions[0]
    asked = [one for one in functions if call and route_of(one, *call)]
    if len(asked) == 1:
        return asked[0]
    raise UsageProblemError(
        "the event does not say which function it is for", hint=f"add --function, one of: {names}"
    )


def route_of(function: Source, method: str, path: str) -> RouteMatch | None:
    """The route of a function that serves a call; one without parameters goes first."""
    routes = sorted(function.routes, key=lambda route: len(_PARAMETER.findall(route[1])))
    for verb, template in routes:
        pattern = _PARAMETER.sub("\0", template)
        matched = re.fullmatch(re.escape(pattern).replace("\0", "([^/]+)"), path)
        if verb == method.lower() and matched:
            names = [first or second for first, second in _PARAMETER.findall(template)]
            resource = _PARAMETER.sub(lambda found: "{" + (found[1] or found[2]) + "}", template)
            return RouteMatch(resource, dict(zip(names, matched.groups(), strict=True)))
    return None


def settings_of(root: Path) -> set[str]:
    """Names of environment variables that the source asks for."""
    found = set()
    for path in (root / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = _asked(node)
            if name and name.isupper():
                found.add(name)
    return found


def tables_of(root: Path) -> dict[str, dict[str, object]]:
    """The tables that the service's tests are made with, by the variable that names each."""
    path = root / "tests" / "conftest.py"
    if not path.is_file():
        return {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.AnnAssign) or node.value is None:
            continue
        if isinstance(node.target, ast.Name) and node.target.id == "TABLES":
            found: dict[str, dict[str, object]] = ast.literal_eval(node.value)
            return found
    return {}


def _routes(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """`@app.get("/path")` on any function of a module."""
    for node in tree.body:
        for decorator in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
            if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Attribute):
                continue
            first = decorator.args[0] if decorator.args else None
            if decorator.func.attr in _METHODS and isinstance(first, ast.Constant):
                yield decorator.func.attr, str(first.value)


def _asked(node: ast.AST) -> str | None:
    """The name in `setting("NAME")`, `os.environ["NAME"]` and their like."""
    key: ast.AST | None = None
    if isinstance(node, ast.Call) and node.args:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else None
        name = node.func.id if isinstance(node.func, ast.Name) else name
        key = node.args[0] if name in {"setting", "getenv"} else None
    elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute):
        key = node.slice if node.value.attr == "environ" else None
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None

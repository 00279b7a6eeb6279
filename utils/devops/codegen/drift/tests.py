"""What the tests of a repository use: functions, routes, models, tables, indexes, scenarios."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from codegen.drift.facts import Column, Fact, Kind, Thing, index_name, route_name
from codegen.drift.python_source import assigned, modules, name_called, text_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from codegen.drift.facts import Tree

_SCENARIO = re.compile(r"([A-Za-z][\w.-]*\d[\w.-]*): ")


def read_tests(tree: Tree, tables: Mapping[str, str], routes: Collection[str]) -> Iterator[Fact]:
    """The facts of the tests.

    Args:
        tree: The repository.
        tables: Names of tables by the variable that carries them.
        routes: The routes that requests of tests may be for, by name.
    """
    known = _Routes(routes)
    for path, module in modules(tree, "tests"):
        for node in ast.walk(module):
            if isinstance(node, ast.ImportFrom):
                yield from _imports(path, node)
            elif isinstance(node, ast.Call) and name_called(node) == "call":
                name = known.asked_for(node)
                if name:
                    yield _fact(Kind.ROUTE, name, path, node)
            elif isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found = _SCENARIO.match(ast.get_docstring(node) or "")
                if found:
                    yield _fact(Kind.SCENARIO, found[1], path, node, _skipped(node))
        for statement in module.body:
            name, value = assigned(statement)
            if name == "TABLES" and isinstance(value, ast.Dict):
                yield from _tables(path, value, tables)


def _fact(kind: Kind, name: str, path: str, node: ast.AST, remark: str = "") -> Fact:
    return Fact(Thing(kind, name), Column.TEST, f"{path}:{getattr(node, 'lineno', 1)}{remark}")


def _imports(path: str, node: ast.ImportFrom) -> Iterator[Fact]:
    module = node.module or ""
    for one in node.names:
        if module == "src.handlers":
            yield _fact(Kind.FUNCTION, one.name, path, node)
        elif module.startswith("src.models.") and module != "src.models.base":
            yield _fact(Kind.MODEL, one.name, path, node)


def _skipped(node: ast.FunctionDef) -> str:
    marks = (ast.unparse(one) for one in node.decorator_list)
    return " (skipped)" if any("mark.skip" in mark for mark in marks) else ""


def _tables(path: str, value: ast.Dict, tables: Mapping[str, str]) -> Iterator[Fact]:
    for key, definition in zip(value.keys, value.values, strict=True):
        variable = text_of(key)
        if variable is None:
            continue
        table = tables.get(variable, variable)
        yield _fact(Kind.TABLE, table, path, definition)
        for node in ast.walk(definition):
            if isinstance(node, ast.Dict):
                for name, one in zip(node.keys, node.values, strict=True):
                    index = text_of(one)
                    if text_of(name) == "IndexName" and index:
                        yield _fact(Kind.INDEX, index_name(table, index), path, one)


class _Routes:
    """Finds the route that a request is for; fixed parts win over parameters."""

    def __init__(self, names: Collection[str]) -> None:
        self._exact = frozenset(names)
        self._patterns = [
            (re.compile("[^/]+".join(map(re.escape, name.split("{}")))), name)
            for name in sorted(names, key=lambda name: (name.count("{}"), name))
            if "{}" in name
        ]

    def asked_for(self, call: ast.Call) -> str | None:
        """The route of `call(handler, method, path)`, None where the words are not plain."""
        if len(call.args) < 3:
            return None
        method, path = text_of(call.args[1]), text_of(call.args[2])
        if method is None or path is None:
            return None
        asked = f"{method.upper()} {path}"
        if asked in self._exact:
            return asked
        if route_name(method, path) in self._exact:
            return route_name(method, path)
        return next((name for pattern, name in self._patterns if pattern.fullmatch(asked)), None)

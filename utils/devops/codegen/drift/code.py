"""Functions, routes, models, tables and indexes as the code under `src` has them."""

from __future__ import annotations

import ast
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from codegen.drift.facts import Column, Fact, Kind, Thing, index_name, route_name
from codegen.drift.python_source import assigned, modules, name_called, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from codegen.drift.facts import Tree

_METHODS = frozenset({"get", "post", "put", "patch", "delete"})
_HEALTH = "GET /health"
"""Every handler answers it, whether the design has it or not."""
_BASE = "src/models/base.py"


def read_code(tree: Tree, tables: Mapping[str, str]) -> Iterator[Fact]:
    """The facts of the code.

    Args:
        tree: The repository.
        tables: Names of tables by the variable that carries them.
    """
    for path, module in modules(tree, "src/handlers"):
        yield from _handlers(path, module)
    for path, module in modules(tree, "src/models"):
        yield from _models(path, module)
    for path, module in modules(tree, "src/repositories"):
        yield from _repository(path, module, tables)
    for path, module in modules(tree, "src/utils"):
        yield from _checked_tables(path, module, tables)


def _fact(kind: Kind, name: str, path: str, node: ast.AST) -> Fact:
    return Fact(Thing(kind, name), Column.CODE, f"{path}:{getattr(node, 'lineno', 1)}")


def _handlers(path: str, module: ast.Module) -> Iterator[Fact]:
    for node in module.body:
        if not isinstance(node, ast.FunctionDef):
            continue
        if node.name == "handler":
            yield _fact(Kind.FUNCTION, PurePosixPath(path).stem, path, node)
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and name_called(decorator) in _METHODS:
                rule = text_of(decorator.args[0]) if decorator.args else None
                name = route_name(name_called(decorator), rule or "")
                if rule and name != _HEALTH:
                    yield _fact(Kind.ROUTE, name, path, node)


def _models(path: str, module: ast.Module) -> Iterator[Fact]:
    for node in module.body:
        if isinstance(node, ast.ClassDef) and path != _BASE:
            yield _fact(Kind.MODEL, node.name, path, node)


def _checked_tables(path: str, module: ast.Module, tables: Mapping[str, str]) -> Iterator[Fact]:
    """The tables that the health check looks at."""
    for node in module.body:
        name, value = assigned(node)
        if name == "TABLES" and isinstance(value, ast.Tuple):
            for one in value.elts:
                variable = text_of(one)
                if variable:
                    yield _fact(Kind.TABLE, tables.get(variable, variable), path, one)


def _repository(path: str, module: ast.Module, tables: Mapping[str, str]) -> Iterator[Fact]:
    """The table of a repository and the indexes that its module knows."""
    table = ""
    for node in module.body:
        for inner in node.body if isinstance(node, ast.ClassDef) else ():
            name, value = assigned(inner)
            if name == "table_variable":
                variable = text_of(value) or ""
                table = tables.get(variable, variable)
                if table:
                    yield _fact(Kind.TABLE, table, path, inner)
    for call in ast.walk(module):
        if table and isinstance(call, ast.Call) and name_called(call) == "Index" and call.args:
            index = text_of(call.args[0])
            if index:
                yield _fact(Kind.INDEX, index_name(table, index), path, call)

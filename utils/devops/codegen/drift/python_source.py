"""Python files as syntax trees; nothing in them is executed."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from common.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codegen.drift.facts import Tree


def modules(tree: Tree, folder: str) -> Iterator[tuple[str, ast.Module]]:
    """The modules below a folder, in the order of their paths.

    Raises:
        UnavailableError: One is not Python; says where.
    """
    for path in sorted(tree):
        if path.startswith(f"{folder}/") and path.endswith(".py"):
            try:
                yield path, ast.parse(tree[path])
            except (SyntaxError, ValueError, RecursionError) as error:
                line = getattr(error, "lineno", None) or 1
                raise UnavailableError(
                    f"{path}:{line} is not Python: {getattr(error, 'msg', error)}",
                    hint="mend it first; what cannot be read cannot be compared",
                ) from error


def name_called(call: ast.Call) -> str:
    """The last part of what is called: `get` of `app.get(...)`."""
    called = call.func
    if isinstance(called, ast.Attribute):
        return called.attr
    return called.id if isinstance(called, ast.Name) else ""


def text_of(node: ast.AST | None) -> str | None:
    """The value of a plain text, None for everything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def assigned(node: ast.stmt) -> tuple[str, ast.expr | None]:
    """Name and value of an assignment to one name; an empty name for any other statement."""
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id, node.value
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id, node.value
    return "", None

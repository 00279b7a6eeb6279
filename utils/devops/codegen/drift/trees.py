"""The text of a repository: as it would be generated today, and as it lies on disk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from codegen.parts import PARTS
from common.errors import UnavailableError

if TYPE_CHECKING:
    from codegen.drift.facts import Tree
    from codegen.views.service_view import ServiceView

_FOLDERS = ("src", "tests", "terraform", ".github/workflows")
_ENDINGS = (".py", ".tf", ".yml", ".yaml")
_COMPARED = ("lambda", "tests", "terraform", "workflows")
_LARGEST = 2_000_000


def generated_tree(view: ServiceView) -> Tree:
    """What the design asks for."""
    return {one.path: one.text for part in _COMPARED for one in PARTS[part](view)}


def repository_tree(root: Path) -> Tree:
    """What the repository has.

    Raises:
        UnavailableError: It is no folder, or a file in it cannot be read as text.
    """
    if not root.is_dir():
        raise UnavailableError(f"{str(root)!r} is no folder", hint="name it with --repo")
    found: Tree = {}
    for folder in _FOLDERS:
        for base, folders, names in os.walk(root / folder):
            folders[:] = sorted(one for one in folders if not one.startswith((".", "__")))
            for name in names:
                if name.endswith(_ENDINGS):
                    path = Path(base) / name
                    found[path.relative_to(root).as_posix()] = _text(path)
    return found


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise UnavailableError(f"{str(path)!r} is too large to be read as source")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UnavailableError(f"{str(path)!r} is no UTF-8 text") from error
    except OSError as error:
        raise UnavailableError(f"reading {str(path)!r}: {error.strerror}") from error

"""The generated files of a service, as the setup of its repository needs them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import FailedError

if TYPE_CHECKING:
    from lld.model import Design


@dataclass(frozen=True, slots=True)
class Generated:
    """How many files there are, and how many of them were written."""

    files: int
    written: int


Generate = Callable[["Design", Path], Generated]


def generate(design: Design, folder: Path) -> Generated:
    """Write the service's files into `folder`; what people edited there is kept.

    Raises:
        FailedError: Some edits and the design contradict each other.
    """
    from codegen.plan import CHANGING
    from codegen.scaffold import scaffold

    plan = scaffold(design, folder)
    if plan.conflicts:
        paths = [change.path for change in plan.conflicts]
        raise FailedError(
            f"{len(paths)} files have conflicts: {', '.join(paths[:5])}",
            hint=f"resolve them in {str(folder)!r}, then run the same command again",
        )
    written = sum(change.verb in CHANGING for change in plan.changes)
    return Generated(len(plan.changes), written)

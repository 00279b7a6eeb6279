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
    from codegen.scaffold import scaffold

    report = scaffold(design, folder)
    verbs = [(str(getattr(c.verb, "value", c.verb)), str(c.path)) for c in report.changes]
    conflicts = [path for verb, path in verbs if verb == "conflict"]
    if conflicts:
        raise FailedError(
            f"{len(conflicts)} files have conflicts: {', '.join(conflicts[:5])}",
            hint=f"resolve them in {str(folder)!r}, then run the same command again",
        )
    return Generated(len(verbs), sum(verb != "identical" for verb, _ in verbs))

"""YAML that a person wrote or somebody else published: read within bounds, wrong at a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from common.errors import UnavailableError, UsageProblemError
from pipelines.workflow.findings import Severity
from pipelines.workflow.yaml_tree import read, read_file


def read_yaml(path: Path) -> Any:
    """The plain data of a YAML file; size, depth and what aliases expand to are limited.

    Raises:
        UnavailableError: It cannot be read.
        UsageProblemError: It is no YAML; names the line.
    """
    try:
        document = read(read_file(path))
    except OSError as error:
        raise UnavailableError(f"{str(path)!r} cannot be read: {error.strerror}") from error
    wrong = [one for one in document.findings if one.severity is Severity.ERROR]
    if wrong:
        raise UsageProblemError(f"{path}:{wrong[0].line}: {wrong[0].message}")
    return None if document.root is None else document.root.plain()

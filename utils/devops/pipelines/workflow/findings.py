"""What a check has to say about a line of a workflow."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.workflow.yaml_tree import Node

BUILT_IN = "built-in"


class Severity(IntEnum):
    """How bad a finding is; only an error makes `validate` exit 1."""

    NOTE = 0
    WARNING = 1
    ERROR = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. Lines and columns count from 1; `tool` is who found it."""

    rule: str
    severity: Severity
    message: str
    line: int
    column: int = 1
    file: str = ""
    tool: str = BUILT_IN
    hint: str = ""
    also: tuple[str, ...] = ()
    """Other tools that found the same."""

    @property
    def order(self) -> tuple[str, int, int, str]:
        """Sorts findings as a reader meets them."""
        return (self.file, self.line, self.column, self.rule)


def error(rule: str, node: Node, message: str, *, hint: str = "") -> Finding:
    """A finding that makes the workflow unusable or unsafe."""
    return Finding(rule, Severity.ERROR, message, node.line, node.column, hint=hint)


def warning(rule: str, node: Node, message: str, *, hint: str = "") -> Finding:
    """A finding that someone should look at."""
    return Finding(rule, Severity.WARNING, message, node.line, node.column, hint=hint)

"""Completeness and consistency of a design: what a reviewer would ask to have changed.

What the parser already found is part of the report, beside what the rules of `rules/` find.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lld.model import Problem, Severity
from lld.rules import data, document, functions, scenarios

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lld.model import Design


@dataclass(frozen=True, slots=True)
class Report:
    """The findings for one design, worst first."""

    document: str
    findings: tuple[Problem, ...]

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(one.severity is Severity.ERROR for one in self.findings)

    @property
    def warnings(self) -> int:
        """How many findings are warnings."""
        return len(self.findings) - self.errors

    def passes(self, *, strict: bool) -> bool:
        """Whether the design may go on; `strict` lets no warning pass either."""
        return not self.errors and not (strict and self.findings)


def validate(design: Design, extra: Sequence[Problem] = ()) -> Report:
    """Apply every rule; `extra` are findings about the file's place among others."""
    found = [*design.problems, *extra]
    for rule in _RULES:
        found.extend(rule(design))
    unique = list(dict.fromkeys(found))
    unique.sort(key=lambda one: (one.severity is not Severity.ERROR, one.line or 0, one.code))
    return Report(design.document, tuple(unique))


_RULES: tuple[Callable[[Design], Iterator[Problem]], ...] = (
    document.content,
    document.header,
    document.parent_number,
    document.sections,
    functions.routes,
    functions.triggers,
    functions.timeouts,
    functions.queues,
    data.models,
    data.access,
    scenarios.scenarios,
)

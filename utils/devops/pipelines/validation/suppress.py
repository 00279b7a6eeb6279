"""Findings that people have accepted, one by one and with a reason.

A comment on its line does it: `# pipeline_test: ignore[rule] the reason`. Without a reason it
has no effect, and a rule can never be switched off for a whole file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.workflow.findings import Finding

_COMMENT = re.compile(r"#\s*pipeline_test:\s*ignore\[(?P<rules>[\w/, -]+)\]\s*(?P<reason>\S.*)")


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A finding that a comment accepts, and why."""

    finding: Finding
    reason: str


def divide(
    findings: Iterable[Finding], lines: dict[str, Sequence[str]]
) -> tuple[list[Finding], list[Suppressed]]:
    """The findings that stand, and those that a comment accepts."""
    standing: list[Finding] = []
    accepted: list[Suppressed] = []
    for finding in findings:
        reason = _reason(finding, lines.get(finding.file, ()))
        if reason is None:
            standing.append(finding)
        else:
            accepted.append(Suppressed(finding, reason))
    return standing, accepted


def _reason(finding: Finding, lines: Sequence[str]) -> str | None:
    if not 0 < finding.line <= len(lines):
        return None
    match = _COMMENT.search(lines[finding.line - 1])
    if match is None:
        return None
    rules = {rule.strip() for rule in match["rules"].split(",")}
    return match["reason"].strip() if finding.rule in rules else None

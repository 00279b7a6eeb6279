"""What a quality gate's answer means: nothing found, something found, or not looked everywhere.

Only a tool that ran over all it was given can be clean; whatever else it answers is incomplete.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from common.process import Completed

_MOVED = 3
"""detect-secrets: known findings are on other lines now."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one tool found; `complete` is false where it did not look at everything."""

    found: bool
    output: str
    complete: bool = True


def by_exit_code(answer: Completed) -> Verdict:
    """For tools that end with 0 when clean, 1 when they found something, more when they failed."""
    complete = answer.code in (0, 1) and "No module named" not in answer.stderr
    return Verdict(complete and answer.code == 1, said(answer), complete)


def of_bandit(answer: Completed) -> Verdict:
    """bandit ends with 0 although it skipped files, so its own JSON report is what counts."""
    report = _document(answer.stdout)
    if answer.code not in (0, 1) or not {"results", "errors", "metrics"} <= report.keys():
        return Verdict(False, said(answer), complete=False)
    found = [
        f"{one['filename']}:{one['line_number']}: {one['test_id']} "
        f"({one['issue_severity'].lower()}) {one['issue_text']}"
        for one in report["results"]
    ]
    skipped = [f"{one['filename']}: not scanned: {one['reason']}" for one in report["errors"]]
    if set(report["metrics"]) == {"_totals"} and not skipped:
        skipped = ["no Python file was there to scan"]
    if bool(found) != (answer.code == 1):
        skipped.append(f"its report and its exit code {answer.code} do not agree")
    return Verdict(bool(found), "\n".join(found + skipped), complete=not skipped)


def of_detect_secrets(answer: Completed) -> Verdict:
    """1 is a new secret when a report comes with it, and a failure of the tool otherwise."""
    if answer.code in (0, _MOVED):
        return Verdict(False, said(answer))
    results = _document(answer.stdout).get("results")
    if answer.code != 1 or not results:
        return Verdict(False, said(answer), complete=False)
    lines = [
        f"{name}:{one['line_number']}: {one['type']}"
        for name, secrets in results.items()
        for one in secrets
    ]
    lines.append("no secret: '# pragma: allowlist secret' behind it says so")
    return Verdict(True, "\n".join(lines))


def said(answer: Completed) -> str:
    """All that the tool wrote, or its exit code where it wrote nothing."""
    texts = [text for text in (answer.stdout.strip(), answer.stderr.strip()) if text]
    return "\n".join(texts) or (f"exit code {answer.code}" if answer.code else "")


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}

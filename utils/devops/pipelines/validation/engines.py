"""actionlint and zizmor, each run once over all files; what they did and did not look at is told.

A linter that is missing, crashes or answers in a form that cannot be read is never taken for one
that found nothing: it is listed as skipped, with the reason.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.errors import UnavailableError
from common.process import Completed, run
from pipelines.workflow.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ACTIONLINT, ZIZMOR = "actionlint", "zizmor"
_LIMIT_S = 300
NOT_INSTALLED = "not installed"
_NOTHING_READ = "it could read none of the files"
_UNREAD = re.compile(r"WARN .*failed to (?:parse|load|validate)")
_NO_INPUTS = "no inputs collected"
_SKIPPED_AUDIT = re.compile(r"skipping ([\w-]+): (.*)")


@dataclass(frozen=True, slots=True)
class Engine:
    """What came of one linter: its version, or why it was skipped; audits it left out."""

    name: str
    version: str = ""
    skipped: str = ""
    skipped_audits: tuple[str, ...] = ()
    unread: int = 0
    """Files it could not read, which it therefore says nothing about."""
    findings: tuple[Finding, ...] = ()

    @property
    def crashed(self) -> bool:
        """It is installed, and yet its answer cannot be relied on."""
        return bool(self.skipped) and self.skipped not in (NOT_INSTALLED, _NOTHING_READ)

    @property
    def ran(self) -> bool:
        return not self.skipped


def tool(name: str) -> str | None:
    """The path of a tool: beside this Python, where `setup` installs it, else on PATH."""
    beside = Path(sys.executable).with_name(name)
    if beside.is_file() and os.access(beside, os.X_OK):
        return str(beside)
    return shutil.which(name)


def actionlint(files: Sequence[Path], folder: Path) -> Engine:
    """Run actionlint over workflows."""
    path = tool(ACTIONLINT)
    if path is None:
        return Engine(ACTIONLINT, skipped=NOT_INSTALLED)
    shellcheck = tool("shellcheck") or ""
    words = [path, "-no-color", "-format", "{{json .}}", f"-shellcheck={shellcheck}", "-pyflakes="]
    try:
        version = run([path, "-version"], timeout=30).stdout
        answer = run([*words, *files], cwd=folder, check=False, timeout=_LIMIT_S)
        found = _json(answer, codes=(0, 1))
        findings = tuple(_from_actionlint(entry) for entry in found or [])
    except (UnavailableError, ValueError, KeyError, TypeError) as problem:
        return Engine(ACTIONLINT, skipped=f"could not run: {problem}")
    if bool(findings) != (answer.code == 1):
        return Engine(ACTIONLINT, skipped=f"its exit code {answer.code} contradicts its answer")
    without = () if shellcheck else ("shellcheck",)
    return Engine(ACTIONLINT, _version(version), skipped_audits=without, findings=findings)


def zizmor(files: Sequence[Path], folder: Path) -> Engine:
    """Run zizmor's offline audits over workflows and actions."""
    path = tool(ZIZMOR)
    if path is None:
        return Engine(ZIZMOR, skipped=NOT_INSTALLED)
    words = [path, "--offline", "--no-progress", "--no-exit-codes", "--format=json-v1", "-v"]
    try:
        version = run([path, "--version"], timeout=30).stdout
        answer = run([*words, *files], cwd=folder, check=False, timeout=_LIMIT_S)
        if _NO_INPUTS in answer.stderr:
            return Engine(ZIZMOR, _version(version), skipped=_NOTHING_READ)
        found = _json(answer, codes=(0,))
        findings = tuple(_from_zizmor(entry) for entry in found or [] if not entry["ignored"])
    except (UnavailableError, ValueError, KeyError, TypeError, IndexError) as problem:
        return Engine(ZIZMOR, skipped=f"could not run: {problem}")
    skipped = tuple(sorted({match[1] for match in _SKIPPED_AUDIT.finditer(answer.stderr)}))
    unread = len(_UNREAD.findall(answer.stderr))
    return Engine(ZIZMOR, _version(version), "", skipped, unread, findings)


def _json(answer: Completed, *, codes: tuple[int, ...]) -> Any:
    if answer.code not in codes:
        said = (answer.stderr.strip() or answer.stdout.strip()).splitlines()
        raise ValueError(f"exit code {answer.code}: {said[-1] if said else 'no word'}")
    return json.loads(answer.stdout)


def _version(text: str) -> str:
    match = re.search(r"\d+(?:\.\d+)+", text)
    return match[0] if match else "unknown"


def _from_actionlint(entry: dict[str, Any]) -> Finding:
    return Finding(
        rule=f"actionlint/{entry['kind']}",
        severity=Severity.WARNING if entry["kind"] == "shellcheck" else Severity.ERROR,
        message=str(entry["message"]),
        line=int(entry["line"]),
        column=int(entry["column"]),
        file=str(entry["filepath"]),
        tool=ACTIONLINT,
    )


_SEVERITIES = {"High": Severity.WARNING, "Medium": Severity.WARNING}


def _from_zizmor(entry: dict[str, Any]) -> Finding:
    place = next(_primary(entry))
    start = place["concrete"]["location"]["start_point"]
    key = place["symbolic"]["key"]["Local"]
    return Finding(
        rule=f"zizmor/{entry['ident']}",
        severity=_SEVERITIES.get(entry["determinations"]["severity"], Severity.NOTE),
        message=f"{entry['desc']}: {place['symbolic']['annotation']}",
        line=int(start["row"]) + 1,
        column=int(start["column"]) + 1,
        file=str(key.get("verbatim_path") or key["given_path"]),
        tool=ZIZMOR,
        hint=str(entry["url"]),
    )


def _primary(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    places = entry["locations"]
    yield from (place for place in places if place["symbolic"]["kind"] == "Primary")
    yield from places

"""trivy and checkov over the configuration, where they are installed; what did not run is said."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from common.errors import DevopsError
from common.process import run
from infra.answers import parse_json
from infra.policy import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_LIMIT = 180
_SEVERITIES = {"CRITICAL": Severity.HIGH, "HIGH": Severity.HIGH, "MEDIUM": Severity.MEDIUM}


@dataclass(frozen=True, slots=True)
class Scan:
    """What one scanner did. `problem` says why there is no answer; then nothing is clean."""

    name: str
    findings: tuple[Finding, ...] = ()
    problem: str | None = None


def scan(folder: Path) -> tuple[Scan, ...]:
    """Run every known scanner over the configuration."""
    return tuple(_scan(name, words, read, folder) for name, (words, read) in _SCANNERS.items())


def _scan(
    name: str, words: tuple[str, ...], read: Callable[[Any], Iterator[Finding]], folder: Path
) -> Scan:
    if shutil.which(name) is None:
        return Scan(name, problem="not installed")
    try:
        answer = run([name, *words, str(folder)], check=False, timeout=_LIMIT)
        document = parse_json(answer.stdout, name)
        return Scan(name, tuple(read(document)))
    except (DevopsError, AttributeError, KeyError, TypeError) as error:
        return Scan(name, problem=f"could not run: {error}")


def _trivy(document: Any) -> Iterator[Finding]:
    for result in document.get("Results") or ():
        for raw in result.get("Misconfigurations") or ():
            cause = raw.get("CauseMetadata") or {}
            where = cause.get("Resource") or result.get("Target", "")
            severity = _SEVERITIES.get(raw.get("Severity", ""), Severity.LOW)
            yield Finding(raw["ID"], severity, where, raw.get("Title", ""), "trivy")


def _checkov(document: Any) -> Iterator[Finding]:
    for report in document if isinstance(document, list) else [document]:
        for raw in (report.get("results") or {}).get("failed_checks") or ():
            severity = _SEVERITIES.get(str(raw.get("severity")), Severity.MEDIUM)
            yield Finding(
                raw["check_id"], severity, raw.get("resource", ""), raw["check_name"], "checkov"
            )


_SCANNERS: dict[str, tuple[tuple[str, ...], Callable[[Any], Iterator[Finding]]]] = {
    "trivy": (
        ("config", "--format", "json", "--quiet", "--skip-dirs", "**/.terraform"),
        _trivy,
    ),
    "checkov": (("--output", "json", "--compact", "--quiet", "--directory"), _checkov),
}

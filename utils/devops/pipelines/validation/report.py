"""A validation report as text with source lines, JSON, SARIF, or GitHub annotations."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from common.output import is_live
from pipelines.workflow.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.validation.engines import Engine
    from pipelines.validation.validate import Report

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "blue"}
_SARIF_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_ANNOTATIONS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def coloured(word: str, colour: str) -> str:
    """A word in colour, where standard output is a terminal that wants it."""
    return click.style(word, fg=colour) if is_live(sys.stdout) else word


def as_text(report: Report) -> str:
    """Each finding with the line it is about, then a summary and who looked."""
    lines = {source.shown: source.lines for source in report.sources}
    blocks = [_block(finding, lines.get(finding.file, [])) for finding in report.findings]
    return "\n".join([*blocks, *([""] if blocks else []), summary(report)])


def _block(finding: Finding, lines: list[str]) -> str:
    word = coloured(finding.severity.name.lower(), _COLOURS[finding.severity])
    also = f", also {', '.join(finding.also)}" if finding.also else ""
    place = f"{finding.file}:{finding.line}:{finding.column}"
    text = [f"{place}: {word}: {finding.message} [{finding.rule}{also}]"]
    if 0 < finding.line <= len(lines):
        source = lines[finding.line - 1].replace("\t", " ")[:160]
        text.append(f"{finding.line:>5} | {source}")
        if finding.column <= len(source):
            text.append(f"      | {' ' * (finding.column - 1)}^")
    if finding.hint:
        text.append(f"      = {finding.hint}")
    return "\n".join(text)


def summary(report: Report) -> str:
    """`2 errors, 1 warning in 6 files`, and one line a tool."""
    counts = [
        f"{count} {severity.name.lower()}{'s' * (count != 1)}"
        for severity in sorted(Severity, reverse=True)
        if (count := report.count(severity))
    ]
    files = len(report.sources)
    head = f"{', '.join(counts) or 'no findings'} in {files} file{'s' * (files != 1)}"
    if report.suppressed:
        head += f", {len(report.suppressed)} accepted with a reason"
    return "\n".join([head, *(_looked(engine) for engine in report.engines)])


def _looked(engine: Engine) -> str:
    if not engine.ran:
        return f"{engine.name}: SKIPPED, {engine.skipped}"
    parts = [f"{engine.name} {engine.version}"]
    if engine.skipped_audits:
        parts.append(f"without {', '.join(engine.skipped_audits)}")
    if engine.unread:
        parts.append(f"{engine.unread} file{'s' * (engine.unread != 1)} not read")
    return "; ".join(parts)


def as_json(report: Report) -> str:
    """The report for programs."""
    return json.dumps(_data(report), ensure_ascii=False, indent=2)


def _data(report: Report) -> dict[str, Any]:
    return {
        "ok": report.count(Severity.ERROR) == 0,
        "errors": report.count(Severity.ERROR),
        "warnings": report.count(Severity.WARNING),
        "files": [source.shown for source in report.sources],
        "findings": [_finding(finding) for finding in report.findings],
        "suppressed": [
            {**_finding(one.finding), "reason": one.reason} for one in report.suppressed
        ],
        "tools": [
            {
                "name": engine.name,
                "ran": engine.ran,
                "version": engine.version or None,
                "skipped": engine.skipped or None,
                "skipped_audits": list(engine.skipped_audits),
                "files_not_read": engine.unread,
            }
            for engine in report.engines
        ],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "severity": finding.severity.name.lower(),
        "rule": finding.rule,
        "message": finding.message,
        "hint": finding.hint or None,
        "tool": finding.tool,
        "also": list(finding.also),
    }


def as_sarif(report: Report) -> str:
    """SARIF 2.1.0, one run a tool, for code scanning."""
    tools = ["built-in", *(engine.name for engine in report.engines if engine.ran)]
    versions = {engine.name: engine.version for engine in report.engines}
    runs = [_run(tool, versions.get(tool, ""), report) for tool in tools]
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": runs}, indent=2)


def _run(tool: str, version: str, report: Report) -> dict[str, Any]:
    findings = [finding for finding in report.findings if finding.tool == tool]
    driver: dict[str, Any] = {
        "name": "pipeline_test" if tool == "built-in" else tool,
        "rules": [{"id": rule} for rule in sorted({finding.rule for finding in findings})],
    }
    if version:
        driver["version"] = version
    return {"tool": {"driver": driver}, "results": [_result(finding) for finding in findings]}


def _result(finding: Finding) -> dict[str, Any]:
    hint = f" ({finding.hint})" if finding.hint else ""
    region = {"startLine": finding.line, "startColumn": finding.column}
    return {
        "ruleId": finding.rule,
        "level": _SARIF_LEVELS[finding.severity],
        "message": {"text": finding.message + hint},
        "locations": [
            {"physicalLocation": {"artifactLocation": {"uri": finding.file}, "region": region}}
        ],
    }


def as_annotations(report: Report) -> str:
    """Workflow commands that GitHub shows beside the lines of a pull request."""
    return "\n".join(_annotations(report))


def _annotations(report: Report) -> Iterator[str]:
    for finding in report.findings:
        place = (
            f"file={_property(finding.file)},line={finding.line},"
            f"col={finding.column},title={_property(finding.rule)}"
        )
        yield f"::{_ANNOTATIONS[finding.severity]} {place}::{_message(finding.message)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")

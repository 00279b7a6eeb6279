"""A design as JSON and as a summary for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lld.model import Design, Problem, to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lld.validate import Report


def as_json(design: Design) -> dict[str, Any]:
    """The documented JSON object; a table whose name nobody states has the name null."""
    data: dict[str, Any] = to_json(design)
    del data["headings"], data["repository_stated"]
    for table in data["tables"]:
        table["name"] = table["name"] or None
    return data


def as_text(design: Design) -> str:
    """What was read: the component, counts, functions, endpoints, tables, problems."""
    parts = [_head(design), _counts(design)]
    if design.functions:
        parts.append(_functions(design))
    if design.endpoints:
        parts.append(_endpoints(design))
    if design.tables:
        parts.append(_tables(design))
    if design.problems:
        parts.append(problems_text(design.problems))
    return "\n\n".join(parts)


def _head(design: Design) -> str:
    lines = [design.title or design.document]
    size = " · ".join(
        str(part)
        for part in (
            design.runtime,
            f"{design.memory_mb} MB" if design.memory_mb else None,
            f"{design.timeout_s} s" if design.timeout_s else None,
            design.architecture,
        )
        if part
    )
    facts = (
        (
            "design",
            " ".join(filter(None, (design.lld_id, design.version and f"v{design.version}"))),
        ),
        ("parent", design.parent_hld),
        ("repository", design.repository),
        ("service", design.service),
        ("component", size),
    )
    lines += [f"  {name:<11} {value}" for name, value in facts if value]
    return "\n".join(lines)


def _counts(design: Design) -> str:
    indexes = sum(len(table.gsis) for table in design.tables)
    counts = (
        (len(design.functions), "function"),
        (len(design.endpoints), "endpoint"),
        (len(design.tables), "table"),
        (indexes, "index"),
        (len(design.entities), "entity"),
        (len(design.models), "model"),
        (len(design.enums), "enumeration"),
        (len(design.test_scenarios), "test scenario"),
        (len(design.environment_variables), "environment variable"),
        (len(design.resources), "other resource"),
        (len(design.problems), "problem"),
    )
    return "read: " + ", ".join(_count(number, noun) for number, noun in counts)


_PLURALS = {"index": "indexes", "entity": "entities"}


def _count(number: int, noun: str) -> str:
    return f"{number} {noun if number == 1 else _PLURALS.get(noun, noun + 's')}"


def _functions(design: Design) -> str:
    from common.output import table

    rows = [
        (
            one.name,
            one.trigger.value,
            f"{one.method} {one.path}" if one.method else one.source or "",
            f"{one.memory_mb} MB" if one.memory_mb else "",
            f"{one.timeout_s} s" if one.timeout_s else "",
            one.line,
        )
        for one in design.functions
    ]
    return table(("function", "trigger", "route or source", "memory", "timeout", "line"), rows)


def _endpoints(design: Design) -> str:
    from common.output import table

    rows = [
        (one.method, one.path, one.auth or "", one.summary or "", one.line)
        for one in design.endpoints
    ]
    return table(("method", "path", "auth", "summary", "line"), rows)


def _tables(design: Design) -> str:
    from common.output import table

    rows: list[tuple[object, ...]] = []
    for one in design.tables:
        rows.append(
            (one.name or "(no name stated)", _keys(one.partition_key, one.sort_key), one.line)
        )
        rows += [
            (f"  {gsi.name}", _keys(gsi.partition_key, gsi.sort_key), gsi.line) for gsi in one.gsis
        ]
    return table(("table", "keys", "line"), rows)


def _keys(pk: str | None, sk: str | None) -> str:
    return " + ".join(key for key in (pk, sk) if key)


def problems_text(problems: tuple[Problem, ...]) -> str:
    """One line a problem, with its place and what to write instead."""
    from common.output import table

    rows = [
        (one.severity.value, one.line or "", one.code, one.message, one.fix or "")
        for one in problems
    ]
    return table(("severity", "line", "code", "problem", "write instead"), rows)


# --- validation ----------------------------------------------------------------------------------


def report_text(report: Report) -> str:
    """The findings for one design, worst first, and the counts."""
    counts = f"{_count(report.errors, 'error')}, {_count(report.warnings, 'warning')}"
    head = f"{report.document}: {counts}"
    return f"{head}\n\n{problems_text(report.findings)}" if report.findings else head


def reports_text(reports: Sequence[Report]) -> str:
    """Every design's findings, then one table of all."""
    from common.output import table

    parts = [report_text(report) for report in reports if report.findings]
    rows = [(one.document, one.errors, one.warnings) for one in reports]
    parts.append(table(("design", "errors", "warnings"), rows))
    return "\n\n".join(parts)


def reports_json(reports: Sequence[Report], checklist: str | None = None) -> dict[str, Any]:
    """Findings and counts of every design."""
    data: dict[str, Any] = {
        "designs": [
            {
                "document": one.document,
                "errors": one.errors,
                "warnings": one.warnings,
                "findings": to_json(one.findings),
            }
            for one in reports
        ],
        "errors": sum(one.errors for one in reports),
        "warnings": sum(one.warnings for one in reports),
    }
    return {**data, "checklist": checklist} if checklist is not None else data

"""A report of drift as a table, as data, and as a matrix in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from codegen.drift.compare import State
from codegen.quoting import markdown, markdown_code
from common.output import table

if TYPE_CHECKING:
    from codegen.drift.compare import Report, Row
    from codegen.drift.facts import Column

_NONE = "-"


def as_json(report: Report) -> dict[str, Any]:
    """The report as data; `drift` is true when anything is missing or was not designed."""
    return {
        "document": report.document,
        "repository": report.repository,
        "environment": report.environment,
        "drift": bool(report.drifted),
        "summary": {state.value: sum(one.state is state for one in report.rows) for state in State},
        "rows": [
            {
                "kind": one.thing.kind.value,
                "name": one.title,
                "line": one.line,
                "state": one.state.value,
                "places": {column.value: one.places.get(column) for column in report.columns},
                "missing": [column.value for column in one.missing],
                "reason": one.reason or None,
            }
            for one in report.rows
        ],
    }


def as_text(report: Report) -> str:
    """What drifted, as a table; all of it is in the other forms."""
    shown = [one for one in report.rows if one.state is not State.OK]
    rows = [(one.thing.kind, one.title, one.line, _said(one)) for one in shown]
    total = f"{report.document}: {len(report.rows)} things, {len(report.drifted)} drifted"
    if not rows:
        return total
    return f"{table(('kind', 'name', 'design line', 'state'), rows)}\n\n{total}"


def as_markdown(report: Report) -> str:
    """The matrix: each thing with its places."""
    columns = report.columns
    heads = ["Kind", "Name", "Design", *(one.value.capitalize() for one in columns), "State"]
    lines = [
        f"# Where {markdown(report.document)} is",
        "",
        f"{len(report.rows)} things, {len(report.drifted)} drifted"
        + (f"; deployed: {markdown(report.environment)}" if report.environment else "")
        + ".",
        "",
        f"| {' | '.join(heads)} |",
        f"|{'---|' * len(heads)}",
    ]
    lines += [f"| {' | '.join(_cells(one, columns))} |" for one in report.rows]
    return "\n".join(lines)


def _cells(row: Row, columns: tuple[Column, ...]) -> list[str]:
    places = [markdown_code(row.places[one]) if one in row.places else _NONE for one in columns]
    line = f"line {row.line}" if row.line else _NONE
    return [row.thing.kind.value, markdown_code(row.title), line, *places, markdown(_said(row))]


def _said(row: Row) -> str:
    if row.state is State.MISSING:
        return f"missing: {', '.join(row.missing)}"
    if row.state is State.UNDESIGNED:
        return f"not designed: {', '.join(row.places.values())}"
    return f"{row.state}: {row.reason}" if row.reason else row.state.value

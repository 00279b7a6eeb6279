"""What a design asks to implement, as a Markdown checklist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lld.model import Trigger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.model import Design
    from lld.validate import Report


def checklist(design: Design, report: Report) -> str:
    """Everything to build, test and settle, in the order of work."""
    parts = [f"# {_escaped(design.title or design.document)}: what to implement"]
    sections = (
        ("Settle first", _findings(report)),
        ("Infrastructure", _infrastructure(design)),
        ("Models", _models(design)),
        ("Functions", _functions(design)),
        ("Endpoints", _endpoints(design)),
        ("Tests", _tests(design)),
        ("Configuration", _configuration(design)),
    )
    for title, lines in sections:
        items = [f"- [ ] {line}" for line in lines]
        if items:
            parts.append(f"## {title}\n\n" + "\n".join(items))
    return "\n\n".join(parts)


def _escaped(text: str) -> str:
    return " ".join(text.replace("<", "&lt;").split())


def _code(text: object) -> str:
    return "`" + str(text).replace("`", "'") + "`"


def _line(line: int | None) -> str:
    return f" (line {line})" if line else ""


def _findings(report: Report) -> Iterator[str]:
    for one in report.findings:
        yield f"{one.severity.value}: {_escaped(one.message)}{_line(one.line)}"


def _infrastructure(design: Design) -> Iterator[str]:
    for table in design.tables:
        keys = " + ".join(key for key in (table.partition_key, table.sort_key) if key)
        yield f"table {_code(table.name or '(to be named)')}, keys {_code(keys)}{_line(table.line)}"
        for index in table.gsis:
            keys = " + ".join(key for key in (index.partition_key, index.sort_key) if key)
            yield f"index {_code(index.name)}, keys {_code(keys)}{_line(index.line)}"
    for one in design.resources:
        yield f"{one.type} {_code(one.name)}{_line(one.line)}"


def _models(design: Design) -> Iterator[str]:
    for model in design.models:
        yield f"{_code(model.name)}, {len(model.fields)} fields{_line(model.line)}"
    for enum in design.enums:
        yield f"{_code(enum.name)}: {', '.join(map(_code, enum.values[:20]))}{_line(enum.line)}"


def _functions(design: Design) -> Iterator[str]:
    for one in design.functions:
        route = f"{one.method} {one.path}" if one.method else one.source or ""
        started = f", {_code(route)}" if route else ""
        kind = "" if one.trigger is Trigger.API else f" ({one.trigger.value})"
        yield f"{_code(one.name)}{kind}{started}{_line(one.line)}"


def _endpoints(design: Design) -> Iterator[str]:
    for one in design.endpoints:
        yield f"{_code(f'{one.method} {one.path}')}{_line(one.line)}"


def _tests(design: Design) -> Iterator[str]:
    for one in design.test_scenarios:
        text = one.scenario or one.story or ""
        said = f": {_escaped(text)}" if text else ""
        yield f"{_code(one.id)}{said}{_line(one.line)}"


def _configuration(design: Design) -> Iterator[str]:
    for one in design.environment_variables:
        kind = " from Secrets Manager" if one.secret else ""
        yield f"{_code(one.name)}{kind}{_line(one.line)}"

"""The files round the code: what it is, what it needs, how it is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from codegen.code import RenderedFile
from codegen.quoting import bracketed, one_line, py_str, py_tuple
from codegen.render import TEMPLATES, render
from codegen.views.scenario_view import Expectation, view_scenarios

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codegen.views.operation_view import OperationView
    from codegen.views.service_view import ServiceView

PINS = {
    "bandit": "1.9.4",
    "boto3": "1.44.5",
    "boto3_stubs": "1.44.1",
    "hypothesis": "6.170.15",
    "jsonschema": "4.26.0",
    "moto": "5.2.5",
    "mypy": "2.4.1",
    "powertools": "3.37.0",
    "pydantic": "2.14.3",
    "pytest": "9.1.1",
    "pytest_cov": "7.1.0",
    "pytest_xdist": "3.8.0",
    "ruff": "0.17.6",
}
"""The versions generated services were tested with."""

DEFAULT_CODES = {
    400: "INVALID_REQUEST",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    409: "CONFLICT",
    500: "INTERNAL_ERROR",
    501: "NOT_IMPLEMENTED",
    503: "UNAVAILABLE",
}
"""Error codes by HTTP status, where the design names none."""


def render_project(view: ServiceView) -> Iterable[RenderedFile]:
    """README, requirements and tool configuration."""
    yield RenderedFile("README.md", _readme(view))
    yield RenderedFile(
        "pyproject.toml",
        render("pyproject.toml.jinja", repository=view.repository, title=view.title),
    )
    yield RenderedFile("requirements.txt", render("requirements.txt.jinja", pins=PINS))
    yield RenderedFile("requirements-dev.txt", render("requirements-dev.txt.jinja", pins=PINS))
    for name in ("gitignore", "gitattributes", "pre-commit-config.yaml"):
        yield RenderedFile(f".{name}", (TEMPLATES / "dot" / name).read_text(encoding="utf-8"))


def render_docker(view: ServiceView) -> Iterable[RenderedFile]:
    """The image of the functions."""
    handlers = [one.handler for one in view.functions] or ["src.handlers.api.handler"]
    yield RenderedFile("Dockerfile", render("Dockerfile.jinja", handler=handlers[0]))
    text = (TEMPLATES / "dot" / "dockerignore").read_text(encoding="utf-8")
    yield RenderedFile(".dockerignore", text)


def render_idempotency_table(view: ServiceView) -> RenderedFile:
    """Where handled messages are remembered: the keys of the first table."""
    table = next(one for one in view.tables if one.sort)
    text = render("idempotency_table.py.jinja", table=table, expires=table.ttl or "expiresAt")
    return RenderedFile("src/utils/idempotency_table.py", text, table.line)


def codes_by_status(view: ServiceView) -> dict[int, str]:
    """The error code of each HTTP status, the lowest first: the design's own before the usual."""
    stated = {status: code for status, code in view.codes.items() if 400 <= status < 600}
    return dict(sorted({**DEFAULT_CODES, **stated}.items()))


def render_error_codes(view: ServiceView) -> RenderedFile:
    """The module of the error codes, and of the tables that the health check looks at."""
    statuses = [f"{status}: {py_str(code)}" for status, code in codes_by_status(view).items()]
    subjects = [
        f"({status}, {py_str(noun)}): {py_str(code)}"
        for (status, noun), code in sorted(view.subject_codes.items())
    ]
    prefix = len("_BY_SUBJECT: dict[tuple[int, str], str] = ")
    text = render(
        "error_codes.py.jinja",
        tables=py_tuple(
            [py_str(one.variable) for one in view.tables], before=len("TABLES: tuple[str, ...] = ")
        ),
        by_status=bracketed("{", statuses, "}", before=len("_BY_STATUS = ")),
        by_subject=bracketed("{", subjects, "}", before=prefix),
    )
    line = view.design.error_codes[0].line if view.design.error_codes else None
    return RenderedFile("src/utils/error_codes.py", text, line)


def _readme(view: ServiceView) -> str:
    design = view.design
    return render(
        "README.md.jinja",
        title=view.title,
        document=design.document,
        lld_id=design.lld_id,
        version=design.version,
        todo=_todo(view),
        skipped=view.skipped,
        rules=_rules(view),
        assumptions=_assumptions(view),
        routes=[_route(one, view) for one in view.operations],
        events=[{"name": one.module, "trigger": one.trigger.value} for one in view.events],
        settings=_settings(view),
        service=view.name,
    )


def _todo(view: ServiceView) -> list[dict[str, Any]]:
    found = [
        {
            "what": f"{one.route.method} {one.route.path}",
            "where": f"src/services/{view.group_of(one).module}.py",
            "why": one.gap,
            "line": one.line,
        }
        for one in view.operations
        if not one.implemented
    ]
    for function in view.events:
        group = next(one for one in view.groups if function in one.events)
        found.append(
            {
                "what": function.method,
                "where": f"src/services/{group.module}.py",
                "why": "the design does not say what this does to the data",
                "line": function.line,
            }
        )
    return found


def _rules(view: ServiceView) -> list[dict[str, str]]:
    return [
        {"id": one.id, "text": one.text}
        for one in view_scenarios(view)
        if one.expects is Expectation.RULE and (one.operation is None or one.operation.implemented)
    ]


def _assumptions(view: ServiceView) -> list[str]:
    found = [text for one in view.operations if one.implemented for text in one.assumptions]
    found += [
        f"{one.name} reads the whole table: no index of the design lists its items"
        for one in view.operations
        if one.implemented and one.scans
    ]
    unserved = [one for one in view.functions if not one.designed]
    for function in unserved:
        routes = ", ".join(f"{one.route.method} {one.route.path}" for one in function.operations)
        found.append(
            f"the design gives these routes to no function, src/handlers/{function.module}.py "
            f"answers them: {routes}"
        )
    return found


def _route(operation: OperationView, view: ServiceView) -> dict[str, str]:
    return {
        "route": f"{operation.route.method} {operation.route.path}",
        "name": operation.name,
        "function": view.function_of(operation).module,
        "state": "implemented" if operation.implemented else "work to do",
    }


def _settings(view: ServiceView) -> list[dict[str, str]]:
    found = [
        {"name": one.variable, "text": f"Name of the table {one_line(one.name, 80)}".strip()}
        for one in view.tables
    ]
    if view.has_lists:
        text = "ARN of the secret whose value signs page tokens"
        found.append({"name": "PAGE_TOKEN_SECRET_ARN", "text": text})
    known = {one["name"] for one in found}
    for one in view.design.environment_variables:
        if one.name not in known:
            text = one.description or "As the design states it"
            secret = " (its value is in Secrets Manager)" if one.secret else ""
            found.append({"name": one.name, "text": f"{text}{secret}"})
    common = {
        "POWERTOOLS_SERVICE_NAME": "Service in logs, traces and metrics",
        "POWERTOOLS_METRICS_NAMESPACE": "Namespace of the metrics",
        "CORS_ALLOW_ORIGIN": "Origin that browsers may call from; none when it is not set",
    }
    known = {one["name"] for one in found}
    return found + [{"name": k, "text": v} for k, v in common.items() if k not in known]

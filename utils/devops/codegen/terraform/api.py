"""The routes of the API as API Gateway takes them: who may call, and which function answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codegen.api.parameters import parameters_of
from codegen.naming import words
from codegen.terraform.view import OpenPoint, Parameter, PathView, Route
from codegen.views.operation_view import read_route, route_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codegen.views.operation_view import OperationView
    from codegen.views.operation_view import Route as CodeRoute
    from codegen.views.service_view import ServiceView
    from lld.model import Endpoint

_FIXED = re.compile(r"[A-Za-z0-9._:-]+")
_PARAMETER = re.compile(r"[A-Za-z0-9._-]+")
_ACCESS = {
    "none": "none",
    "public": "none",
    "jwt": "jwt",
    "cognito": "jwt",
    "bearer": "jwt",
    "api_key": "api_key",
    "iam": "iam",
}


def find_paths(
    service: ServiceView, authorizer: str | None
) -> tuple[tuple[PathView, ...], tuple[OpenPoint, ...]]:
    """The paths with their routes, in the order of the design.

    Args:
        service: The service whose code answers.
        authorizer: Key of the function that checks tokens, if the design has one.
    """
    endpoints = _endpoints(service)
    serving = {
        id(operation): function.module
        for function in service.functions
        for operation in function.operations
    }
    names = _ParameterNames()
    paths: dict[str, dict[str, Route]] = {}
    points = [
        OpenPoint(f"{skipped.text}: {skipped.reason}; not served", skipped.line)
        for skipped in service.skipped
    ]
    for operation in service.operations:
        path = names.settle(operation, points)
        if path is None:
            continue
        endpoint = endpoints.get(route_key(operation.route))
        access = _access(endpoint, authorizer)
        if access == "unstated":
            points.append(_unstated(operation))
        routes = paths.setdefault(path, {})
        method = operation.route.method.lower()
        if method not in routes:
            routes[method] = Route(
                method=method,
                function=serving[id(operation)],
                access=access,
                statuses=_statuses(operation, endpoint),
                parameters=_taken(operation, path),
            )
    views = tuple(PathView(path, tuple(routes.values())) for path, routes in paths.items())
    return views, tuple(points)


def _taken(operation: OperationView, path: str) -> tuple[Parameter, ...]:
    """Parameters under names that API Gateway takes; the function gets the others all the same."""
    return tuple(
        Parameter(one["name"], one["in"], one.get("required", False))
        for one in parameters_of(operation, path)
        if _PARAMETER.fullmatch(one["name"])
    )


def _endpoints(service: ServiceView) -> Mapping[tuple[str, str], Endpoint]:
    found: dict[tuple[str, str], Endpoint] = {}
    for endpoint in service.design.endpoints:
        route = read_route(endpoint.method, endpoint.path)
        if not isinstance(route, str):
            found.setdefault(route_key(route), endpoint)
    return found


class _ParameterNames:
    """API Gateway knows one parameter name for each place in the tree of paths.

    The code finds its parameters in the path itself, so another name there does it no harm.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def settle(self, operation: OperationView, points: list[OpenPoint]) -> str | None:
        """The path with the name each place was first given; None if it cannot be served."""
        settled = ""
        for part in _parts(operation.route):
            if not part.startswith("{") and not _FIXED.fullmatch(part):
                text = f"{operation.route.method} {operation.route.path}"
                message = f"{text}: API Gateway takes no {part!r} in a path; not served"
                points.append(OpenPoint(message, operation.line))
                return None
            name = self._names.setdefault(settled, part) if part.startswith("{") else part
            settled += f"/{name}"
        return settled or "/"


def _parts(route: CodeRoute) -> list[str]:
    names = iter(route.params)
    parts = []
    for part in filter(None, route.path.split("/")):
        if part.startswith("{"):
            param = next(names)
            wire = param.wire if _PARAMETER.fullmatch(param.wire) else param.name
            part = f"{{{wire}}}"
        parts.append(part)
    return parts


def _unstated(operation: OperationView) -> OpenPoint:
    return OpenPoint(
        f"{operation.route.method} {operation.route.path}: the design does not say who may call "
        "it; it takes signed (IAM) requests only, until the design says so or "
        "unstated_routes_are_public is true",
        operation.line,
    )


def _statuses(operation: OperationView, endpoint: Endpoint | None) -> tuple[int, ...]:
    stated = {answer.status for answer in endpoint.responses} if endpoint else set()
    return tuple(sorted({operation.status, *(code for code in stated if 100 <= code <= 599)}))


def _access(endpoint: Endpoint | None, authorizer: str | None) -> str:
    if endpoint is None or endpoint.auth is None:
        return "authorizer" if authorizer else "unstated"
    access = _ACCESS.get("_".join(words(endpoint.auth)), "unstated")
    return "authorizer" if access == "jwt" and authorizer else access

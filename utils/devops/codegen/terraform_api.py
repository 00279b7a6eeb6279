"""The routes of the API as API Gateway takes them: who may call, and which function answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codegen.naming import words
from codegen.terraform_view import OpenPoint, PathView, Route
from common.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lld.model import Design, Endpoint, Function

METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
_SEGMENT = re.compile(r"[A-Za-z0-9._:-]+|\{[A-Za-z_][A-Za-z0-9_.-]*\+?\}")
_PARAMETER = re.compile(r"\{([^{}+]+)\+?\}")
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
    design: Design, functions: Sequence[tuple[Function, str]], authorizer: str | None
) -> tuple[tuple[PathView, ...], tuple[OpenPoint, ...]]:
    """The paths with their routes, in the order of the design.

    Args:
        design: The design.
        functions: Each function with its key.
        authorizer: Key of the function that checks tokens, if the design has one.

    Raises:
        RefusedError: A path is not one that API Gateway can serve.
    """
    serving = _serving(functions)
    tree = _ParameterNames()
    paths: dict[str, dict[str, Route]] = {}
    points: list[OpenPoint] = []
    for endpoint in _endpoints(design, functions):
        method = endpoint.method.lower()
        path = tree.settle(_checked_path(endpoint), endpoint, points)
        if method not in METHODS:
            raise RefusedError(
                f"line {endpoint.line}: {endpoint.method!r} is no method of an API",
                hint=f"one of {', '.join(METHODS).upper()}",
            )
        routes = paths.setdefault(path, {})
        if method not in routes:
            function = serving.get((method, _shape(endpoint.path)))
            routes[method] = _route(endpoint, method, function, authorizer, points)
    views = tuple(PathView(path, tuple(routes.values())) for path, routes in paths.items())
    return views, tuple(points)


def _endpoints(
    design: Design, functions: Sequence[tuple[Function, str]]
) -> list[Endpoint] | tuple[Endpoint, ...]:
    """The endpoints, and routes that only a function states."""
    from lld.model import Endpoint

    known = {(item.method.lower(), _shape(item.path)) for item in design.endpoints}
    return [
        *design.endpoints,
        *(
            Endpoint(method=function.method, path=function.path, line=function.line)
            for function, _ in functions
            if function.method
            and function.path
            and (function.method.lower(), _shape(function.path)) not in known
        ),
    ]


def _serving(functions: Sequence[tuple[Function, str]]) -> Mapping[tuple[str, str], str]:
    return {
        (function.method.lower(), _shape(function.path)): key
        for function, key in reversed(functions)
        if function.method and function.path
    }


def _shape(path: str) -> str:
    """A path without the names of its parameters, which are written in many ways."""
    return _PARAMETER.sub("{}", path.split("?")[0].rstrip("/")) or "/"


def _checked_path(endpoint: Endpoint) -> str:
    path = "/" + endpoint.path.split("?")[0].strip().strip("/")
    if path != "/" and not all(_SEGMENT.fullmatch(part) for part in path[1:].split("/")):
        raise RefusedError(
            f"line {endpoint.line}: API Gateway cannot serve the path {endpoint.path!r}",
            hint="letters, digits and . _ - : in a part, or one {parameter}",
        )
    return path


class _ParameterNames:
    """API Gateway knows one parameter name for each place in the tree of paths."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def settle(self, path: str, endpoint: Endpoint, points: list[OpenPoint]) -> str:
        """The path with the name each place was first given."""
        settled = ""
        for part in path[1:].split("/"):
            if part.startswith("{"):
                first = self._names.setdefault(settled, part)
                if first != part:
                    message = f"path {endpoint.path!r}: {part} is called {first} there already"
                    points.append(
                        OpenPoint(f"{message}, API Gateway takes one name", endpoint.line)
                    )
                part = first
            settled += f"/{part}"
        return settled or "/"


def _route(
    endpoint: Endpoint,
    method: str,
    function: str | None,
    authorizer: str | None,
    points: list[OpenPoint],
) -> Route:
    access = _access(endpoint, authorizer)
    title = f"{endpoint.method} {endpoint.path}"
    if access == "unstated":
        points.append(
            OpenPoint(
                f"{title}: the design does not say who may call it; it takes signed (IAM) requests "
                "only, until the design says so or unstated_routes_are_public is true",
                endpoint.line,
            )
        )
    if function is None:
        points.append(
            OpenPoint(f"{title}: no function serves it; the API answers 501", endpoint.line)
        )
    statuses = sorted({r.status for r in endpoint.responses if 100 <= r.status <= 599})
    return Route(
        method=method,
        function=function,
        access=access,
        statuses=tuple(statuses) or (200,),
        summary=endpoint.summary or "",
        line=endpoint.line,
    )


def _access(endpoint: Endpoint, authorizer: str | None) -> str:
    if endpoint.auth is None:
        return "authorizer" if authorizer else "unstated"
    stated = "_".join(words(endpoint.auth))
    access = _ACCESS.get(stated, "unstated")
    return "authorizer" if access == "jwt" and authorizer else access

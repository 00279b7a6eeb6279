"""What a deployment of an API serves, as plain data, and which route a path leads to."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class AuthorizerView:
    """A function that decides who may call."""

    id: str
    kind: str
    uri: str
    identity_source: str
    ttl_s: int


@dataclass(frozen=True, slots=True)
class MockResponse:
    """One answer of a mock integration."""

    status: str
    body: str
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Integration:
    """What answers a route: a function (`AWS_PROXY`) or the gateway itself (`MOCK`)."""

    kind: str
    uri: str
    timeout_ms: int
    request_template: str = "{}"
    responses: tuple[MockResponse, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path."""

    method: str
    path: str
    integration: Integration
    authorization: str = "NONE"
    authorizer: AuthorizerView | None = None
    api_key_required: bool = False

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(part for part in self.path.split("/") if part)


@dataclass(frozen=True, slots=True)
class Match:
    """A route and the values of its path parameters."""

    route: Route
    parameters: dict[str, str]


@dataclass(frozen=True, slots=True)
class Routes:
    """All routes of one deployment."""

    routes: tuple[Route, ...]

    def match(self, method: str, path: str) -> Match | None:
        """The most exact route for a request: fixed parts before parameters before `{rest+}`."""
        parts = tuple(part for part in path.split("/") if part)
        candidates = [
            (_looseness(route), Match(route, parameters))
            for route in self.routes
            if route.method in (method, "ANY")
            and (parameters := _parameters(route.parts, parts)) is not None
        ]
        return min(candidates, key=lambda pair: pair[0])[1] if candidates else None


def _parameters(template: tuple[str, ...], parts: tuple[str, ...]) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for place, name in enumerate(template):
        if name.startswith("{") and name.endswith("+}"):
            rest = parts[place:]
            return {**found, name[1:-2]: unquote("/".join(rest))} if rest else None
        if place >= len(parts):
            return None
        if name.startswith("{"):
            found[name[1:-1]] = unquote(parts[place])
        elif name != unquote(parts[place]):
            return None
    return found if len(template) == len(parts) else None


def _looseness(route: Route) -> tuple[tuple[int, ...], bool]:
    rank = (2 if part.endswith("+}") else 1 if part.startswith("{") else 0 for part in route.parts)
    return tuple(rank), route.method == "ANY"

"""Events and answers of Lambda proxy integrations of REST APIs."""

from __future__ import annotations

import base64
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from sandbox.front.routes import Match

_TEXT = ("text/", "application/json", "application/xml", "application/javascript")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it came in, with the API, stage and account it is for."""

    account: str
    region: str
    api: str
    stage: str
    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    source: str
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def header(self, name: str) -> str | None:
        """The last value of a header, whatever its case."""
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return found[-1] if found else None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An answer to the caller."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


def message(status: int, text: str, *, key: str = "message") -> Outgoing:
    """One of API Gateway's own answers."""
    content = json.dumps({key: text}).encode()
    return Outgoing(status, (("Content-Type", "application/json"),), content)


SERVER_ERROR = message(500, "Internal server error")
BAD_ANSWER = message(502, "Internal server error")
TOO_SLOW = message(504, "Endpoint request timed out")
NO_ROUTE = message(403, "Missing Authentication Token")


def event(
    incoming: Incoming, match: Match, variables: dict[str, str], context: dict[str, Any] | None
) -> dict[str, Any]:
    """The event a proxied function gets."""
    text, encoded = _body(incoming)
    return {
        **request_parts(incoming, match, variables),
        "requestContext": request_context(incoming, match, context),
        "body": text,
        "isBase64Encoded": encoded,
    }


def request_parts(incoming: Incoming, match: Match, variables: dict[str, str]) -> dict[str, Any]:
    """What events for functions and for request authorizers have in common."""
    query = parse_qsl(incoming.query, keep_blank_values=True)
    return {
        "resource": match.route.path,
        "path": incoming.path,
        "httpMethod": incoming.method,
        "headers": dict(incoming.headers),
        "multiValueHeaders": _grouped(incoming.headers),
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": _grouped(query) or None,
        "pathParameters": match.parameters or None,
        "stageVariables": variables or None,
    }


def request_context(
    incoming: Incoming, match: Match, authorizer: dict[str, Any] | None
) -> dict[str, Any]:
    """The `requestContext` of an event."""
    now = time.time()
    agent = incoming.header("User-Agent")
    context: dict[str, Any] = {
        "accountId": incoming.account,
        "apiId": incoming.api,
        "domainName": f"{incoming.api}.execute-api.{incoming.region}.amazonaws.com",
        "domainPrefix": incoming.api,
        "extendedRequestId": incoming.request_id[:16],
        "httpMethod": incoming.method,
        "identity": {"sourceIp": incoming.source, "userAgent": agent, "apiKey": None},
        "path": f"/{incoming.stage}{incoming.path}",
        "protocol": "HTTP/1.1",
        "requestId": incoming.request_id,
        "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
        "requestTimeEpoch": int(now * 1000),
        "resourceId": "sandbox",
        "resourcePath": match.route.path,
        "stage": incoming.stage,
    }
    return context | ({"authorizer": authorizer} if authorizer is not None else {})


def answer(payload: bytes) -> Outgoing:
    """The answer a function returned, or 502 when it is not of the form that is asked for."""
    try:
        given = json.loads(payload)
        status = int(given["statusCode"])
        body = given.get("body") or ""
        content = base64.b64decode(body) if given.get("isBase64Encoded") else body.encode()
        headers = [
            *(given.get("headers") or {}).items(),
            *(
                (name, value)
                for name, values in (given.get("multiValueHeaders") or {}).items()
                for value in values
            ),
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return BAD_ANSWER
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    return Outgoing(status, tuple((str(name), str(value)) for name, value in headers), content)


def _body(incoming: Incoming) -> tuple[str | None, bool]:
    if not incoming.body:
        return None, False
    kind = incoming.header("Content-Type") or "application/json"
    if kind.startswith(_TEXT) or "charset" in kind or "+json" in kind:
        return incoming.body.decode("utf-8", errors="replace"), False
    try:
        return incoming.body.decode(), False
    except UnicodeDecodeError:
        return base64.b64encode(incoming.body).decode(), True


def _grouped(pairs: Any) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped

"""Who may call a route: nobody asked, a signature, an API key, a token, or a function decides."""

from __future__ import annotations

import base64
import fnmatch
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.front.proxy import (
    SERVER_ERROR,
    Incoming,
    Outgoing,
    message,
    request_context,
    request_parts,
)
from sandbox.runtime.deployed import Answer

if TYPE_CHECKING:
    from sandbox.front.routes import AuthorizerView, Match

UNAUTHORIZED = message(401, "Unauthorized")
DENIED = message(403, "User is not authorized to access this resource", key="Message")
FORBIDDEN = message(403, "Forbidden")
UNSIGNED = message(403, "Missing Authentication Token")

Invoke = Callable[[str, str, bytes], Answer | None]
"""Invoke the function of an integration URI on behalf of a source ARN; None when it may not."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """The call may go on; `context` is what the function learns about the caller."""

    context: dict[str, Any] | None


class Authorization:
    """Asks authorizer functions and remembers their answers as long as they allow."""

    def __init__(self, invoke: Invoke) -> None:
        self._invoke = invoke
        self._lock = threading.Lock()
        self._remembered: dict[tuple[str, str, str], tuple[float, dict[str, Any]]] = {}

    def check(
        self, incoming: Incoming, match: Match, variables: dict[str, str], keys: frozenset[str]
    ) -> Admitted | Outgoing:
        """Let the call go on, or say what the caller gets instead."""
        route = match.route
        admitted: Admitted | Outgoing = Admitted(None)
        if route.authorization == "AWS_IAM":
            signed = (incoming.header("Authorization") or "").startswith("AWS4-HMAC-SHA256")
            admitted = Admitted(None) if signed else UNSIGNED
        elif route.authorization == "COGNITO_USER_POOLS":
            admitted = _claims(incoming)
        elif route.authorization == "CUSTOM" and route.authorizer:
            admitted = self._ask(incoming, match, variables, route.authorizer)
        if isinstance(admitted, Outgoing) or not route.api_key_required:
            return admitted
        return admitted if incoming.header("x-api-key") in keys else FORBIDDEN

    def _ask(
        self,
        incoming: Incoming,
        match: Match,
        variables: dict[str, str],
        authorizer: AuthorizerView,
    ) -> Admitted | Outgoing:
        identity = [
            incoming.header(source.strip().rpartition(".")[2])
            for source in authorizer.identity_source.split(",")
            if ".header." in source
        ]
        if not all(identity):
            return UNAUTHORIZED
        key = (incoming.api, authorizer.id, "\0".join(str(part) for part in identity))
        decision = self._recalled(key)
        if decision is None:
            asked = _question(incoming, match, variables, authorizer, str(identity[0]))
            source = f"{_api_arn(incoming)}/authorizers/{authorizer.id}"
            answer = self._invoke(authorizer.uri, source, json.dumps(asked).encode())
            if answer is None:
                return SERVER_ERROR
            if answer.error:
                wanted = b'"errorMessage": "Unauthorized"'
                return UNAUTHORIZED if wanted in answer.payload else SERVER_ERROR
            decision = json.loads(answer.payload)
            self._remember(key, decision, authorizer.ttl_s)
        return _decided(decision, _method_arn(incoming))

    def _recalled(self, key: tuple[str, str, str]) -> dict[str, Any] | None:
        with self._lock:
            until, decision = self._remembered.get(key, (0.0, {}))
        return decision if until > time.monotonic() else None

    def _remember(self, key: tuple[str, str, str], decision: dict[str, Any], ttl_s: int) -> None:
        with self._lock:
            self._remembered[key] = (time.monotonic() + ttl_s, decision)


def _question(
    incoming: Incoming,
    match: Match,
    variables: dict[str, str],
    authorizer: AuthorizerView,
    token: str,
) -> dict[str, Any]:
    if authorizer.kind == "TOKEN":
        return {
            "type": "TOKEN",
            "authorizationToken": token,
            "methodArn": _method_arn(incoming),
        }
    return {
        "type": "REQUEST",
        "methodArn": _method_arn(incoming),
        **request_parts(incoming, match, variables),
        "requestContext": request_context(incoming, match, None),
    }


def _decided(decision: Any, arn: str) -> Admitted | Outgoing:
    try:
        statements = decision["policyDocument"]["Statement"]
        statements = [statements] if isinstance(statements, dict) else statements
        effects = {one["Effect"] for one in statements if _covers(one["Resource"], arn)}
        context = {"principalId": decision["principalId"], **(decision.get("context") or {})}
    except (KeyError, TypeError):
        return SERVER_ERROR
    if "Deny" in effects or "Allow" not in effects:
        return DENIED
    return Admitted(context)


def _covers(resources: Any, arn: str) -> bool:
    listed = [resources] if isinstance(resources, str) else resources
    return any(fnmatch.fnmatchcase(arn, pattern) for pattern in listed)


def _claims(incoming: Incoming) -> Admitted | Outgoing:
    """The claims of a token; the sandbox has no keys to check its signature with."""
    token = (incoming.header("Authorization") or "").removeprefix("Bearer ")
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError):
        return UNAUTHORIZED
    if float(claims.get("exp", time.time() + 1)) < time.time():
        return UNAUTHORIZED
    return Admitted({"claims": claims})


def _api_arn(incoming: Incoming) -> str:
    return f"arn:aws:execute-api:{incoming.region}:{incoming.account}:{incoming.api}"


def _method_arn(incoming: Incoming) -> str:
    return f"{_api_arn(incoming)}/{incoming.stage}/{incoming.method}{incoming.path}"

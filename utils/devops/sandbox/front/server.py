"""One request to a deployed API: route, authorization, integration, metrics."""

from __future__ import annotations

import fnmatch
import json
import re
import time
from typing import TYPE_CHECKING, Any, cast

from moto.apigateway.models import apigateway_backends
from moto.awslambda.models import lambda_backends
from moto.cloudwatch.models import cloudwatch_backends

from sandbox.aws.errors import MOTO_ERRORS
from sandbox.front.authorization import Authorization
from sandbox.front.proxy import (
    BAD_ANSWER,
    NO_ROUTE,
    SERVER_ERROR,
    TOO_SLOW,
    Incoming,
    Outgoing,
    answer,
    event,
    message,
)

if TYPE_CHECKING:
    from sandbox.aws.apis import SandboxApiGatewayBackend
    from sandbox.aws.lambdas import SandboxLambdaBackend
    from sandbox.front.routes import Integration, Match
    from sandbox.runtime.deployed import Answer

_FUNCTION = re.compile(r":lambda:path/[^/]+/functions/(arn:aws[\w-]*:lambda:.+)/invocations$")
_STATUS = re.compile(r'"?statusCode"?\s*:\s*"?(\d{3})')


class Front:
    """Serves the stages of all APIs of all accounts."""

    def __init__(self) -> None:
        self._authorization = Authorization(_invoke)

    def locate(self, api_id: str) -> tuple[str, str] | None:
        """The account and region of an API."""
        for account, regions in list(apigateway_backends.items()):
            for region, backend in list(regions.items()):
                if api_id in backend.apis:
                    return account, region
        return None

    def handle(self, incoming: Incoming) -> Outgoing:
        """Answer a request, whatever becomes of it, and count it."""
        began = time.perf_counter()
        backend = cast(
            "SandboxApiGatewayBackend", apigateway_backends[incoming.account][incoming.region]
        )
        outgoing = self._answer(incoming, backend)
        _measure(incoming, backend, outgoing, (time.perf_counter() - began) * 1000)
        headers = (*outgoing.headers, ("x-amzn-RequestId", incoming.request_id))
        return Outgoing(outgoing.status, headers, outgoing.body)

    def _answer(self, incoming: Incoming, backend: SandboxApiGatewayBackend) -> Outgoing:
        routes = backend.routes(incoming.api, incoming.stage)
        if routes is None:
            return message(403, "Forbidden")
        match = routes.match(incoming.method, incoming.path)
        if match is None:
            return NO_ROUTE
        variables = dict(backend.apis[incoming.api].stages[incoming.stage].variables)
        keys = frozenset(key.value for key in backend.keys.values() if key.enabled)
        admitted = self._authorization.check(incoming, match, variables, keys)
        if isinstance(admitted, Outgoing):
            return admitted
        integration = match.route.integration
        if integration.kind == "MOCK":
            return _mocked(integration)
        if integration.kind != "AWS_PROXY":
            return message(500, f"the sandbox serves no {integration.kind} integrations")
        asked = event(incoming, match, variables, admitted.context)
        return _proxied(incoming, match, integration, json.dumps(asked).encode())


def _proxied(
    incoming: Incoming, match: Match, integration: Integration, payload: bytes
) -> Outgoing:
    path = match.route.path if match.route.path != "/" else "/"
    source = (
        f"arn:aws:execute-api:{incoming.region}:{incoming.account}:{incoming.api}"
        f"/{incoming.stage}/{incoming.method}{path}"
    )
    try:
        given = _invoke(integration.uri, source, payload)
    except MOTO_ERRORS:
        return SERVER_ERROR
    if given is None:
        return SERVER_ERROR
    if given.duration_ms > integration.timeout_ms:
        return TOO_SLOW
    if given.error:
        return BAD_ANSWER
    return answer(given.payload)


def _invoke(uri: str, source: str, payload: bytes) -> Answer | None:
    """Run the function of an integration, if its policy lets API Gateway do so."""
    found = _FUNCTION.search(uri)
    if not found:
        return None
    arn = found[1]
    _, _, _, region, account, *_ = arn.split(":")
    backend = cast("SandboxLambdaBackend", lambda_backends[account][region])
    target = backend.target(arn)
    statements: list[dict[str, Any]] = target.function.policy.statements
    if not any(_permits(statement, arn, source) for statement in statements):
        return None
    return backend.run(arn, None, payload)


def _permits(statement: dict[str, Any], arn: str, source: str) -> bool:
    """Whether a statement lets API Gateway call exactly this function or alias from there."""
    principal = statement.get("Principal")
    service = principal.get("Service") if isinstance(principal, dict) else principal
    if service != "apigateway.amazonaws.com" or statement.get("Resource") != arn:
        return False
    condition = statement.get("Condition") or {}
    patterns = (condition.get("ArnLike") or condition.get("StringEquals") or {}).get(
        "AWS:SourceArn", "*"
    )
    return fnmatch.fnmatchcase(_wild(source), patterns) or fnmatch.fnmatchcase(source, patterns)


def _wild(source: str) -> str:
    """Path parameters stand as `*` in the ARN that permissions are checked against."""
    return re.sub(r"\{[^{}/]+\}", "*", source)


def _mocked(integration: Integration) -> Outgoing:
    found = _STATUS.search(integration.request_template)
    status = found[1] if found else "200"
    chosen = next((one for one in integration.responses if one.status == status), None)
    chosen = chosen or next(iter(integration.responses), None)
    if chosen is None:
        return SERVER_ERROR
    headers = [
        (name.rpartition(".")[2], value.strip("'"))
        for name, value in chosen.headers
        if name.startswith("method.response.header.")
    ]
    headers.append(("Content-Type", "application/json"))
    return Outgoing(int(chosen.status), tuple(headers), chosen.body.encode())


def _measure(
    incoming: Incoming, backend: SandboxApiGatewayBackend, outgoing: Outgoing, ms: float
) -> None:
    api = backend.apis.get(incoming.api)
    if api is None:
        return
    name = {"Name": "ApiName", "Value": api.name}
    stage = {"Name": "Stage", "Value": incoming.stage}
    values = {
        "Count": (1.0, "Count"),
        "4XXError": (float(400 <= outgoing.status < 500), "Count"),
        "5XXError": (float(outgoing.status >= 500), "Count"),
        "Latency": (ms, "Milliseconds"),
    }
    data = [
        {"MetricName": metric, "Value": value, "Unit": unit, "Dimensions": dimensions}
        for dimensions in ([name], [name, stage])
        for metric, (value, unit) in values.items()
    ]
    place = cloudwatch_backends[incoming.account][incoming.region]
    place.put_metric_data("AWS/ApiGateway", data)

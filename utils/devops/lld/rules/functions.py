"""Functions, their triggers, and the endpoints they serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lld.model import Trigger
from lld.rules.finding import error, warning
from lld.rules.pairing import likely_pairs
from lld.text import resource_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.model import Design, Problem

_GATEWAY_LIMIT_S = 29


def routes(design: Design) -> Iterator[Problem]:
    """Each endpoint is served by a function; one function alone serves them all."""
    api = [one for one in design.functions if one.trigger is Trigger.API]
    if len(api) == 1 and not api[0].path:
        return
    likely = {one.endpoint for one in likely_pairs(design)}
    for endpoint in design.endpoints:
        if endpoint.function is None and endpoint not in likely:
            yield error(
                "endpoint_without_function",
                f"no function serves {endpoint.method} {endpoint.path}",
                endpoint.line,
                "add the function to the table of Lambda functions, or drop the endpoint",
            )


def triggers(design: Design) -> Iterator[Problem]:
    """Each function is started by something; an API function serves a route."""
    serving = {endpoint.function for endpoint in design.endpoints}
    likely = {pair.function.name: pair for pair in likely_pairs(design)}
    for one in design.functions:
        if one.trigger is Trigger.OTHER and not one.source:
            yield error(
                "function_without_trigger",
                f"nothing says what starts {one.name}",
                one.line,
                "give it an endpoint, a queue, a topic, a schedule or an event",
            )
        elif one.name in likely:
            route = likely[one.name].endpoint
            yield warning(
                "function_without_endpoint",
                f"{one.name} seems to serve {route.method} {route.path}, but nothing says so",
                one.line,
                "write its method and path in the table of Lambda functions",
            )
        elif one.trigger is Trigger.API and one.name not in serving and len(design.functions) > 1:
            yield warning(
                "function_without_endpoint",
                f"nothing says which endpoint {one.name} serves",
                one.line,
                "write its method and path in the table of Lambda functions",
            )


def timeouts(design: Design) -> Iterator[Problem]:
    """No function behind API Gateway may run longer than the gateway waits."""
    slow = [
        one
        for one in design.functions
        if one.trigger is Trigger.API
        and (one.timeout_s or design.timeout_s or 0) > _GATEWAY_LIMIT_S
    ]
    if slow:
        yield warning(
            "timeout_beyond_gateway",
            f"API Gateway gives up after {_GATEWAY_LIMIT_S} s; "
            f"{len(slow)} functions behind it may run longer ({slow[0].name}, …)",
            slow[0].line,
            f"give API functions at most {_GATEWAY_LIMIT_S} s",
        )


def queues(design: Design) -> Iterator[Problem]:
    """Queues that start functions have dead-letter queues and stay hidden long enough."""
    queues = {resource_key(one.name): one for one in design.resources if one.type == "sqs"}
    served = {resource_key(one.dead_letter_of) for one in queues.values() if one.dead_letter_of}
    any_dead_letters = any("dlq" in key or "deadletter" in key for key in queues)
    for one in design.functions:
        if one.trigger is not Trigger.SQS:
            continue
        key = resource_key(one.source or "")
        if key not in served and not any_dead_letters:
            yield warning(
                "queue_without_dlq",
                f"the queue that starts {one.name} has no dead-letter queue",
                one.line,
                "name its dead-letter queue and how often a message is tried",
            )
        queue = queues.get(key)
        visible = queue.details.get("visibility_timeout_s") if queue else None
        limit = one.timeout_s or design.timeout_s
        if isinstance(visible, int) and limit and visible < limit:
            yield error(
                "visibility_below_timeout",
                f"messages of {one.source} reappear after {visible} s while {one.name} may run "
                f"{limit} s",
                one.line,
                "give the queue a visibility timeout of six times the function's timeout",
            )

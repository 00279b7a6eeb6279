"""Where an asynchronous invocation goes that failed for the last time."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from sandbox.aws.errors import MOTO_ERRORS

if TYPE_CHECKING:
    from sandbox.runtime.asynchronous import Outcome


def send_failure(outcome: Outcome, destination: str | None, dead_letters: str | None) -> None:
    """Tell the failure destination (the whole story) and the dead-letter target (the event)."""
    if destination:
        send_to(destination, json.dumps(_story(outcome)))
    if dead_letters:
        send_to(dead_letters, outcome.call.payload.decode("utf-8", errors="replace"))


def _story(outcome: Outcome) -> dict[str, Any]:
    deployed = outcome.call.deployed
    return {
        "version": "1.0",
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestContext": {
            "requestId": outcome.answer.request_id,
            "functionArn": f"{deployed.arn}:{deployed.version}",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": outcome.attempts,
        },
        "requestPayload": _parsed(outcome.call.payload),
        "responseContext": {
            "statusCode": 200,
            "executedVersion": deployed.version,
            "functionError": outcome.answer.error,
        },
        "responsePayload": _parsed(outcome.answer.payload),
    }


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content or b"null")
    except ValueError:
        return content.decode("utf-8", errors="replace")


def send_to(arn: str, message: str) -> None:
    """Put a message into the queue or topic of an ARN."""
    _, _, service, region, account, name = arn.split(":", 5)
    # A destination that is gone loses the message, here as on AWS.
    with suppress(*MOTO_ERRORS):
        if service == "sqs":
            sqs_backends[account][region].send_message(name, message)
        elif service == "sns":
            sns_backends[account][region].publish(message, arn=arn)

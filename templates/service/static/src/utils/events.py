"""From the events of queues, topics, buckets and schedules to one kind of message."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import unquote_plus

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.data_classes.s3_event import S3EventRecord
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from src.utils.observability import logger, metrics, tracer

R = TypeVar("R")


@dataclass(frozen=True)
class Message:
    """What an event says: the same wherever it came from."""

    id: str
    """Equal for two deliveries of one message."""
    body: Any


def event_entry_point(
    handler: Callable[[dict[str, Any], LambdaContext], R],
) -> Callable[[dict[str, Any], LambdaContext], R]:
    """A Lambda handler with structured logs, traces and a count of its invocations."""

    @wraps(handler)
    def counted(event: dict[str, Any], context: LambdaContext) -> R:
        metrics.add_metric(name="Events", unit=MetricUnit.Count, value=1)
        return handler(event, context)

    observed: Callable[[dict[str, Any], LambdaContext], R] = metrics.log_metrics(
        counted, capture_cold_start_metric=True
    )
    observed = tracer.capture_lambda_handler(observed, capture_response=False)
    return logger.inject_lambda_context(observed)


def queue_message(record: SQSRecord) -> Message:
    """The message of a queue's record; an SNS envelope round it is taken off."""
    body = decoded(record.body)
    if isinstance(body, dict) and body.get("Type") == "Notification" and "Message" in body:
        return Message(str(body.get("MessageId", record.message_id)), decoded(body["Message"]))
    return Message(record.message_id, body)


def object_message(record: S3EventRecord) -> Message:
    """What happened to an object of a bucket."""
    found = record.s3.get_object
    key = unquote_plus(found.key)
    identity = f"{record.s3.bucket.name}/{key}/{found.version_id or found.etag}"
    body = {"event": record.event_name, "bucket": record.s3.bucket.name, "key": key}
    return Message(identity, {**body, "size": found.size})


def denied(event: dict[str, Any]) -> dict[str, Any]:
    """An authorizer's answer that lets nobody in."""
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": "Deny",
        "Resource": event.get("methodArn", "*"),
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "anonymous", "policyDocument": policy}


def decoded(text: Any) -> Any:
    """The value of a JSON text; other text stays as it is."""
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text

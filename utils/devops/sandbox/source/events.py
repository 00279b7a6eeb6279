"""Events of a file, completed to what AWS would have sent.

A test event says what matters to it; Powertools and the handlers expect the rest as well.
"""

from __future__ import annotations

import json
import uuid
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from common.errors import UnavailableError
from sandbox.source.handlers import Source, route_of

Event = Any


class Kind(Enum):
    """Where an event comes from, as far as its completion depends on it."""

    API = "api"
    QUEUE = "queue"
    SCHEDULE = "schedule"
    PLAIN = "plain"


def read_event(path: Path) -> Event:
    """The JSON document of a file.

    Raises:
        UnavailableError: It is missing or no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnavailableError(
            f"the event {str(path)!r} cannot be read: {error.strerror}"
        ) from error
    except ValueError as error:
        raise UnavailableError(f"the event {str(path)!r} is no JSON: {error}") from error


def kind_of(event: Event) -> Kind:
    """What sort of event it is."""
    if not isinstance(event, dict):
        return Kind.PLAIN
    if "httpMethod" in event:
        return Kind.API
    records = event.get("Records")
    if isinstance(records, list) and records and isinstance(records[0], dict):
        source = records[0].get("eventSource")
        queued = source == "aws:sqs" or (source is None and "body" in records[0])
        return Kind.QUEUE if queued else Kind.PLAIN
    scheduled = event.get("source") == "aws.events" or event.get("detail-type") == "Scheduled Event"
    return Kind.SCHEDULE if scheduled else Kind.PLAIN


def call_of(event: Event) -> tuple[str, str] | None:
    """Method and path of an API event."""
    if kind_of(event) is not Kind.API:
        return None
    path = str(event.get("path") or event.get("resource") or "/")
    return str(event["httpMethod"]), path.partition("?")[0]


def completed(event: Event, function: Source) -> Event:
    """The event with what it leaves out; nothing it says is changed."""
    complete = {Kind.API: _api, Kind.QUEUE: _queue, Kind.SCHEDULE: _schedule}
    kind = kind_of(event)
    return complete[kind](event, function) if kind in complete else event


def _api(event: Event, function: Source) -> Event:
    method, path = call_of(event) or ("GET", "/")
    query = dict(parse_qsl(str(event.get("path", "")).partition("?")[2]))
    matched = route_of(function, method, path)
    body = event.get("body")
    headers = {"Content-Type": "application/json", **(event.get("headers") or {})}
    parameters = event.get("queryStringParameters") or query
    resource = matched.resource if matched else path
    context = {
        "requestId": str(uuid.uuid4()),
        "stage": "local",
        "accountId": "000000000000",
        "apiId": "local",
        "httpMethod": method,
        "path": path,
        "resourcePath": resource,
        "protocol": "HTTP/1.1",
        "identity": {"sourceIp": "127.0.0.1", "userAgent": "local_runner"},
        "authorizer": None,
    }
    return {
        "resource": resource,
        "pathParameters": matched.parameters if matched else None,
        "multiValueQueryStringParameters": {key: [value] for key, value in parameters.items()},
        "multiValueHeaders": {key: [value] for key, value in headers.items()},
        "stageVariables": None,
        "isBase64Encoded": False,
        **event,
        "path": path,
        "queryStringParameters": parameters or None,
        "headers": headers,
        "body": body if body is None or isinstance(body, str) else json.dumps(body),
        "requestContext": context | (event.get("requestContext") or {}),
    }


def _queue(event: Event, function: Source) -> Event:
    return {**event, "Records": [_message(record, function) for record in event["Records"]]}


def _message(record: dict[str, Any], function: Source) -> dict[str, Any]:
    body = record.get("body", "")
    return {
        "messageId": str(uuid.uuid4()),
        "receiptHandle": "local",
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "0", "SenderId": "local"},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:eu-west-1:000000000000:{function.name}",
        "awsRegion": "eu-west-1",
        **record,
        "body": body if isinstance(body, str) else json.dumps(body),
    }


def _schedule(event: Event, _: Source) -> Event:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": "1970-01-01T00:00:00Z",
        "region": "eu-west-1",
        "resources": [],
        "detail": {},
        **event,
    }

"""Models, events and answers for tests; each test states only what matters to it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

from tests.contract import check_answer
from tests.samples import SAMPLES

M = TypeVar("M", bound=BaseModel)

CLAIMS = {"email": "tester@example.com", "custom:tenant_id": "tenant-id-1"}


@dataclass
class Context:
    """The context that Lambda hands to a handler."""

    function_name: str = "function"
    function_version: str = "1"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:eu-west-1:123456789012:function:function:live"
    aws_request_id: str = "52fdfc07-2182-454f-963f-5f0f9a621d72"
    log_group_name: str = "/aws/lambda/function"
    log_stream_name: str = "stream"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


@dataclass(frozen=True)
class Answer:
    """What a handler answered."""

    status: int
    body: Any
    headers: Mapping[str, Any] = field(default_factory=dict)


def make(model: type[M], **changes: Any) -> M:
    """A valid model, with these fields (by their names in code) as given."""
    wires = {name: one.alias or name for name, one in model.model_fields.items()}
    changed = {wires[name]: value for name, value in changes.items()}
    return model.model_validate({**SAMPLES[model.__name__], **changed})


def wire(item: BaseModel) -> Any:
    """A model as a client sees it."""
    return json.loads(item.model_dump_json(by_alias=True))


def api_event(
    method: str,
    path: str,
    *,
    body: Any = None,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    encoded: bool = False,
) -> dict[str, Any]:
    """A request as API Gateway's proxy integration sends it."""
    text = body if isinstance(body, str) or body is None else json.dumps(body)
    if encoded and text is not None:
        text = base64.b64encode(text.encode()).decode()
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": {"Content-Type": "application/json", **(headers or {})},
        "multiValueHeaders": {},
        "queryStringParameters": dict(query or {}) or None,
        "multiValueQueryStringParameters": {k: [v] for k, v in (query or {}).items()} or None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "authorizer": {"claims": CLAIMS},
            "identity": {"sourceIp": "192.0.2.1"},
            "stage": "test",
        },
        "body": text,
        "isBase64Encoded": encoded,
    }


def call(
    handler: Callable[[dict[str, Any], Any], dict[str, Any]],
    method: str,
    path: str,
    **details: Any,
) -> Answer:
    """Send a request through a handler; its answer has to be as the contract says."""
    answer = handler(api_event(method, path, **details), Context())
    text = answer.get("body") or ""
    body = json.loads(text) if text else None
    check_answer(method, path, answer["statusCode"], body)
    return Answer(answer["statusCode"], body, answer.get("multiValueHeaders") or {})


def sqs_event(*bodies: Any) -> dict[str, Any]:
    """Messages of a queue."""
    return {
        "Records": [
            {
                "messageId": f"message-{number}",
                "receiptHandle": "handle",
                "body": body if isinstance(body, str) else json.dumps(body),
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:queue",
                "awsRegion": "eu-west-1",
            }
            for number, body in enumerate(bodies, start=1)
        ]
    }


def sns_event(message: Any) -> dict[str, Any]:
    """A message of a topic."""
    sns = {"MessageId": "message-1", "Message": json.dumps(message), "Type": "Notification"}
    return {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": sns}]}


def s3_event(key: str) -> dict[str, Any]:
    """A new object in a bucket."""
    found = {"key": key, "size": 12, "eTag": "0123456789abcdef", "sequencer": "00"}
    s3 = {"bucket": {"name": "bucket", "arn": "arn:aws:s3:::bucket"}, "object": found}
    return {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": s3}]}


def stream_event(keys: Mapping[str, str]) -> dict[str, Any]:
    """A change in a table."""
    typed = {name: {"S": value} for name, value in keys.items()}
    change = {"Keys": typed, "NewImage": typed, "SequenceNumber": "1"}
    return {
        "Records": [
            {
                "eventID": "1",
                "eventName": "INSERT",
                "eventSource": "aws:dynamodb",
                "dynamodb": change,
            }
        ]
    }


def bus_event(detail: Any) -> dict[str, Any]:
    """An event of a bus, or a tick of a schedule."""
    return {"id": "event-1", "source": "test", "detail-type": "Test", "detail": detail}

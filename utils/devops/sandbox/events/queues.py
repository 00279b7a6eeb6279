"""One batch of a queue, handed to a function, with what becomes of its messages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.sqs.models import Message, SQSBackend, sqs_backends

from sandbox.aws.errors import MOTO_ERRORS
from sandbox.runtime.deployed import Answer

if TYPE_CHECKING:
    from moto.awslambda.models import EventSourceMapping

RETRY_AFTER_S = 1
"""A message whose batch failed is visible again after this, not after the queue's own timeout."""

_ATTRIBUTES = {
    "ApproximateReceiveCount": "approximate_receive_count",
    "SentTimestamp": "sent_timestamp",
    "SenderId": "sender_id",
    "ApproximateFirstReceiveTimestamp": "approximate_first_receive_timestamp",
    "MessageGroupId": "group_id",
    "MessageDeduplicationId": "deduplication_id",
    "SequenceNumber": "sequence_number",
}


class QueueBatch:
    """Messages that were received together, invisible to others until their fate is known."""

    def __init__(self, mapping: EventSourceMapping) -> None:
        _, _, _, region, account, name = mapping.event_source_arn.split(":")
        self._backend: SQSBackend = sqs_backends[account][region]
        self._mapping = mapping
        self._region = region
        self._queue = name
        # The queue's own timeout would hide them too briefly where it is shorter than the run.
        queue: Any = self._backend.get_queue(name)
        visibility = int(queue.visibility_timeout or 30)
        self._messages: list[Message] = self._backend.receive_message(
            name, mapping.batch_size, 0, max(visibility, 30), ["All"]
        )

    def __bool__(self) -> bool:
        return bool(self._messages)

    @property
    def payload(self) -> bytes:
        records = [self._record(message) for message in self._messages]
        return json.dumps({"Records": records}).encode()

    def settle(self, answer: Answer) -> None:
        """Delete what was processed; give back what was not."""
        failed = self._failed(answer)
        for message in self._messages:
            handle = message.receipt_handle or ""
            try:
                if message.id in failed:
                    self._backend.change_message_visibility(self._queue, handle, RETRY_AFTER_S)
                else:
                    self._backend.delete_message(self._queue, handle)
            except MOTO_ERRORS:
                # Somebody purged the queue or deleted the message meanwhile.
                continue

    def give_back(self) -> None:
        """Nothing was run."""
        self.settle(Answer("", b"", "Throttled"))

    def _failed(self, answer: Answer) -> set[str]:
        everything = {message.id for message in self._messages}
        if answer.error:
            return everything
        if "ReportBatchItemFailures" not in (self._mapping.function_response_types or []):
            return set()
        named = failed_items(answer.payload)
        return everything if named is None or not named <= everything else named

    def _record(self, message: Message) -> dict[str, Any]:
        attributes = {
            name: str(value)
            for name, attribute in _ATTRIBUTES.items()
            if (value := getattr(message, attribute)) is not None
        }
        return {
            "messageId": message.id,
            "receiptHandle": message.receipt_handle,
            "body": message.body,
            "attributes": attributes,
            "messageAttributes": {
                name: {
                    "dataType": value.get("DataType"),
                    "stringValue": value.get("StringValue"),
                    "stringListValues": [],
                    "binaryListValues": [],
                }
                for name, value in message.message_attributes.items()
            },
            "md5OfBody": message.body_md5,
            "eventSource": "aws:sqs",
            "eventSourceARN": self._mapping.event_source_arn,
            "awsRegion": self._region,
        }


def failed_items(payload: bytes) -> set[str] | None:
    """The items a function reports as failed; None for an answer that means all of them."""
    try:
        given = json.loads(payload or b"null") or {}
        items = given.get("batchItemFailures") or []
        named = {item["itemIdentifier"] for item in items}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return None if None in named or "" in named else named

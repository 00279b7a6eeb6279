"""One batch of a table's stream, and how far a mapping has read."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from moto.core.utils import unix_time
from moto.dynamodb.models import dynamodb_backends

from sandbox.events.queues import failed_items

if TYPE_CHECKING:
    from moto.awslambda.models import EventSourceMapping

    from sandbox.runtime.deployed import Answer

_MOST_ATTEMPTS = 50
"""For mappings that would retry for as long as the stream keeps its records."""


@dataclass(slots=True)
class Position:
    """How far a mapping has read a stream, and how often the batch there has failed."""

    index: int
    attempts: int = 0
    limit: int | None = None


@dataclass(slots=True)
class StreamReader:
    """Reads the streams of tables in order, each mapping at its own place."""

    positions: dict[str, Position] = field(default_factory=dict)

    def batch(self, mapping: EventSourceMapping) -> list[dict[str, Any]]:
        """The next records for a mapping; none while there is nothing new."""
        items = _items(mapping)
        position = self.positions.get(mapping.uuid)
        if position is None:
            latest = mapping.starting_position == "LATEST"
            position = self.positions[mapping.uuid] = Position(len(items) if latest else 0)
        size = min(mapping.batch_size, position.limit or mapping.batch_size)
        found = items[position.index : position.index + size]
        return [_record(item, mapping) for item in found]

    def settle(
        self, mapping: EventSourceMapping, records: list[dict[str, Any]], answer: Answer
    ) -> list[dict[str, Any]]:
        """Move on past what was processed; the records that were given up come back."""
        position = self.positions[mapping.uuid]
        done = _done(mapping, records, answer)
        position.index += done
        if done == len(records):
            position.attempts, position.limit = 0, None
            return []
        position.attempts = 1 if done else position.attempts + 1
        if mapping.bisect_on_error and len(records) - done > 1:
            position.limit = (len(records) - done) // 2
        given = mapping.max_retry_attempts
        allowed = _MOST_ATTEMPTS if given is None or given < 0 else given
        if position.attempts <= allowed:
            return []
        left = records[done:]
        position.index += len(left)
        position.attempts, position.limit = 0, None
        return left


def _items(mapping: EventSourceMapping) -> list[Any]:
    _, _, _, region, account, rest = mapping.event_source_arn.split(":", 5)
    table = dynamodb_backends[account][region].tables.get(rest.split("/")[1])
    return list(table.stream_shard.items) if table and table.stream_shard else []


def _record(item: Any, mapping: EventSourceMapping) -> dict[str, Any]:
    record = item.to_json()
    image = dict(record["dynamodb"])
    created = image.get("ApproximateCreationDateTime")
    if isinstance(created, datetime):
        image["ApproximateCreationDateTime"] = unix_time(created)
    return {
        **record,
        "dynamodb": image,
        "awsRegion": mapping.region,
        "eventSourceARN": mapping.event_source_arn,
    }


def _done(mapping: EventSourceMapping, records: list[dict[str, Any]], answer: Answer) -> int:
    """How many records from the front need not come again."""
    if answer.error:
        return 0
    if "ReportBatchItemFailures" not in (mapping.function_response_types or []):
        return len(records)
    failed = failed_items(answer.payload)
    if failed is None:
        return 0
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    return next((place for place, number in enumerate(numbers) if number in failed), len(records))


def payload_of(records: list[dict[str, Any]]) -> bytes:
    """The event for a batch."""
    return json.dumps({"Records": records}).encode()

"""Polls the sources of event source mappings, each mapping one batch at a time."""

from __future__ import annotations

import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast

from moto.awslambda.models import EventSourceMapping, lambda_backends

from sandbox.aws.errors import MOTO_ERRORS
from sandbox.aws.failures import send_to
from sandbox.aws.lambda_versions import AwsError
from sandbox.events.queues import RETRY_AFTER_S, QueueBatch
from sandbox.events.streams import StreamReader, payload_of
from sandbox.runtime.deployed import Answer

if TYPE_CHECKING:
    from sandbox.aws.lambdas import SandboxLambdaBackend

_PAUSE_S = 0.1
_WORKERS = 6
_log = logging.getLogger(__name__)


class Mappings:
    """Runs until it is closed."""

    def __init__(self) -> None:
        self.streams = StreamReader()
        self._busy: set[str] = set()
        self._rest_until: dict[str, float] = {}
        self._stop = threading.Event()
        self._threads = ThreadPoolExecutor(_WORKERS, thread_name_prefix="mapping")

    def start(self) -> None:
        """Poll in a thread."""
        threading.Thread(target=self._poll, name="mappings", daemon=True).start()

    def close(self) -> None:
        """Begin no further batch."""
        self._stop.set()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _poll(self) -> None:
        while not self._stop.wait(_PAUSE_S):
            for backend, mapping in _enabled():
                resting = self._rest_until.get(mapping.uuid, 0.0) > time.monotonic()
                if mapping.uuid in self._busy or resting:
                    continue
                self._busy.add(mapping.uuid)
                self._threads.submit(self._work, backend, mapping)

    def _work(self, backend: SandboxLambdaBackend, mapping: EventSourceMapping) -> None:
        try:
            while not self._stop.is_set() and mapping.enabled and self._once(backend, mapping):
                pass
        except MOTO_ERRORS as error:
            _log.warning("event source mapping %s: %s", mapping.uuid, error)
            self._rest_until[mapping.uuid] = time.monotonic() + RETRY_AFTER_S
        except Exception:
            _log.exception("event source mapping %s", mapping.uuid)
            self._rest_until[mapping.uuid] = time.monotonic() + RETRY_AFTER_S
        finally:
            self._busy.discard(mapping.uuid)

    def _once(self, backend: SandboxLambdaBackend, mapping: EventSourceMapping) -> bool:
        """One batch; whether there may be another at once."""
        if ":sqs:" in mapping.event_source_arn:
            return _queue(backend, mapping)
        if ":dynamodb:" in mapping.event_source_arn:
            return self._stream(backend, mapping)
        return False

    def _stream(self, backend: SandboxLambdaBackend, mapping: EventSourceMapping) -> bool:
        records = self.streams.batch(mapping)
        if not records:
            return False
        answer = _run(backend, mapping, payload_of(records))
        before = self.streams.positions[mapping.uuid].index
        lost = self.streams.settle(mapping, records, answer)
        destination = ((mapping.destination_config or {}).get("OnFailure") or {}).get("Destination")
        if lost and destination:
            send_to(destination, json.dumps(_lost(mapping, lost, answer)))
        moved = self.streams.positions[mapping.uuid].index > before
        if not moved:
            self._rest_until[mapping.uuid] = time.monotonic() + RETRY_AFTER_S
        return moved


def _enabled() -> list[tuple[SandboxLambdaBackend, EventSourceMapping]]:
    return [
        (cast("SandboxLambdaBackend", backend), mapping)
        for regions in list(lambda_backends.values())
        for backend in list(regions.values())
        for mapping in list(backend._event_source_mappings.values())
        if mapping.enabled
    ]


def _queue(backend: SandboxLambdaBackend, mapping: EventSourceMapping) -> bool:
    batch = QueueBatch(mapping)
    if not batch:
        return False
    answer = _run(backend, mapping, batch.payload)
    batch.settle(answer)
    return True


def _run(backend: SandboxLambdaBackend, mapping: EventSourceMapping, payload: bytes) -> Answer:
    """Invoke; a function that is gone, pending or throttled is a failure like any other."""
    try:
        return backend.run(mapping.function_arn, None, payload)
    except AwsError as error:
        return Answer("", b"", str(error))


def _lost(
    mapping: EventSourceMapping, records: list[dict[str, Any]], answer: Answer
) -> dict[str, Any]:
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    return {
        "requestContext": {
            "requestId": answer.request_id,
            "functionArn": mapping.function_arn,
            "condition": "RetryAttemptsExhausted",
        },
        "responseContext": {"statusCode": 200, "functionError": answer.error},
        "version": "1.0",
        "DDBStreamBatchInfo": {
            "startSequenceNumber": numbers[0],
            "endSequenceNumber": numbers[-1],
            "batchSize": len(records),
            "streamArn": mapping.event_source_arn,
        },
    }

"""Handlers of events: queues, streams, topics, buckets, buses, clocks, and the authorizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from codegen.quoting import bracketed, one_line, py_str, sentence
from codegen.render import render
from lld.model import Trigger

if TYPE_CHECKING:
    from collections.abc import Callable

    from codegen.views.service_view import FunctionView, ServiceView

_DATA_CLASSES = "aws_lambda_powertools.utilities.data_classes"
_BATCH = "aws_lambda_powertools.utilities.batch"


def render_event(function: FunctionView, view: ServiceView) -> str:
    group = next(one for one in view.groups if function in one.events)
    call = f"{group.module}.{function.method}"
    needs = {
        "typing:Any",
        "aws_lambda_powertools.utilities.typing:LambdaContext",
        "src.utils.events:event_entry_point",
        f"src.services.{group.module}:{group.class_name}",
    }
    shape = _EVENTS[function.trigger](call, view, function)
    remembers = "src.utils.idempotency:register" in shape["needs"]
    source = one_line(function.source or "", 120)
    cause = f"Started by {_CAUSES[function.trigger]}" + (f" ({source})" if source else "")
    described = sentence(function.description, "")
    title = f"{described}\n\n{cause}." if described != "." else f"{cause}."
    return render(
        "event_handler.py.jinja",
        title=title,
        needs=sorted(needs | shape["needs"]),
        service=f"{group.module} = {group.class_name}()",
        globals=shape.get("globals", []),
        record=shape.get("record"),
        returns=shape.get("returns", "None"),
        text=shape["text"],
        body=["register(context)", *shape["body"]] if remembers else shape["body"],
    )


_CAUSES = {
    Trigger.SQS: "messages of a queue",
    Trigger.SNS: "messages of a topic",
    Trigger.EVENTBRIDGE: "events of a bus",
    Trigger.SCHEDULE: "the clock",
    Trigger.S3: "objects of a bucket",
    Trigger.DYNAMODB_STREAM: "changes of the table",
    Trigger.AUTHORIZER: "API Gateway, to ask who calls",
    Trigger.OTHER: "its invoker",
    Trigger.API: "API Gateway",
}


def has_idempotency(view: ServiceView) -> bool:
    """Whether handled messages can be remembered: that takes a table with a sort key."""
    tables = [one for one in view.tables if one.sort]
    return bool(tables) and all(
        tables[0].types.get(key) != "N" for key in (tables[0].partition, tables[0].sort or "")
    )


def _handled(
    call: str, message: str, view: ServiceView, function: FunctionView
) -> tuple[str, set[str]]:
    """The line that handles a message, once where that can be remembered."""
    if has_idempotency(view):
        line = bracketed("once(", [call, message, f"name={py_str(function.module)}"], ")", 4)
        return line, {"src.utils.idempotency:once", "src.utils.idempotency:register"}
    return f"{call}({message})", set()


def _queue(call: str, view: ServiceView, function: FunctionView) -> dict[str, Any]:
    line, needs = _handled(call, "queue_message(record)", view, function)
    return {
        "needs": needs
        | {
            f"{_BATCH}:BatchProcessor",
            f"{_BATCH}:EventType",
            f"{_BATCH}:process_partial_response",
            f"{_BATCH}.types:PartialItemFailureResponse",
            f"{_DATA_CLASSES}.sqs_event:SQSRecord",
            "src.utils.events:queue_message",
        },
        "globals": [
            "processor = BatchProcessor(\n    event_type=EventType.SQS,\n"
            "    raise_on_entire_batch_failure=False,\n)"
        ],
        "record": {
            "name": "on_record",
            "type": "SQSRecord",
            "text": "Handle one message; an error sends this one back to the queue, no other.",
            "body": [line],
        },
        "returns": "PartialItemFailureResponse",
        "text": "Handle a batch of messages; answers which of them failed.",
        "body": _PARTIAL,
    }


_PARTIAL = [
    "return process_partial_response(\n        event=event,\n        record_handler=on_record,\n"
    "        processor=processor,\n        context=context,\n    )"
]


def _stream(call: str, view: ServiceView, function: FunctionView) -> dict[str, Any]:
    message = 'Message(record.event_id or "", record.raw_event)'
    line, needs = _handled(call, message, view, function)
    return {
        "needs": needs
        | {
            f"{_BATCH}:BatchProcessor",
            f"{_BATCH}:EventType",
            f"{_BATCH}:process_partial_response",
            f"{_BATCH}.types:PartialItemFailureResponse",
            f"{_DATA_CLASSES}.dynamo_db_stream_event:DynamoDBRecord",
            "src.utils.events:Message",
        },
        "globals": [
            "processor = BatchProcessor(\n    event_type=EventType.DynamoDBStreams,\n"
            "    raise_on_entire_batch_failure=False,\n)"
        ],
        "record": {
            "name": "on_record",
            "type": "DynamoDBRecord",
            "text": "Handle one change of the table.",
            "body": [line],
        },
        "returns": "PartialItemFailureResponse",
        "text": "Handle a batch of changes; answers which of them failed.",
        "body": _PARTIAL,
    }


def _topic(call: str, view: ServiceView, function: FunctionView) -> dict[str, Any]:
    message = "Message(record.sns.message_id, decoded(record.sns.message))"
    needs = {"src.utils.events:Message", "src.utils.events:decoded"}
    text = "Handle the messages of a topic; an error makes Lambda try again."
    return _each_record(_handled(call, "message", view, function), "SNSEvent", message, needs, text)


def _bucket(call: str, view: ServiceView, function: FunctionView) -> dict[str, Any]:
    needs = {"src.utils.events:object_message"}
    text = "Handle new or changed objects; an error makes Lambda try again."
    handled = _handled(call, "message", view, function)
    return _each_record(handled, "S3Event", "object_message(record)", needs, text)


def _each_record(
    handled: tuple[str, set[str]], event: str, message: str, needs: set[str], text: str
) -> dict[str, Any]:
    """One call for each record of an `event` of Powertools."""
    line, own = handled
    return {
        "needs": own | needs | {f"{_DATA_CLASSES}:{event}"},
        "text": text,
        "body": [
            f"for record in {event}(event).records:\n"
            f"        message = {message}\n"
            f"        {_indented(line)}"
        ],
    }


def _bus(call: str, view: ServiceView, function: FunctionView) -> dict[str, Any]:
    line, needs = _handled(call, "message", view, function)
    return {
        "needs": needs | {"src.utils.events:Message"},
        "text": "Handle one event; an error makes Lambda try again.",
        "body": ['message = Message(str(event.get("id", "")), event.get("detail"))', line],
    }


def _plain(call: str, *_: object) -> dict[str, Any]:
    return {
        "needs": {"src.utils.events:Message"},
        "text": "Handle one invocation.",
        "body": [f"{call}(Message(context.aws_request_id, event))"],
    }


def _indented(line: str) -> str:
    return line.replace("\n", "\n    ")


def _authorizer(call: str, *_: object) -> dict[str, Any]:
    return {
        "needs": {
            "src.utils.events:Message",
            "src.utils.events:denied",
            "src.utils.errors:ServiceError",
            "src.utils.observability:logger",
        },
        "returns": "dict[str, Any]",
        "text": "Say whether the caller may go on: nobody may until the check is written.",
        "body": [
            f"try:\n        {call}(Message(context.aws_request_id, event))\n"
            "    except ServiceError:\n"
            '        logger.exception("the authorizer is not written yet")\n'
            "    return denied(event)"
        ],
    }


_EVENTS: dict[Trigger, Callable[..., dict[str, Any]]] = {
    Trigger.SQS: _queue,
    Trigger.DYNAMODB_STREAM: _stream,
    Trigger.SNS: _topic,
    Trigger.S3: _bucket,
    Trigger.EVENTBRIDGE: _bus,
    Trigger.SCHEDULE: _bus,
    Trigger.AUTHORIZER: _authorizer,
    Trigger.OTHER: _plain,
}

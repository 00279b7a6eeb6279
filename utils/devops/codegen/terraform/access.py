"""What each function may do: the actions its code takes, on the resources it works with.

Table access is that of the operations the code implements. Access to queues, topics, buckets and
the bus is what triggers need and what the design says a function does. Where the design does not
tell, an open point names what a person has to decide; nothing is widened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from codegen.naming import words
from codegen.sources.events import has_idempotency
from codegen.terraform.hcl import quote
from codegen.terraform.match import N, by_phrase, closest, find
from codegen.terraform.settings import SIGNING_VARIABLE
from codegen.terraform.view import Grant, OpenPoint
from codegen.views.operation_view import Action
from lld.model import Trigger

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from codegen.terraform.events import Events
    from codegen.terraform.view import Settings, TableView
    from codegen.views.service_view import DataAccess, FunctionView, ServiceView

_REMEMBERING = (
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
)
_QUERY = "dynamodb:Query"
_KEY_ACTIONS = ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey")
_SENDING = frozenset({"queue", "queues", "enqueue", "sqs", "requeue"})
_PUBLISHING = frozenset({"publish", "publishes", "topic", "sns", "notify"})
_STORING = frozenset({"store", "stores", "upload", "uploads", "save", "s3", "bucket"})
_EMITTING = frozenset({"emit", "emits", "eventbridge", "bus"})


@dataclass(frozen=True, slots=True)
class World:
    """The service and the resources its functions can be allowed to use."""

    service: ServiceView
    tables: Sequence[TableView]
    events: Events
    settings: Settings


def grants_for(
    function: FunctionView, world: World
) -> tuple[tuple[Grant, ...], tuple[OpenPoint, ...]]:
    """What a function may do, and what the design leaves open about it."""
    grants = [
        *_operation_grants(function, world),
        *_health_grants(function, world),
        *_memory_grants(function, world),
        *_trigger_grants(function.module, world),
        *_mentioned_grants(function, world),
        *_secret_grants(function, world),
    ]
    uses_data = any(not grant.actions[0].startswith("secretsmanager:") for grant in grants)
    actions = _KEY_ACTIONS if uses_data else _KEY_ACTIONS[:1]
    return (*grants, Grant("Key", actions, ("aws_kms_key.this.arn",))), _open(function)


def _open(function: FunctionView) -> tuple[OpenPoint, ...]:
    missing = [one for one in function.operations if not one.implemented]
    if function.is_api and not missing:
        return ()
    if function.trigger is Trigger.AUTHORIZER:
        return ()
    routes = ", ".join(f"{one.route.method} {one.route.path}" for one in missing)
    what = f"{routes} (not implemented)" if routes else "its work (not implemented)"
    message = f"function {function.name!r}: what {what} needs in the tables is not known yet"
    return (OpenPoint(f"{message}; add it to grants in iam.tf with the code", function.line),)


def _operation_grants(function: FunctionView, world: World) -> Iterator[Grant]:
    for number, access in enumerate(world.service.access_of(function)):
        table = _table(access.table.name, access.table.line, world)
        if table is None:
            continue
        suffix = "" if number == 0 else str(number + 1)
        arn = f"aws_dynamodb_table.{table.label}.arn"
        queried = _queries_table(function, access)
        own = tuple(action for action in access.actions if action != _QUERY or queried)
        if own:
            yield Grant(f"Table{suffix}", own, (arn,))
        names = [index.name for index in table.indexes if index.title in access.indexes]
        if names:
            resources = tuple(f'"${{{arn}}}/index/{name}"' for name in names)
            yield Grant(f"Indexes{suffix}", (_QUERY,), resources)


def _queries_table(function: FunctionView, access: DataAccess) -> bool:
    """Whether an operation queries the table itself, beside or instead of an index."""
    own = [
        one
        for one in function.operations
        if one.implemented and one.entity and one.entity.table is access.table
    ]
    return any(
        one.children or (one.action is Action.LIST and not one.scans and one.index is None)
        for one in own
    )


def _table(name: str, line: int, world: World) -> TableView | None:
    return next((t for t in world.tables if t.line == line and t.title == name), None)


def _health_grants(function: FunctionView, world: World) -> list[Grant]:
    """`GET /health`, which every API function answers, looks at the state of the tables."""
    if not function.is_api or not world.tables:
        return []
    resources = tuple(f"aws_dynamodb_table.{table.label}.arn" for table in world.tables)
    return [Grant("Health", ("dynamodb:DescribeTable",), resources)]


def _memory_grants(function: FunctionView, world: World) -> list[Grant]:
    """Functions that events start remember in the first table what they have handled."""
    silent = function.is_api or function.trigger in (Trigger.AUTHORIZER, Trigger.OTHER)
    if silent or not world.tables or not has_idempotency(world.service):
        return []
    arn = f"aws_dynamodb_table.{world.tables[0].label}.arn"
    return [Grant("Handled", _REMEMBERING, (arn,), f"IDEMPOTENCY#{function.module}")]


def _trigger_grants(key: str, world: World) -> Iterator[Grant]:
    """What reading a function's source on its behalf takes."""
    events = world.events
    for trigger in events.queue_triggers:
        if trigger.function == key:
            actions = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
            yield Grant("SourceQueue", actions, (_arn("aws_sqs_queue", trigger.queue),))
    for stream in events.stream_triggers:
        if stream.function == key:
            table = f"aws_dynamodb_table.{stream.table}"
            read = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")
            yield Grant("SourceStream", read, (f"{table}.stream_arn",))
            # Streams are listed by table: the action takes no narrower resource.
            listing = (f'"${{{table}.arn}}/stream/*"',)
            yield Grant("ListStreams", ("dynamodb:ListStreams",), listing)
    for notice in events.bucket_triggers:
        if notice.function == key:
            yield Grant("SourceBucket", ("s3:GetObject",), (_objects(notice.source),))


def _mentioned_grants(function: FunctionView, world: World) -> Iterator[Grant]:
    """Resources that the description of a function says it sends, publishes or stores to."""
    text, key, events = function.description, function.module, world.events
    said = set(words(f"{function.name} {text}"))
    own = {trigger.queue for trigger in events.queue_triggers if trigger.function == key} | {
        trigger.source
        for trigger in (*events.topic_triggers, *events.bucket_triggers)
        if trigger.function == key
    }
    queues = [item for item in events.queues if item.dead_letter and item.key not in own]
    if said & _SENDING and (queue := _only(text, "queue", queues)):
        yield Grant("SendTo", ("sqs:SendMessage",), (_arn("aws_sqs_queue", queue.key),))
    topics = [item for item in events.topics if item.key not in own]
    if said & _PUBLISHING and (topic := _only(text, "topic", topics)):
        yield Grant("PublishTo", ("sns:Publish",), (_arn("aws_sns_topic", topic.key),))
    buckets = [item for item in events.buckets if item.key not in own]
    if said & _STORING and (bucket := _meant(said, text, buckets)):
        yield Grant("StoreIn", ("s3:GetObject", "s3:PutObject"), (_objects(bucket.key),))
    if said & _EMITTING and events.bus:
        yield Grant("EmitTo", ("events:PutEvents",), ("local.event_bus_arn",))


def _only(text: str, kind: str, candidates: Sequence[N]) -> N | None:
    """The resource the text names, or the only one there is."""
    named = find(text, candidates) or by_phrase(text, kind, candidates)
    return named or (candidates[0] if len(candidates) == 1 else None)


def _meant(said: set[str], text: str, buckets: Sequence[N]) -> N | None:
    """The bucket the text names, or the only one: `the bucket`, or a word of its name."""
    bucket = _only(text, "bucket", buckets)
    if bucket is None or "bucket" in said or closest(" ".join(said - {"bbws"}), [bucket]):
        return bucket
    return None


def _secret_grants(function: FunctionView, world: World) -> list[Grant]:
    """The variables of a design hold for all its functions, and so do the secrets they point at.

    The key that signs page tokens is for functions that hand them out.
    """
    hands_out = any(operation.shape for operation in function.operations)
    secrets = [
        secret
        for secret in world.settings.secrets
        if secret.variable != SIGNING_VARIABLE or hands_out
    ]
    if not secrets:
        return []
    resources = tuple(f"local.secret_arns[{quote(secret.key)}]" for secret in secrets)
    return [Grant("Secrets", ("secretsmanager:GetSecretValue",), resources)]


def _arn(kind: str, key: str) -> str:
    return f"{kind}.this[{quote(key)}].arn"


def _objects(bucket: str) -> str:
    # A string inside a template takes plain quotes in HCL.
    return f'"${{{_arn("aws_s3_bucket", bucket)}}}/*"'

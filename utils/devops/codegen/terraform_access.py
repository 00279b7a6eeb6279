"""What each function may do: the actions its operation needs, on the resources it works with.

Derived from what the design says a function does. Where that does not tell, the function gets the
least that is certain and an open point names what a person has to decide; nothing is widened.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from codegen.naming import words
from codegen.terraform_hcl import quote
from codegen.terraform_match import N, closest, find
from codegen.terraform_view import Grant, OpenPoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codegen.terraform_events import Events
    from codegen.terraform_view import Settings, TableView
    from lld.model import Function


class Operation(StrEnum):
    """What a function does with the items of a table."""

    CREATE = "create"
    READ = "read"
    LIST = "list"
    UPDATE = "update"
    DELETE = "delete"
    OTHER = "other"


_VERBS = {
    **dict.fromkeys(("create", "add", "register", "post", "request", "submit"), Operation.CREATE),
    **dict.fromkeys(("get", "read", "fetch", "view", "show", "find"), Operation.READ),
    **dict.fromkeys(("list", "search", "query", "browse"), Operation.LIST),
    **dict.fromkeys(("update", "edit", "modify", "patch", "change"), Operation.UPDATE),
    **dict.fromkeys(("delete", "remove"), Operation.DELETE),
}
_TABLE_ACTIONS = {
    Operation.CREATE: ("dynamodb:PutItem",),
    Operation.READ: ("dynamodb:GetItem",),
    Operation.LIST: ("dynamodb:Query",),
    Operation.UPDATE: ("dynamodb:GetItem", "dynamodb:UpdateItem"),
    Operation.DELETE: ("dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:UpdateItem"),
    Operation.OTHER: ("dynamodb:GetItem", "dynamodb:Query"),
}
_BY_INDEX = frozenset(set(Operation) - {Operation.CREATE})
_KEY_ACTIONS = ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey")
_SENDING = frozenset({"queue", "queues", "enqueue", "sqs", "requeue"})
_PUBLISHING = frozenset({"publish", "publishes", "topic", "sns", "notify"})
_STORING = frozenset({"store", "stores", "upload", "uploads", "save", "s3", "bucket"})
_EMITTING = frozenset({"emit", "emits", "eventbridge", "bus"})


@dataclass(frozen=True, slots=True)
class World:
    """The resources functions can be allowed to use."""

    tables: Sequence[TableView]
    events: Events
    settings: Settings


def operation_of(function: Function) -> Operation:
    """The kind of operation, by the first verb of the function's name."""
    found = (_VERBS[word] for word in words(function.name) if word in _VERBS)
    operation = next(found, Operation.OTHER)
    if operation is Operation.READ and function.method == "GET" and function.path:
        return Operation.READ if function.path.rstrip("/").endswith("}") else Operation.LIST
    return operation


def grants_for(
    function: Function, key: str, world: World
) -> tuple[tuple[Grant, ...], tuple[OpenPoint, ...]]:
    """What a function may do, and what the design leaves open about it."""
    points: list[OpenPoint] = []
    grants = [
        *_table_grants(function, world, points),
        *_trigger_grants(key, world),
        *_mentioned_grants(function, key, world),
        *_secret_grants(world),
    ]
    uses_key = any(not grant.actions[0].startswith("secretsmanager:") for grant in grants)
    actions = _KEY_ACTIONS if uses_key else _KEY_ACTIONS[:1]
    return (*grants, Grant("Key", actions, ("aws_kms_key.this.arn",))), tuple(points)


def _table_grants(function: Function, world: World, points: list[OpenPoint]) -> list[Grant]:
    if not world.tables or function.trigger == "authorizer":
        return []
    table = world.tables[0] if len(world.tables) == 1 else None
    text = f"{function.name} {function.description or ''}"
    table = table or find(text, world.tables) or closest(function.name, world.tables)
    if table is None:
        message = (
            f"function {function.name!r}: the design does not say which table it uses; it gets"
        )
        points.append(OpenPoint(f"{message} access to none", function.line))
        return []
    operation = operation_of(function)
    if operation is Operation.OTHER:
        message = f"function {function.name!r}: what it writes to {table.name!r} is not derivable"
        points.append(OpenPoint(f"{message}; it may only read", function.line))
    arn = f"aws_dynamodb_table.{table.label}.arn"
    grants = [Grant("Table", _TABLE_ACTIONS[operation], (arn,))]
    if table.indexes and operation in _BY_INDEX:
        resources = tuple(f'"${{{arn}}}/index/{index.name}"' for index in table.indexes)
        grants.append(Grant("Indexes", ("dynamodb:Query",), resources))
    return grants


def _trigger_grants(key: str, world: World) -> list[Grant]:
    """What the service needs to read from a function's source on its behalf."""
    events = world.events
    grants = []
    for trigger in events.queue_triggers:
        if trigger.function == key:
            actions = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
            grants.append(Grant("SourceQueue", actions, (_arn("aws_sqs_queue", trigger.queue),)))
    for stream in events.stream_triggers:
        if stream.function == key:
            table = f"aws_dynamodb_table.{stream.table}"
            actions = (
                "dynamodb:DescribeStream",
                "dynamodb:GetRecords",
                "dynamodb:GetShardIterator",
            )
            grants.append(Grant("SourceStream", actions, (f"{table}.stream_arn",)))
            # Streams are listed by table: the action takes no narrower resource.
            listing = (f'"${{{table}.arn}}/stream/*"',)
            grants.append(Grant("ListStreams", ("dynamodb:ListStreams",), listing))
    for trigger_ in events.bucket_triggers:
        if trigger_.function == key:
            objects = (f'"${{{_arn("aws_s3_bucket", trigger_.source)}}}/*"',)
            grants.append(Grant("SourceBucket", ("s3:GetObject",), objects))
    return grants


def _mentioned_grants(function: Function, key: str, world: World) -> list[Grant]:
    """Resources that the description of a function says it sends, publishes or stores to."""
    text = function.description or ""
    said = set(words(f"{function.name} {text}"))
    events = world.events
    own = {trigger.queue for trigger in events.queue_triggers if trigger.function == key}
    queues = [q for q in events.queues if q.dead_letter and q.key not in own]
    grants = []
    if said & _SENDING and (queue := _only(text, queues)):
        grants.append(Grant("SendTo", ("sqs:SendMessage",), (_arn("aws_sqs_queue", queue.key),)))
    topics = [t for t in events.topics if not _feeds(t.key, key, events)]
    if said & _PUBLISHING and (topic := _only(text, topics)):
        grants.append(Grant("PublishTo", ("sns:Publish",), (_arn("aws_sns_topic", topic.key),)))
    buckets = [b for b in events.buckets if not _fills(b.key, key, events)]
    if said & _STORING and (bucket := _only(text, buckets)):
        objects = (f'"${{{_arn("aws_s3_bucket", bucket.key)}}}/*"',)
        grants.append(Grant("StoreIn", ("s3:GetObject", "s3:PutObject"), objects))
    if said & _EMITTING and events.bus:
        grants.append(Grant("EmitTo", ("events:PutEvents",), ("local.event_bus_arn",)))
    return grants


def _only(text: str, candidates: Sequence[N]) -> N | None:
    """The resource the text names, or the only one there is."""
    return find(text, candidates) or (candidates[0] if len(candidates) == 1 else None)


def _feeds(topic: str, function: str, events: Events) -> bool:
    return any(t.source == topic and t.function == function for t in events.topic_triggers)


def _fills(bucket: str, function: str, events: Events) -> bool:
    return any(t.source == bucket and t.function == function for t in events.bucket_triggers)


def _secret_grants(world: World) -> list[Grant]:
    """The variables of a design hold for all its functions, and so do the secrets they point at."""
    if not world.settings.secrets:
        return []
    resources = tuple(
        f"local.secret_arns[{quote(secret.key)}]" for secret in world.settings.secrets
    )
    return [Grant("Secrets", ("secretsmanager:GetSecretValue",), resources)]


def _arn(kind: str, key: str) -> str:
    return f"{kind}.this[{quote(key)}].arn"

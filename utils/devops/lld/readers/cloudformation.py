"""SAM and CloudFormation templates: functions, tables, queues, topics, buckets, variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lld.facts import Fact, IndexFact, TableFact, Trust
from lld.model import Resource, Trigger
from lld.readers.declared import Declared, Events, declared_function, declared_variables
from lld.text import METHODS, clean_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Fence

_RESOURCES = {
    "AWS::SQS::Queue": ("sqs", "QueueName"),
    "AWS::SNS::Topic": ("sns", "TopicName"),
    "AWS::S3::Bucket": ("s3", "BucketName"),
    "AWS::Events::Rule": ("eventbridge", "Name"),
    "AWS::Events::EventBus": ("eventbridge", "Name"),
    "AWS::SecretsManager::Secret": ("secret", "Name"),
    "AWS::Cognito::UserPool": ("cognito", "UserPoolName"),
    "AWS::CloudWatch::Alarm": ("cloudwatch_alarm", "AlarmName"),
}
_EVENTS = {
    "Api": Trigger.API,
    "HttpApi": Trigger.API,
    "SQS": Trigger.SQS,
    "SNS": Trigger.SNS,
    "S3": Trigger.S3,
    "Schedule": Trigger.SCHEDULE,
    "ScheduleV2": Trigger.SCHEDULE,
    "EventBridgeRule": Trigger.EVENTBRIDGE,
    "CloudWatchEvent": Trigger.EVENTBRIDGE,
    "DynamoDB": Trigger.DYNAMODB_STREAM,
}


def read_template(data: dict[str, Any], fence: Fence) -> Iterator[Fact]:
    """Every resource of a template, or the one table that a `KeySchema` describes by itself."""
    if "KeySchema" in data:
        yield from _table(data, fence.line, fence)
        return
    resources = data.get("Resources", data)
    if not isinstance(resources, dict):
        return
    shared = data.get("Globals")
    shared = shared.get("Function") if isinstance(shared, dict) else None
    yield from declared_variables(_variables(shared), fence.line)
    for logical, node in resources.items():
        if not isinstance(node, dict) or not isinstance(node.get("Type"), str):
            continue
        line = fence.line + getattr(resources, "lines", {}).get(logical, 1) - 1
        properties = node.get("Properties")
        properties = properties if isinstance(properties, dict) else {}
        kind = node["Type"]
        if kind in ("AWS::Serverless::Function", "AWS::Lambda::Function"):
            yield from _function(logical, properties, line, fence)
        elif kind == "AWS::DynamoDB::Table":
            yield from _table(properties, line, fence)
        elif kind in _RESOURCES:
            name = _text(properties.get(_RESOURCES[kind][1]))
            yield Resource(_RESOURCES[kind][0], name or str(logical), line)


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        inner = value.get("Fn::Sub") or value.get("!Sub")
        return inner if isinstance(inner, str) else None
    return None


def _function(logical: str, properties: dict[str, Any], line: int, fence: Fence) -> Iterator[Fact]:
    function = Declared(
        _text(properties.get("FunctionName")) or str(logical),
        line,
        properties.get("MemorySize"),
        properties.get("Timeout"),
        _text(properties.get("Description")),
        _text(properties.get("Handler")),
        _variables(properties),
    )
    yield from declared_function(function, _events(properties.get("Events")), fence)


def _variables(properties: Any) -> dict[str, str | None]:
    """The `Environment` of a function, or of `Globals` for all of them."""
    environment = properties.get("Environment") if isinstance(properties, dict) else None
    variables = environment.get("Variables") if isinstance(environment, dict) else None
    variables = variables if isinstance(variables, dict) else {}
    return {str(key): _text(value) for key, value in variables.items()}


def _events(nodes: Any) -> Events:
    found = Events(None, None, [])
    for event in nodes.values() if isinstance(nodes, dict) else ():
        if not isinstance(event, dict):
            continue
        found.trigger = found.trigger or _EVENTS.get(str(event.get("Type")), Trigger.OTHER)
        details = event.get("Properties")
        details = details if isinstance(details, dict) else {}
        path, method = details.get("Path"), str(details.get("Method", "")).upper()
        if isinstance(path, str) and method in METHODS:
            found.routes.append((method, clean_path(path)))
        found.source = found.source or _text(
            details.get("Queue") or details.get("Topic") or details.get("Schedule")
        )
    return found


def _keys(nodes: Any) -> tuple[str | None, str | None]:
    found: dict[str, str] = {}
    for node in nodes if isinstance(nodes, list) else []:
        if isinstance(node, dict):
            found[str(node.get("KeyType"))] = str(node.get("AttributeName"))
    return found.get("HASH"), found.get("RANGE")


def _table(properties: dict[str, Any], line: int, fence: Fence) -> Iterator[Fact]:
    name = _text(properties.get("TableName"))
    pk, sk = _keys(properties.get("KeySchema"))
    ttl = properties.get("TimeToLiveSpecification")
    ttl = ttl.get("AttributeName") if isinstance(ttl, dict) else None
    yield TableFact(name, line, Trust.FORMAL, fence.section, pk, sk, _text(ttl))
    for index in properties.get("GlobalSecondaryIndexes") or []:
        if isinstance(index, dict) and isinstance(index.get("IndexName"), str):
            pk, sk = _keys(index.get("KeySchema"))
            projection = index.get("Projection")
            kind = projection.get("ProjectionType") if isinstance(projection, dict) else None
            yield IndexFact(
                index["IndexName"],
                line,
                Trust.FORMAL,
                fence.section,
                None,
                pk,
                sk,
                _text(kind),
                name,
            )

"""Queues, topics, buckets and what starts the functions that no API call starts.

A function whose source the design names gets exactly that. One whose source it leaves open still
gets a trigger of its own, switched off where it could only be guessed, and an open point.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from codegen.naming import words
from codegen.terraform.found import Found, of_type, own_name
from codegen.terraform.hcl import ENV
from codegen.terraform.match import closest, find
from codegen.terraform.names import (
    BUCKET,
    BUS,
    EVENT_RULE,
    TOPIC,
    Distinct,
    Rule,
    aws_name,
)
from codegen.terraform.queues import find_queues
from codegen.terraform.schedule import schedule_expression
from codegen.terraform.view import (
    EventRule,
    FunctionView,
    NamedView,
    OpenPoint,
    QueueTrigger,
    QueueView,
    Schedule,
    StreamTrigger,
    TableView,
    Trigger,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lld.model import Design

_EVENT_NAME = re.compile(r"[A-Za-z][\w-]*(?:[./][\w-]+)+|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")


@dataclass(frozen=True, slots=True)
class Events:
    """Everything this module finds."""

    queues: tuple[QueueView, ...]
    topics: tuple[NamedView, ...]
    buckets: tuple[NamedView, ...]
    bus: NamedView | None
    queue_triggers: tuple[QueueTrigger, ...]
    stream_triggers: tuple[StreamTrigger, ...]
    topic_triggers: tuple[Trigger, ...]
    bucket_triggers: tuple[Trigger, ...]
    event_rules: tuple[EventRule, ...]
    schedules: tuple[Schedule, ...]
    open_points: tuple[OpenPoint, ...]


def find_events(
    design: Design,
    service: str,
    functions: Sequence[FunctionView],
    tables: Sequence[TableView],
) -> Events:
    """The resources and triggers of the functions that events start."""
    found = Found(service)
    found.topics = _plain(design, "sns", TOPIC, found)
    found.buckets = _plain(design, "s3", BUCKET, found)
    by_trigger = {
        kind: [function for function in functions if function.trigger == kind]
        for kind in ("sqs", "sns", "s3", "dynamodb_stream", "eventbridge", "schedule")
    }
    queue_triggers = find_queues(design, by_trigger["sqs"], found)
    topic_triggers = [
        Trigger(function.key, _source(function, found.topics, TOPIC, "topic", found).key)
        for function in by_trigger["sns"]
    ]
    bucket_triggers = [
        Trigger(function.key, _source(function, found.buckets, BUCKET, "bucket", found).key)
        for function in by_trigger["s3"]
    ]
    bus = _bus(design, found)
    rules = _event_rules(design, by_trigger["eventbridge"], found, has_bus=bus is not None)
    return Events(
        queues=tuple(found.queues),
        topics=tuple(found.topics),
        buckets=tuple(found.buckets),
        bus=bus,
        queue_triggers=tuple(queue_triggers),
        stream_triggers=tuple(_streams(by_trigger["dynamodb_stream"], tables, found)),
        topic_triggers=tuple(topic_triggers),
        bucket_triggers=tuple(bucket_triggers),
        event_rules=tuple(rules),
        schedules=tuple(_schedules(by_trigger["schedule"], found)),
        open_points=tuple(found.points),
    )


def _plain(design: Design, kind: str, rule: Rule, found: Found) -> list[NamedView]:
    views: dict[str, NamedView] = {}
    for item in of_type(design, kind):
        name = aws_name(item.name, rule)
        if name in views:
            continue
        text = item.name
        if rule is BUCKET and ENV not in name:
            # No two accounts of the world share the name of a bucket.
            text = f"{item.name}-{ENV}"
            message = f"bucket {item.name!r}: its name is the same in every environment, which S3"
            found.points.append(
                OpenPoint(f"{message} refuses; the environment was added", item.line)
            )
        views[name] = found.named(kind, rule, text, item.line)
    return list(views.values())


def _source(
    function: FunctionView,
    candidates: list[NamedView],
    rule: Rule,
    kind: str,
    found: Found,
) -> NamedView:
    """The topic or bucket that starts a function; made for it when the design names none."""
    match = find(function.source, candidates) or find(function.description, candidates)
    if match is None and len(candidates) == 1:
        match = candidates[0]
    match = match or closest(function.title, candidates)
    if match is not None:
        return match
    text = own_name(function, found.service)
    made = found.named(kind, rule, text, function.line)
    candidates.append(made)
    found.points.append(
        OpenPoint(
            f"function {function.title!r}: no {kind} named, one was made for it", function.line
        )
    )
    return made


def _streams(
    consumers: Sequence[FunctionView],
    tables: Sequence[TableView],
    found: Found,
) -> Iterable[StreamTrigger]:
    for function in consumers:
        table = find(function.source, tables) or (tables[0] if len(tables) == 1 else None)
        if table is None:
            message = f"function {function.title!r}: the design does not say which table's stream"
            found.points.append(OpenPoint(f"{message} it reads; it has no trigger", function.line))
            continue
        yield StreamTrigger(function.key, table.label, 100)


def _bus(design: Design, found: Found) -> NamedView | None:
    """The event bus the design names; rules are resources of the same type, so names decide."""
    buses = [
        item
        for item in of_type(design, "eventbridge")
        if str(item.details.get("kind", "")).lower() in {"bus", "event_bus"}
        or {"bus", "events"} & set(words(item.name))
    ]
    if not buses:
        stated = {
            str(item.details["event_bus"]): item
            for item in of_type(design, "eventbridge")
            if item.details.get("event_bus") and "*" not in str(item.details["event_bus"])
        }
        if not stated:
            return None
        name, item = next(iter(stated.items()))
        return found.named("eventbridge", BUS, name, item.line)
    return found.named("eventbridge", BUS, buses[0].name, buses[0].line)


def _event_rules(
    design: Design, consumers: Sequence[FunctionView], found: Found, *, has_bus: bool
) -> Iterable[EventRule]:
    names = Distinct()
    for function in consumers:
        pattern = _pattern(design, function)
        about = f"function {function.title!r}: the design"
        if not pattern:
            message = f"{about} states no event pattern; its rule is switched off"
            found.points.append(OpenPoint(message, function.line))
        elif not has_bus:
            message = f"{about} names no event bus; its rule listens to the account's default bus"
            found.points.append(OpenPoint(message, function.line))
        text = f"bbws-{found.service}-{function.key.strip('_').replace('_', '-')}-{{env}}"
        yield EventRule(
            function=function.key,
            name=names.claim(aws_name(text, EVENT_RULE), "-"),
            pattern=pattern or {"source": [f"bbws.{found.service}"], "detail-type": [function.key]},
            enabled=bool(pattern),
        )


def _pattern(design: Design, function: FunctionView) -> dict[str, list[str]]:
    """Source and detail type: those of a declared rule for this function, else event names."""
    for item in of_type(design, "eventbridge"):
        target = str(item.details.get("target", ""))
        if target and words(target) == words(function.title):
            stated = {
                "source": _listed(item.details.get("source")),
                "detail-type": _listed(item.details.get("detail_type")),
            }
            pattern = {key: values for key, values in stated.items() if values}
            if pattern:
                return pattern
    names = _EVENT_NAME.findall(function.source or "")
    return {"detail-type": names} if names else {}


def _listed(value: Any) -> list[str]:
    if not value:
        return []
    items = value if isinstance(value, (list, tuple)) else str(value).split(",")
    return [text for item in items if (text := str(item).strip(" `\"'"))]


def _schedules(consumers: Sequence[FunctionView], found: Found) -> Iterable[Schedule]:
    names = Distinct()
    for function in consumers:
        expression = schedule_expression(function.source) or schedule_expression(
            function.description
        )
        if expression is None:
            message = f"function {function.title!r}: the design states no time"
            found.points.append(
                OpenPoint(f"{message}; its schedule is switched off", function.line)
            )
        text = f"bbws-{found.service}-{function.key.strip('_').replace('_', '-')}-{{env}}"
        yield Schedule(
            function=function.key,
            name=names.claim(aws_name(text, EVENT_RULE), "-"),
            expression=expression or "rate(1 day)",
            enabled=expression is not None,
        )

"""Queues, topics, buckets and what starts the functions that no API call starts.

A function whose source the design names gets exactly that. One whose source it leaves open still
gets a trigger of its own, switched off where it could only be guessed, and an open point.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from codegen.naming import words
from codegen.terraform_match import closest, find
from codegen.terraform_names import (
    BUCKET,
    BUS,
    EVENT_RULE,
    QUEUE,
    TOPIC,
    Distinct,
    Rule,
    aws_name,
    identifier,
)
from codegen.terraform_schedule import schedule_expression
from codegen.terraform_view import (
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

    from lld.model import Design, Resource

_DAY_S = 86_400
_KEPT_FAILED_S = 14 * _DAY_S
_LONGEST_VISIBILITY_S = 12 * 3600
_VISIBILITY_FACTOR = 6
"""AWS asks for a visibility of six times the function's timeout, so that retries do not overlap."""
_DEAD_LETTER_WORDS = frozenset({"dlq", "deadletter"})
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


@dataclass(slots=True)
class _Found:
    """What is being collected; `keys` and `names` keep Terraform keys and AWS names apart."""

    service: str
    topics: list[NamedView] = field(default_factory=list)
    buckets: list[NamedView] = field(default_factory=list)
    queues: list[QueueView] = field(default_factory=list)
    points: list[OpenPoint] = field(default_factory=list)
    keys: dict[str, Distinct] = field(default_factory=dict)
    names: dict[str, Distinct] = field(default_factory=dict)

    def named(self, kind: str, rule: Rule, text: str, line: int | None) -> NamedView:
        """A new resource of a kind with a key and a name of its own."""
        name = aws_name(text, rule, fallback=f"bbws-{self.service}")
        key = identifier(name, fallback=kind).removeprefix("bbws_")
        key = key.removeprefix(f"{identifier(self.service)}_") or kind
        key = f"{kind}_{key}" if key[0].isdigit() else key
        keys = self.keys.setdefault(kind, Distinct())
        names = self.names.setdefault(kind, Distinct())
        return NamedView(keys.claim(key), names.claim(name, "-"), line)


def find_events(
    design: Design,
    service: str,
    functions: Sequence[FunctionView],
    tables: Sequence[TableView],
) -> Events:
    """The resources and triggers of the functions that events start."""
    found = _Found(service)
    found.topics = _plain(design, "sns", TOPIC, found)
    found.buckets = _plain(design, "s3", BUCKET, found)
    by_trigger = {
        kind: [function for function in functions if function.trigger == kind]
        for kind in ("sqs", "sns", "s3", "dynamodb_stream", "eventbridge", "schedule")
    }
    queue_triggers = _queues(design, by_trigger["sqs"], found)
    topic_triggers = [
        Trigger(function.key, _source(function, found.topics, TOPIC, "topic", found).key)
        for function in by_trigger["sns"]
    ]
    bucket_triggers = [
        Trigger(function.key, _source(function, found.buckets, BUCKET, "bucket", found).key)
        for function in by_trigger["s3"]
    ]
    return Events(
        queues=tuple(found.queues),
        topics=tuple(found.topics),
        buckets=tuple(found.buckets),
        bus=_bus(design, found),
        queue_triggers=tuple(queue_triggers),
        stream_triggers=tuple(_streams(by_trigger["dynamodb_stream"], tables, found)),
        topic_triggers=tuple(topic_triggers),
        bucket_triggers=tuple(bucket_triggers),
        event_rules=tuple(_event_rules(design, by_trigger["eventbridge"], found)),
        schedules=tuple(_schedules(by_trigger["schedule"], found)),
        open_points=tuple(found.points),
    )


def _of_type(design: Design, kind: str) -> Iterable[Resource]:
    """Resources of a type; a pattern such as `bbws-portal-*` names none."""
    return (item for item in design.resources if item.type == kind and "*" not in item.name)


def _plain(design: Design, kind: str, rule: Rule, found: _Found) -> list[NamedView]:
    views: dict[str, NamedView] = {}
    for item in _of_type(design, kind):
        name = aws_name(item.name, rule)
        if name not in views:
            views[name] = found.named(kind, rule, item.name, item.line)
    return list(views.values())


def _source(
    function: FunctionView,
    candidates: list[NamedView],
    rule: Rule,
    kind: str,
    found: _Found,
) -> NamedView:
    """The topic or bucket that starts a function; made for it when the design names none."""
    match = find(function.source, candidates) or find(function.description, candidates)
    if match is None and len(candidates) == 1:
        match = candidates[0]
    match = match or closest(function.title, candidates)
    if match is not None:
        return match
    text = _own_name(function, found.service)
    made = found.named(kind, rule, text, function.line)
    candidates.append(made)
    found.points.append(
        OpenPoint(
            f"function {function.title!r}: no {kind} named, one was made for it", function.line
        )
    )
    return made


def _own_name(function: FunctionView, service: str) -> str:
    """A name for what the design does not name: the source as written, else the function's."""
    stated = function.source or ""
    if re.fullmatch(r"[\w${}.<>-]{3,80}", stated) and re.search(r"[-_]|Queue$|Topic$", stated):
        return stated if "{" in stated else f"{stated}-{{env}}"
    return f"bbws-{service}-{function.key.strip('_').replace('_', '-')}-{{env}}"


def _is_dead_letter(item: Resource) -> bool:
    found = words(item.name)
    return bool(
        item.dead_letter_of
        or _DEAD_LETTER_WORDS & set(found)
        or "dead letter" in " ".join(found)
        or "dead_letter" in str(item.details.get("purpose", "")).lower()
    )


def _queues(design: Design, consumers: Sequence[FunctionView], found: _Found) -> list[QueueTrigger]:
    """Declared queues, queues of consumers that name none, and a dead-letter queue for each."""
    declared = {aws_name(item.name, QUEUE): item for item in _of_type(design, "sqs")}
    dead = {name: item for name, item in declared.items() if _is_dead_letter(item)}
    sources = [
        (found.named("sqs", QUEUE, item.name, item.line), item)
        for name, item in declared.items()
        if name not in dead
    ]
    fed = _assign(consumers, sources, found)
    dead_views = [found.named("sqs", QUEUE, item.name, item.line) for item in dead.values()]
    dead_items = list(dead.values())
    for view, item in sources:
        timeouts = [f.timeout_s for f, queue in fed if queue.key == view.key]
        dead_key = _dead_letter_key(view, item, sources, dead_views, dead_items, found)
        found.queues.append(_queue(view, item, dead_key, max(timeouts, default=0), found.topics))
    found.queues += [_dead_letter_queue(view) for view in dead_views]
    items = {view.key: item for view, item in sources}
    return [_queue_trigger(function, view.key, items[view.key]) for function, view in fed]


def _assign(
    consumers: Sequence[FunctionView],
    sources: list[tuple[NamedView, Resource | None]] | list[Any],
    found: _Found,
) -> list[tuple[FunctionView, NamedView]]:
    fed = []
    for function in consumers:
        candidates = [queue for queue, _ in sources]
        match = find(function.source, candidates)
        if match is None and not function.source:
            match = closest(function.title, candidates)
            match = match or (candidates[0] if len(candidates) == 1 else None)
        if match is None:
            text = _own_name(function, found.service)
            match = found.named("sqs", QUEUE, text, function.line)
            sources.append((match, None))
            message = (
                f"function {function.title!r}: the design describes no queue of its own for it"
            )
            found.points.append(OpenPoint(f"{message}, {match.name!r} was made", function.line))
        fed.append((function, match))
    return fed


def _dead_letter_key(
    view: NamedView,
    item: Resource | None,
    sources: Sequence[tuple[NamedView, Resource | None]],
    dead_views: list[NamedView],
    dead_items: list[Resource],
    found: _Found,
) -> str:
    """The declared dead-letter queue of a queue, else one made for it."""
    for dead_view, dead_item in zip(dead_views, dead_items, strict=False):
        if dead_item.dead_letter_of and find(dead_item.dead_letter_of, [view]):
            return dead_view.key
        bare = [word for word in words(dead_item.name) if word not in _DEAD_LETTER_WORDS]
        if bare == words(view.name) or (len(sources) == 1 and not dead_item.dead_letter_of):
            return dead_view.key
    stated = str(item.details.get("dead_letter_queue", "")) if item else ""
    stated_match = find(stated, dead_views)
    if stated_match:
        return stated_match.key
    base = view.name.removesuffix("-{env}")
    made = found.named("sqs", QUEUE, f"{base}-dlq-{{env}}", view.line)
    dead_views.append(made)
    return made.key


def _queue(
    view: NamedView,
    item: Resource | None,
    dead_letter: str,
    timeout_s: int,
    topics: Sequence[NamedView],
) -> QueueView:
    details = item.details if item else {}
    recommended = max(_VISIBILITY_FACTOR * timeout_s, 30)
    stated = _number(details.get("visibility_timeout_s"))
    visibility = stated if stated is not None and stated >= timeout_s else recommended
    topic = find(str(details.get("topic") or details.get("subscribes_to") or ""), topics)
    return QueueView(
        key=view.key,
        name=view.name,
        dead_letter=dead_letter,
        visibility_s=min(visibility, _LONGEST_VISIBILITY_S),
        retention_s=_within(details.get("message_retention_s"), 60, _KEPT_FAILED_S, 4 * _DAY_S),
        max_receive=_within(details.get("max_receive_count"), 1, 1000, 3),
        topic=topic.key if topic else None,
        line=view.line,
    )


def _dead_letter_queue(view: NamedView) -> QueueView:
    return QueueView(view.key, view.name, None, 30, _KEPT_FAILED_S, 1, None, view.line)


def _queue_trigger(function: FunctionView, queue: str, item: Resource | None) -> QueueTrigger:
    details = item.details if item else {}
    concurrency = _number(details.get("concurrency"))
    return QueueTrigger(
        function=function.key,
        queue=queue,
        batch_size=_within(details.get("batch_size"), 1, 10, 10),
        window_s=_within(details.get("batch_window_s"), 0, 300, 0),
        concurrency=None if concurrency is None else _within(concurrency, 2, 1000, 2),
    )


def _number(value: Any) -> int | None:
    if isinstance(value, bool) or value is None:
        return None
    found = re.match(r"\d{1,9}", str(value))
    return int(found[0]) if found else None


def _within(value: Any, low: int, high: int, default: int) -> int:
    number = _number(value)
    return default if number is None else min(max(number, low), high)


def _streams(
    consumers: Sequence[FunctionView],
    tables: Sequence[TableView],
    found: _Found,
) -> Iterable[StreamTrigger]:
    for function in consumers:
        table = find(function.source, tables) or (tables[0] if len(tables) == 1 else None)
        if table is None:
            message = f"function {function.title!r}: the design does not say which table's stream"
            found.points.append(OpenPoint(f"{message} it reads; it has no trigger", function.line))
            continue
        yield StreamTrigger(function.key, table.label, 100)


def _bus(design: Design, found: _Found) -> NamedView | None:
    """The event bus the design names; rules are resources of the same type, so names decide."""
    buses = [
        item
        for item in _of_type(design, "eventbridge")
        if str(item.details.get("kind", "")).lower() in {"bus", "event_bus"}
        or {"bus", "events"} & set(words(item.name))
    ]
    if not buses:
        stated = {
            str(item.details["event_bus"]): item
            for item in _of_type(design, "eventbridge")
            if item.details.get("event_bus") and "*" not in str(item.details["event_bus"])
        }
        if not stated:
            return None
        name, item = next(iter(stated.items()))
        return found.named("eventbridge", BUS, name, item.line)
    return found.named("eventbridge", BUS, buses[0].name, buses[0].line)


def _event_rules(
    design: Design, consumers: Sequence[FunctionView], found: _Found
) -> Iterable[EventRule]:
    names = Distinct()
    for function in consumers:
        pattern = _pattern(design, function)
        if not pattern:
            message = f"function {function.title!r}: the design states no event pattern"
            found.points.append(OpenPoint(f"{message}; its rule is switched off", function.line))
        text = f"bbws-{found.service}-{function.key.strip('_').replace('_', '-')}-{{env}}"
        yield EventRule(
            function=function.key,
            name=names.claim(aws_name(text, EVENT_RULE), "-"),
            pattern=pattern or {"source": [f"bbws.{found.service}"], "detail-type": [function.key]},
            enabled=bool(pattern),
        )


def _pattern(design: Design, function: FunctionView) -> dict[str, list[str]]:
    """Source and detail type: those of a declared rule for this function, else event names."""
    for item in _of_type(design, "eventbridge"):
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


def _schedules(consumers: Sequence[FunctionView], found: _Found) -> Iterable[Schedule]:
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

"""The queues of a design: who works them off, and where what failed too often is kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from codegen.naming import words
from codegen.terraform.found import Found, of_type, own_name
from codegen.terraform.match import closest, find
from codegen.terraform.names import ALARM, QUEUE, aws_name
from codegen.terraform.view import FunctionView, NamedView, OpenPoint, QueueTrigger, QueueView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lld.model import Design, Resource

_DAY_S = 86_400
_KEPT_FAILED_S = 14 * _DAY_S
_LONGEST_VISIBILITY_S = 12 * 3600
_VISIBILITY_FACTOR = 6
"""AWS asks for a visibility of six times the function's timeout, so that retries do not overlap."""
_DEAD_LETTER_WORDS = frozenset({"dlq", "deadletter"})


def _is_dead_letter(item: Resource) -> bool:
    found = words(item.name)
    return bool(
        item.dead_letter_of
        or _DEAD_LETTER_WORDS & set(found)
        or "dead letter" in " ".join(found)
        or "dead_letter" in str(item.details.get("purpose", "")).lower()
    )


def find_queues(
    design: Design, consumers: Sequence[FunctionView], found: Found
) -> list[QueueTrigger]:
    """Declared queues, queues of consumers that name none, and a dead-letter queue for each."""
    declared = {aws_name(item.name, QUEUE): item for item in of_type(design, "sqs")}
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
    alarms = _alarms(design, dead_views[: len(dead)], found)
    found.queues += [_dead_letter_queue(view, alarms.get(view.key)) for view in dead_views]
    items = {view.key: item for view, item in sources}
    return [_queue_trigger(function, view.key, items[view.key]) for function, view in fed]


def _assign(
    consumers: Sequence[FunctionView],
    sources: list[tuple[NamedView, Resource | None]] | list[Any],
    found: Found,
) -> list[tuple[FunctionView, NamedView]]:
    fed = []
    for function in consumers:
        candidates = [queue for queue, _ in sources]
        match = find(function.source, candidates)
        if match is None and not function.source:
            match = closest(function.title, candidates)
            match = match or (candidates[0] if len(candidates) == 1 else None)
        if match is None:
            text = own_name(function, found.service)
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
    found: Found,
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


def _dead_letter_queue(view: NamedView, alarm: str | None) -> QueueView:
    return QueueView(view.key, view.name, None, 30, _KEPT_FAILED_S, 1, None, view.line, alarm)


def _alarms(design: Design, declared: Sequence[NamedView], found: Found) -> dict[str, str]:
    """Names that the design gives the alarms of its dead-letter queues, by the key of the queue."""
    names: dict[str, str] = {}
    for item in of_type(design, "cloudwatch_alarm"):
        free = [view for view in declared if view.key not in names]
        meant = closest(item.name, free) or (free[0] if len(free) == 1 else None)
        if _is_dead_letter(item) and meant:
            names[meant.key] = aws_name(item.name, ALARM)
            continue
        message = f"alarm {item.name!r}: what it watches is not clear; alarms.tf has no such alarm"
        found.points.append(OpenPoint(message, item.line))
    return names


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

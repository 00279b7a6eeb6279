"""From a design to what the Terraform templates see, in one pass over each part."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from codegen.naming import snake
from codegen.terraform_access import World, grants_for
from codegen.terraform_api import find_paths
from codegen.terraform_events import find_events
from codegen.terraform_names import FUNCTION, SERVICE, Distinct, aws_name, with_environment
from codegen.terraform_settings import find_settings
from codegen.terraform_tables import table_views
from codegen.terraform_view import FunctionView, Limits, OpenPoint, TerraformView
from common.environments import environments

if TYPE_CHECKING:
    from lld.model import Design, Function

MEMORY_MB = 256
TIMEOUT_S = 30
_MEMORY = (128, 10_240)
_TIMEOUT = (1, 900)
_ASYNC = frozenset({"sns", "s3", "eventbridge", "schedule"})
_DEPLOYED = ("dev", "sit", "prod")
_RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653)
_OWN_TAGS = frozenset({"project", "service", "environment", "component", "lld", "managedby"})
_TAG_TEXT = re.compile(r"[^A-Za-z0-9 _.:/=+@-]")


def terraform_view(design: Design) -> TerraformView:
    """Everything the templates need of a design.

    Raises:
        RefusedError: A fact of the design has no safe form in AWS; the message names its line.
    """
    service = service_name(design)
    points: list[OpenPoint] = []
    functions = _functions(design, service)
    streamed = any(view.trigger == "dynamodb_stream" for _, view in functions)
    tables, found = table_views(design, service, streamed=streamed)
    points += found
    events = find_events(design, service, functions, tables)
    points += events.open_points
    authorizer = next((view.key for _, view in functions if view.trigger == "authorizer"), None)
    paths, found = find_paths(design, [(f, view.key) for f, view in functions], authorizer)
    points += found
    settings, found = find_settings(design, service, tables, events)
    points += found
    world = World(tables, events, settings)
    views = []
    for function, view in functions:
        grants, found = grants_for(function, view.key, world)
        points += found
        views.append(replace(view, grants=grants))
    return TerraformView(
        document=design.document,
        lld_id=_tag(design.lld_id or "unnumbered"),
        title=design.title or service,
        service=service,
        repository=_tag(design.repository or f"2_bbws_{service.replace('-', '_')}_lambda"),
        prefix=f"bbws-{service}",
        project=_tag(_stated_tag(design, "project") or "BBWS"),
        component=_tag(_stated_tag(design, "component") or f"{service}-lambda"),
        extra_tags=_extra_tags(design),
        environments=tuple(environments()[name] for name in _DEPLOYED),
        functions=tuple(views),
        tables=tables,
        paths=paths,
        settings=settings,
        limits=_limits(design),
        authorizer=authorizer,
        queues=events.queues,
        topics=events.topics,
        buckets=events.buckets,
        bus=events.bus,
        queue_triggers=events.queue_triggers,
        stream_triggers=events.stream_triggers,
        topic_triggers=events.topic_triggers,
        bucket_triggers=events.bucket_triggers,
        event_rules=events.event_rules,
        schedules=events.schedules,
        open_points=tuple(dict.fromkeys(points)),
    )


def service_name(design: Design) -> str:
    """The name of the service as AWS names carry it."""
    return aws_name((design.service or "service").replace("_", "-"), SERVICE, fallback="service")


def _functions(design: Design, service: str) -> list[tuple[Function, FunctionView]]:
    keys, names = Distinct(), Distinct()
    pairs = []
    for function in design.functions:
        key = keys.claim(snake(function.name, default="function"))
        name = names.claim(function_name(function, key, service), "-")
        timeout = _clamped(function.timeout_s or design.timeout_s or TIMEOUT_S, _TIMEOUT)
        pairs.append(
            (
                function,
                FunctionView(
                    key=key,
                    name=name,
                    title=function.name,
                    handler=f"src.handlers.{key}.handler",
                    description=_description(function),
                    memory_mb=_clamped(
                        function.memory_mb or design.memory_mb or MEMORY_MB, _MEMORY
                    ),
                    timeout_s=timeout,
                    trigger=function.trigger.value,
                    line=function.line,
                    is_async=function.trigger.value in _ASYNC,
                ),
            )
        )
    return pairs


def function_name(function: Function, key: str, service: str) -> str:
    """The name in AWS: the design's own if it is a full one, else service and function."""
    stated = with_environment(function.name)
    if not (stated.startswith("bbws-") and "{env}" in stated):
        stated = f"bbws-{service}-{key.strip('_').replace('_', '-')}-{{env}}"
    return aws_name(stated, FUNCTION, fallback=f"bbws-{service}")


def _description(function: Function) -> str:
    text = re.sub(r"[^\x20-\x7e\u00a1-\u024f\u2010-\u2027]+", " ", function.description or "")
    return " ".join(text.split())[:250]


def _clamped(number: int, limits: tuple[int, int]) -> int:
    return min(max(number, limits[0]), limits[1])


def _tag(text: str) -> str:
    """Text as a tag's value: 256 characters of a small alphabet."""
    return " ".join(_TAG_TEXT.sub(" ", text).split())[:256] or "unnamed"


def _stated_tag(design: Design, name: str) -> str | None:
    return next((text for key, text in design.tags.items() if key.lower() == name and text), None)


def _extra_tags(design: Design) -> tuple[tuple[str, str], ...]:
    """Tags of the design beside the toolkit's own; values that vary by environment are left out."""
    found: dict[str, tuple[str, str]] = {}
    for key, text in design.tags.items():
        name = _TAG_TEXT.sub("", key).strip()[:128]
        if not name or name.lower() in _OWN_TAGS or name.lower().startswith("aws:"):
            continue
        if "{env}" in with_environment(text) or re.fullmatch(r"\W*(dev|sit|prod)\b.*", text):
            continue
        found.setdefault(name.lower(), (name, _tag(text)))
    return tuple(found.values())[:40]


def _limits(design: Design) -> Limits:
    latencies, rates, retentions = [], [], []
    for item in design.requirements:
        name, target = item.name.lower(), item.target.lower()
        if "latency" in name or "response time" in name:
            latencies += _milliseconds(target)
        elif "log" in name and "retention" in name:
            retentions += [int(days) for days in re.findall(r"(\d{1,4})\s*days?", target)]
        elif re.search(r"requests?\s*(?:per|/)\s*s", f"{name} {target}"):
            rates += [int(rate) for rate in re.findall(r"\d{1,6}", target.replace(",", ""))[:1]]
    retention = max(retentions, default=None)
    return Limits(
        latency_ms=max(latencies, default=None),
        requests_per_second=max(rates, default=None),
        log_retention_days=None if retention is None else _retention(retention),
    )


def _milliseconds(text: str) -> list[int]:
    found = re.findall(r"(\d{1,6}(?:\.\d+)?)\s*(ms|s)\b", text)
    return [round(float(number) * (1 if unit == "ms" else 1000)) for number, unit in found]


def _retention(days: int) -> int:
    return next((step for step in _RETENTIONS if step >= days), _RETENTIONS[-1])

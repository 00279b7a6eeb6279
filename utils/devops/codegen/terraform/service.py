"""From a service to what the Terraform templates see, in one pass over each part."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from codegen.naming import words
from codegen.sources.events import has_idempotency
from codegen.sources.project import DEFAULT_CODES, codes_by_status
from codegen.terraform.access import World, grants_for
from codegen.terraform.api import find_paths
from codegen.terraform.events import find_events
from codegen.terraform.found import of_type
from codegen.terraform.names import FUNCTION, SERVICE, Distinct, aws_name, with_environment
from codegen.terraform.settings import find_settings
from codegen.terraform.tables import table_views
from codegen.terraform.view import FunctionView, Limits, NamedView, OpenPoint, TerraformView
from common.environments import environments
from lld.model import Trigger

if TYPE_CHECKING:
    from codegen.views.service_view import ServiceView
    from lld.model import Design, Function

MEMORY_MB = 256
TIMEOUT_S = 30
_MEMORY = (128, 10_240)
_TIMEOUT = (1, 900)
_GATEWAY_PATIENCE_S = 29
_ASYNC = frozenset({Trigger.SNS, Trigger.S3, Trigger.EVENTBRIDGE, Trigger.SCHEDULE})
_ANSWERING = frozenset({"api", "response", "get", "list", "read", "create", "update", "delete"})
EXPIRES = "expiresAt"
"""Attribute that says when a remembered message may be forgotten, where the design names none."""
_DEPLOYED = ("dev", "sit", "prod")
_ALERTING = frozenset({"alert", "alerts", "alarm", "alarms"})
_RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653)
_LONGEST_PROJECT = 200
"""The project is the namespace of metrics, too."""
_A_SECOND = re.compile(r"(?:\bper|/)\s*s(?:ec(?:ond)?s?)?\b")
_CODE = re.compile(r"[A-Za-z0-9_.-]+")
_INNER = frozenset(
    {"sqs", "queue", "dynamodb", "read", "write", "kinesis", "s3", "email", "emails"}
)
"""Words of rates that are not those of calls."""
_OWN_TAGS = frozenset({"project", "service", "environment", "component", "lld", "managedby"})
_TAG_TEXT = re.compile(r"[^A-Za-z0-9 _.:/=+@-]")


def terraform_view(service: ServiceView) -> TerraformView:
    """Everything the templates need of a service."""
    design = service.design
    prefix = aws_name(service.name.replace("_", "-"), SERVICE, fallback="service")
    points: list[OpenPoint] = []
    functions = _functions(service, prefix)
    points += _impatient(functions)
    tables, found = table_views(
        service,
        prefix,
        streamed=any(function.trigger == Trigger.DYNAMODB_STREAM for function in functions),
        expires=EXPIRES if service.events and has_idempotency(service) else None,
    )
    points += found
    events = find_events(design, prefix, functions, tables)
    points += events.open_points
    authorizer = next((f.key for f in functions if f.trigger == Trigger.AUTHORIZER), None)
    paths, found = find_paths(service, authorizer)
    points += found
    settings, found = find_settings(service, prefix, tables, events)
    points += found
    functions, missing = _with_grants(functions, World(service, tables, events, settings))
    points += missing
    return TerraformView(
        document=design.document,
        lld_id=_tag(design.lld_id or "unnumbered"),
        title=service.title,
        service=service.name,
        repository=service.repository,
        prefix=f"bbws-{prefix}",
        project=_tag(_stated_tag(design, "project") or "BBWS", _LONGEST_PROJECT),
        component=_tag(_stated_tag(design, "component") or f"{prefix}-lambda"),
        extra_tags=_extra_tags(design),
        environments=tuple(environments()[name] for name in _DEPLOYED),
        functions=functions,
        tables=tables,
        paths=paths,
        settings=settings,
        limits=_limits(service),
        authorizer=authorizer,
        bad_request=_bad_request(service),
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
        alert_topics=_alert_topics(events.topics, prefix),
        sends_mail=any(True for _ in of_type(design, "ses")),
        open_points=tuple(dict.fromkeys(points)),
    )


def _bad_request(service: ServiceView) -> str:
    """The handlers' own code, unless API Gateway could find more than text in it."""
    code = codes_by_status(service)[400]
    return code if _CODE.fullmatch(code) else DEFAULT_CODES[400]


def _functions(service: ServiceView, prefix: str) -> tuple[FunctionView, ...]:
    design = service.design
    sizes: dict[tuple[str, int | None], Function] = {
        (one.name, one.line): one for one in design.functions
    }
    names = Distinct()
    views = []
    for function in service.functions:
        stated = sizes.get((function.name, function.line)) if function.designed else None
        memory = (stated and stated.memory_mb) or design.memory_mb or MEMORY_MB
        timeout = (stated and stated.timeout_s) or design.timeout_s or TIMEOUT_S
        views.append(
            FunctionView(
                key=function.module,
                name=names.claim(function_name(function.name, function.module, prefix), "-"),
                title=function.name,
                handler=function.handler,
                description=_description(function.description),
                memory_mb=_clamped(memory, _MEMORY),
                timeout_s=_clamped(timeout, _TIMEOUT),
                trigger=function.trigger,
                source=function.source,
                line=function.line,
                is_async=function.trigger in _ASYNC,
            )
        )
    return tuple(views)


def _alert_topics(topics: tuple[NamedView, ...], prefix: str) -> tuple[NamedView, ...]:
    """Topics that are for alerts and nothing else: `bbws-alerts-{env}`."""
    plain = {"bbws", *words(prefix)}
    return tuple(
        topic for topic in topics if (said := set(words(topic.name)) - plain) and said <= _ALERTING
    )


def _impatient(functions: tuple[FunctionView, ...]) -> list[OpenPoint]:
    return [
        OpenPoint(
            f"function {one.title!r}: it may run {one.timeout_s} s, but API Gateway waits for "
            f"{_GATEWAY_PATIENCE_S} s; callers then get 504 while it goes on",
            one.line,
        )
        for one in functions
        if one.trigger == Trigger.API and one.timeout_s > _GATEWAY_PATIENCE_S + 1
    ]


def _with_grants(
    functions: tuple[FunctionView, ...], world: World
) -> tuple[tuple[FunctionView, ...], list[OpenPoint]]:
    views: list[FunctionView] = []
    points: list[OpenPoint] = []
    for view, function in zip(functions, world.service.functions, strict=True):
        grants, found = grants_for(function, world)
        views.append(replace(view, grants=grants))
        points += found
    return tuple(views), points


def function_name(title: str, module: str, prefix: str) -> str:
    """The name in AWS: the design's own if it is a full one, else service and function."""
    stated = with_environment(title)
    if not (stated.startswith("bbws-") and "{env}" in stated):
        stated = f"bbws-{prefix}-{module.strip('_').replace('_', '-')}-{{env}}"
    return aws_name(stated, FUNCTION, fallback=f"bbws-{prefix}")


def _description(stated: str) -> str:
    text = re.sub(r"[^\x20-\x7e\u00a1-\u024f\u2010-\u2027]+", " ", stated)
    return " ".join(text.split())[:250]


def _clamped(number: int, limits: tuple[int, int]) -> int:
    return min(max(number, limits[0]), limits[1])


def _tag(text: str, limit: int = 256) -> str:
    """Text as a tag's value: so many characters of a small alphabet."""
    return " ".join(_TAG_TEXT.sub(" ", text).split())[:limit].rstrip() or "unnamed"


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


def _limits(service: ServiceView) -> Limits:
    served = {word for one in service.apis for word in words(one.name)} | _ANSWERING
    latencies, rates, retentions, errors = [], [], [], []
    for item in service.design.requirements:
        name, target = item.name.lower(), item.target.lower()
        if ("latency" in name or "response time" in name) and served & set(words(name)):
            latencies += _milliseconds(target)
        elif "log" in name and "retention" in name:
            retentions += [int(days) for days in re.findall(r"(\d{1,4})\s*days?", target)]
        elif re.search(r"\berror rate\b", name):
            errors += [float(share) for share in re.findall(r"(\d{1,3}(?:\.\d+)?)\s*%", target)]
        elif _A_SECOND.search(f"{name} {target}") and not _INNER & set(words(name)):
            rates += [int(rate) for rate in re.findall(r"\d{1,6}", target.replace(",", ""))[:1]]
    retention = max(retentions, default=None)
    return Limits(
        latency_ms=max(latencies, default=None),
        requests_per_second=max(rates, default=None),
        error_percent=min((share for share in errors if 0 < share < 100), default=None),
        log_retention_days=None if retention is None else _retention(retention),
    )


def _milliseconds(text: str) -> list[int]:
    found = re.findall(r"(\d{1,6}(?:\.\d+)?)\s*(ms|s)\b", text)
    return [round(float(number) * (1 if unit == "ms" else 1000)) for number, unit in found]


def _retention(days: int) -> int:
    return next((step for step in _RETENTIONS if step >= days), _RETENTIONS[-1])

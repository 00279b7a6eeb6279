"""The environment variables of the functions: computed, as stated, or a secret by reference."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codegen.naming import words
from codegen.terraform.hcl import ENV, quote
from codegen.terraform.match import N, closest, find
from codegen.terraform.names import SECRET, Distinct, aws_name, identifier, with_environment
from codegen.terraform.view import OpenPoint, SecretView, Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codegen.terraform.events import Events
    from codegen.terraform.view import QueueView, TableView
    from codegen.views.service_view import ServiceView
    from lld.model import EnvironmentVariable

_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,127}")
_OWNED_BY_LAMBDA = re.compile(r"AWS_|LAMBDA_|_HANDLER|_X_AMZN")
_REFERENCE = re.compile(r"_(?:ARN|SECRET_NAME|SECRET_ID|SECRET)$")
_LONGEST_VALUE = 1000
_PLACEHOLDER = re.compile(r"x{4,}|X{4,}|\.\.\.|<[^>]*>")
SIGNING_VARIABLE = "PAGE_TOKEN_SECRET_ARN"
"""Carries the ARN of the key that signs page tokens."""


def find_settings(
    service: ServiceView, prefix: str, tables: Sequence[TableView], events: Events
) -> tuple[Settings, tuple[OpenPoint, ...]]:
    """The variables, and what the design leaves open about them. No secret's value is ever kept."""
    design = service.design
    computed = _common(service, tables)
    stated: dict[str, str] = {}
    points: list[OpenPoint] = []
    for variable in design.environment_variables:
        refusal = _refusal(variable.name)
        if refusal:
            points.append(OpenPoint(f"variable {variable.name!r}: {refusal}", variable.line))
        elif variable.secret or variable.name in computed:
            continue
        elif expression := _expression(variable, tables, events):
            computed[variable.name] = expression
        else:
            stated[variable.name] = _stated(variable, points)
    secrets = _secrets(service, prefix, points)
    for secret in secrets:
        computed.pop(secret.variable, None)
        stated.pop(secret.variable, None)
    return Settings(tuple(computed.items()), tuple(stated.items()), secrets), tuple(points)


def _common(service: ServiceView, tables: Sequence[TableView]) -> dict[str, str]:
    found = {
        "ENVIRONMENT": "var.environment",
        "LOG_LEVEL": "var.log_level",
        "POWERTOOLS_LOG_LEVEL": "var.log_level",
        "POWERTOOLS_SERVICE_NAME": "local.service",
        "POWERTOOLS_METRICS_NAMESPACE": "var.project",
    }
    for read in service.tables:
        for table in tables:
            if (table.title, table.line) == (read.name, read.line):
                found[read.variable] = f"aws_dynamodb_table.{table.label}.name"
    return found


def _refusal(name: str) -> str | None:
    if not _VARIABLE.fullmatch(name):
        return "not a name Lambda takes, left out"
    if _OWNED_BY_LAMBDA.match(name):
        return "set by Lambda itself, left out"
    return None


def _expression(
    variable: EnvironmentVariable, tables: Sequence[TableView], events: Events
) -> str | None:
    """The resource of this service that a variable points at, as an HCL expression."""
    asked = set(words(variable.name))
    text = re.sub(r"\b(dev|sit|prod)\b", ENV, f"{variable.value or ''} {variable.name}")
    if "table" in asked and (table := _match(text, tables)):
        return f"aws_dynamodb_table.{table.label}.{'arn' if 'arn' in asked else 'name'}"
    if "queue" in asked and (queue := _queue(text, events.queues)):
        kind = "this" if queue.dead_letter else "dead_letter"
        attribute = "arn" if "arn" in asked else "name" if "name" in asked else "url"
        return f"aws_sqs_queue.{kind}[{quote(queue.key)}].{attribute}"
    if "topic" in asked and (topic := _match(text, events.topics)):
        return f"aws_sns_topic.this[{quote(topic.key)}].{'name' if 'name' in asked else 'arn'}"
    if "bucket" in asked and (bucket := _match(text, events.buckets)):
        return f"aws_s3_bucket.this[{quote(bucket.key)}].{'arn' if 'arn' in asked else 'bucket'}"
    if "bus" in asked and events.bus:
        return f"local.event_bus_{'arn' if 'arn' in asked else 'name'}"
    return None


def _match(text: str, candidates: Sequence[N]) -> N | None:
    match = find(text, candidates) or closest(text, candidates)
    return match or (candidates[0] if len(candidates) == 1 else None)


def _queue(text: str, queues: Sequence[QueueView]) -> QueueView | None:
    dead_letter = {"dlq", "dead"} & set(words(text))
    return _match(text, [queue for queue in queues if bool(dead_letter) != bool(queue.dead_letter)])


def _stated(variable: EnvironmentVariable, points: list[OpenPoint]) -> str:
    value = with_environment(variable.value or "").strip(" `")[:_LONGEST_VALUE]
    if not value or _PLACEHOLDER.search(value):
        points.append(
            OpenPoint(
                f"variable {variable.name!r}: the design gives no value; "
                "set it in settings of environments/*.tfvars",
                variable.line,
            )
        )
        return ""
    return value


def _secrets(service: ServiceView, prefix: str, points: list[OpenPoint]) -> tuple[SecretView, ...]:
    design = service.design
    keys, variables = Distinct(), Distinct()
    named = [aws_name(item.name, SECRET) for item in design.resources if item.type == "secret"]
    views = []
    for variable in design.environment_variables:
        if not variable.secret or _refusal(variable.name):
            continue
        carrier = variable.name
        if not _REFERENCE.search(carrier):
            carrier = f"{carrier}_SECRET_ARN"
            points.append(
                OpenPoint(
                    f"variable {variable.name!r} is a secret: functions get {carrier!r}, "
                    "the ARN of a secret whose value people put into Secrets Manager",
                    variable.line,
                )
            )
        base = _REFERENCE.sub("", _REFERENCE.sub("", variable.name))
        views.append(
            SecretView(
                key=keys.claim(identifier(base)),
                variable=variables.claim(carrier),
                name=_secret_name(variable, base, prefix, named),
                line=variable.line,
            )
        )
    if service.has_lists and all(view.variable != SIGNING_VARIABLE for view in views):
        name = aws_name(f"bbws/{prefix}/page-token", SECRET)
        views.append(SecretView(keys.claim("page_token"), variables.claim(SIGNING_VARIABLE), name))
    return tuple(views)


def _secret_name(
    variable: EnvironmentVariable, base: str, prefix: str, named: Sequence[str]
) -> str:
    """The name the design gives the secret, else one made of service and variable."""
    wanted = {word for word in words(base) if word != "secret"}
    for name in named:
        if wanted & set(words(name)):
            return name
    path = re.search(r"[\w.-]+(?:/[\w.{}$-]+)+", variable.description or "")
    if path:
        return aws_name(path[0], SECRET)
    return aws_name(f"bbws/{prefix}/{base.lower().replace('_', '-')}", SECRET)

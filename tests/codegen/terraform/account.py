"""What boto3 finds in an account, and the same facts as a design states them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from codegen.naming import snake
from codegen.terraform.service import terraform_view
from codegen.views.operation_view import read_route, route_key
from codegen.views.service_view import ServiceView
from common.environments import environment
from lld.model import Design, Trigger
from tests.codegen.terraform.world import FakeAws

DEV = environment("dev")
_PLACEHOLDER = re.compile(r"\$?\{[^}]*\}")


@dataclass(frozen=True)
class Account:
    """Everything of interest in one account, as plain data."""

    functions: dict[str, dict[str, Any]]
    aliases: dict[str, list[dict[str, Any]]]
    tables: dict[str, set[tuple[str, ...]]]
    apis: list[str]
    stages: list[dict[str, Any]]
    methods: dict[tuple[str, str], str]
    """What each method of each path integrates with."""
    queues: dict[str, str | None]
    """Name of each queue and of the queue that keeps what it fails at."""
    alarms: dict[str, list[str]]
    """Alarms and who hears them."""
    open_actions: dict[str, set[str]] = field(default_factory=dict)
    """Services of which a function's role reaches every resource, by function."""
    callers: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    """AWS services that may call a function: by function, then by its alias or ``."""

    @property
    def routes(self) -> set[tuple[str, str]]:
        """Method and path of every route."""
        return set(self.methods)


def look(aws: FakeAws) -> Account:
    """Everything of interest that boto3 finds."""
    functions = _functions(aws)
    stages, methods = _api(aws)
    return Account(
        functions=functions,
        aliases={name: _aliases(aws, name) for name in functions},
        tables=_tables(aws),
        apis=[one["name"] for one in aws.client("apigateway").get_rest_apis()["items"]],
        stages=stages,
        methods=methods,
        queues=_queues(aws),
        alarms=_alarms(aws),
        open_actions={name: _open_actions(aws, name) for name in functions},
        callers={name: _callers(aws, name) for name in functions},
    )


def _functions(aws: FakeAws) -> dict[str, dict[str, Any]]:
    pages = aws.client("lambda").get_paginator("list_functions").paginate()
    return {one["FunctionName"]: one for page in pages for one in page["Functions"]}


def _aliases(aws: FakeAws, function: str) -> list[dict[str, Any]]:
    return list(aws.client("lambda").list_aliases(FunctionName=function)["Aliases"])


def _tables(aws: FakeAws) -> dict[str, set[tuple[str, ...]]]:
    dynamodb = aws.client("dynamodb")
    found = {}
    for name in dynamodb.list_tables()["TableNames"]:
        if name == DEV.lock_table:
            continue
        table = dynamodb.describe_table(TableName=name)["Table"]
        indexes = table.get("GlobalSecondaryIndexes", [])
        found[name] = {_keys("", table), *(_keys(one["IndexName"], one) for one in indexes)}
    return found


def _keys(name: str, keyed: dict[str, Any]) -> tuple[str, ...]:
    return (name, *(one["AttributeName"] for one in keyed["KeySchema"]))


def _api(aws: FakeAws) -> tuple[list[dict[str, Any]], dict[tuple[str, str], str]]:
    gateway = aws.client("apigateway")
    stages: list[dict[str, Any]] = []
    methods = {}
    for api in gateway.get_rest_apis()["items"]:
        stages += gateway.get_stages(restApiId=api["id"])["item"]
        resources = gateway.get_resources(restApiId=api["id"], embed=["methods"], limit=500)
        for resource in resources["items"]:
            for method, facts in resource.get("resourceMethods", {}).items():
                uri = facts["methodIntegration"].get("uri", "")
                methods[method, _shape(resource["path"])] = uri
    return stages, methods


def _shape(path: str) -> str:
    """A path without the names of its parameters."""
    return re.sub(r"\{[^}]*\}", "{}", path).lower()


def _queues(aws: FakeAws) -> dict[str, str | None]:
    sqs = aws.client("sqs")
    found = {}
    for url in sqs.list_queues().get("QueueUrls", []):
        facts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        redrive = json.loads(facts.get("RedrivePolicy", "{}"))
        target = redrive.get("deadLetterTargetArn")
        found[url.rsplit("/", 1)[1]] = target and target.rsplit(":", 1)[1]
    return found


def _alarms(aws: FakeAws) -> dict[str, list[str]]:
    pages = aws.client("cloudwatch").get_paginator("describe_alarms").paginate()
    found = [one for page in pages for one in page["MetricAlarms"]]
    return {one["AlarmName"]: one["AlarmActions"] for one in found}


def _open_actions(aws: FakeAws, role: str) -> set[str]:
    iam = aws.client("iam")
    found = set()
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for statement in document["Statement"]:
            actions = statement["Action"]
            if statement["Resource"] == "*":
                listed = [actions] if isinstance(actions, str) else actions
                found |= {action.split(":")[0] for action in listed}
    return found


def _callers(aws: FakeAws, function: str) -> dict[str, set[str]]:
    lambda_ = aws.client("lambda")
    found: dict[str, set[str]] = {"": set(), "live": set()}
    try:
        policy = json.loads(lambda_.get_policy(FunctionName=function)["Policy"])
    except lambda_.exceptions.ResourceNotFoundException:
        return found
    for statement in policy["Statement"]:
        qualifier = "live" if statement["Resource"].endswith(f":{function}:live") else ""
        found[qualifier].add(statement["Principal"]["Service"])
    return found


def designed_functions(design: Design) -> set[str]:
    """The functions of the design: full names as stated, others after service and function.

    Endpoints that no function of the design serves are answered by one more, `api`.
    """
    names = {_function_name(design, function.name) for function in design.functions}
    served = {read_key(one.method, one.path) for one in design.functions if one.method and one.path}
    by_name = {one.function for one in design.endpoints if one.function}
    unserved = [
        one
        for one in design.endpoints
        if read_key(one.method, one.path) not in served and not (by_name and one.function)
    ]
    return names | ({_function_name(design, "api")} if unserved else set())


def _function_name(design: Design, name: str) -> str:
    if name.startswith("bbws-") and "{env}" in name:
        return _PLACEHOLDER.sub(DEV.name, name)
    service = (design.service or "").replace("_", "-")
    return f"bbws-{service}-{snake(name).replace('_', '-')}-{DEV.name}"


def read_key(method: str, path: str) -> tuple[str, str] | None:
    """The route without the names of its parameters; None for text that is no route."""
    route = read_route(method, path)
    return None if isinstance(route, str) else route_key(route)


def designed_tables(design: Design) -> dict[str, set[tuple[str, ...]]]:
    """Keys of each table under its name, with those of each index."""
    found = {}
    for table in design.tables:
        stated = _PLACEHOLDER.sub(DEV.name, table.name or "")
        name = stated or f"bbws-{design.service}-{DEV.name}"
        keys = tuple(key for key in (table.partition_key, table.sort_key) if key)
        indexes = {
            (index.name, *(key for key in (index.partition_key, index.sort_key) if key))
            for index in table.gsis
            if index.partition_key
        }
        found[name] = {("", *keys), *indexes}
    return found


def designed_routes(design: Design) -> set[tuple[str, str]]:
    """Routes that the design states, as endpoints or with its functions."""
    stated = [
        *((one.method, one.path) for one in design.endpoints),
        *((one.method, one.path) for one in design.functions if one.method and one.path),
    ]
    return {key for method, path in stated if (key := read_key(method, path))}


def designed_queues(service: ServiceView) -> dict[str, str | None]:
    """Each queue with its dead-letter queue, and the queue of lost events where one is needed."""
    view = terraform_view(service)
    names = {queue.key: queue.name.replace("{env}", DEV.name) for queue in view.queues}
    found = {
        names[queue.key]: names[queue.dead_letter] if queue.dead_letter else None
        for queue in view.queues
    }
    waiting = {Trigger.SNS, Trigger.S3, Trigger.EVENTBRIDGE, Trigger.SCHEDULE}
    if any(one.trigger in {*waiting, Trigger.DYNAMODB_STREAM} for one in service.design.functions):
        found[f"{view.prefix}-failures-{DEV.name}"] = None
    return found

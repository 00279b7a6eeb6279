"""What the Terraform templates see of a design: checked names and HCL expressions, nothing raw.

Fields named `name` hold `{env}` where the name of the environment goes; fields named `*_expr` and
items of `resources` are HCL expressions that this project wrote; every other text is data that the
templates quote.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from common.environments import Environment


@dataclass(frozen=True, slots=True)
class OpenPoint:
    """Something the design leaves open, and what was done about it."""

    text: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """What a function may do with some resources; with `leading_key`, only with items under it."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    leading_key: str | None = None


@dataclass(frozen=True, slots=True)
class FunctionView:
    """One Lambda function."""

    key: str
    name: str
    title: str
    """The name as the design writes it."""
    handler: str
    description: str
    memory_mb: int
    timeout_s: int
    trigger: str
    source: str | None
    line: int | None
    is_async: bool = False
    grants: tuple[Grant, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexView:
    """A global secondary index; `title` is its name as the design writes it."""

    title: str
    name: str
    hash_key: str
    range_key: str | None
    projection: str


@dataclass(frozen=True, slots=True)
class TableView:
    """A DynamoDB table; `attributes` are those that keys use, with their type.

    `title` is its name as the design writes it, empty for a table without one.
    """

    label: str
    title: str
    name: str
    hash_key: str
    range_key: str | None
    attributes: tuple[tuple[str, str], ...]
    indexes: tuple[IndexView, ...]
    ttl_attribute: str | None
    stream: str | None
    line: int | None


@dataclass(frozen=True, slots=True)
class QueueView:
    """A queue; `dead_letter` is the key of its dead-letter queue, None for those themselves."""

    key: str
    name: str
    dead_letter: str | None
    visibility_s: int
    retention_s: int
    max_receive: int
    topic: str | None = None
    line: int | None = None
    alarm: str | None = None
    """Name that the design gives the alarm of a dead-letter queue."""


@dataclass(frozen=True, slots=True)
class NamedView:
    """A topic, bucket or event bus."""

    key: str
    name: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class KeptQueue:
    """A queue in which nothing should ever lie; `name_expr` is its name, `alarm` its alarm's."""

    key: str
    name_expr: str
    alarm: str


@dataclass(frozen=True, slots=True)
class QueueTrigger:
    """A function fed by a queue."""

    function: str
    queue: str
    batch_size: int
    window_s: int
    concurrency: int | None


@dataclass(frozen=True, slots=True)
class StreamTrigger:
    """A function fed by the changes of a table."""

    function: str
    table: str
    batch_size: int


@dataclass(frozen=True, slots=True)
class Trigger:
    """A function called by a topic or a bucket (its key)."""

    function: str
    source: str


@dataclass(frozen=True, slots=True)
class EventRule:
    """A function called by events that match a pattern; off while the design states none."""

    function: str
    name: str
    pattern: dict[str, list[str]]
    enabled: bool


@dataclass(frozen=True, slots=True)
class Schedule:
    """A function called by the clock; off while the design states no time."""

    function: str
    name: str
    expression: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a caller sends in the path, as a query or in a header."""

    name: str
    place: str
    required: bool


@dataclass(frozen=True, slots=True)
class Route:
    """One method of a path."""

    method: str
    function: str
    access: str
    """`none`, `jwt`, `authorizer`, `api_key`, `iam`, or `unstated`."""
    statuses: tuple[int, ...]
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True)
class PathView:
    """A path of the API with its methods."""

    path: str
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class SecretView:
    """A secret: the variable that carries its ARN, and its name. Never a value."""

    key: str
    variable: str
    name: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """The environment variables of the functions."""

    computed: tuple[tuple[str, str], ...] = ()
    """Name and HCL expression."""
    stated: tuple[tuple[str, str], ...] = ()
    """Name and value as the design states it, `{env}` included."""
    secrets: tuple[SecretView, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers that non-functional requirements state."""

    latency_ms: int | None = None
    requests_per_second: int | None = None
    log_retention_days: int | None = None
    error_percent: float | None = None


@dataclass(frozen=True, slots=True)
class TerraformView:
    """Everything the templates need."""

    document: str
    lld_id: str
    title: str
    service: str
    repository: str
    prefix: str
    project: str
    component: str
    extra_tags: tuple[tuple[str, str], ...]
    environments: tuple[Environment, ...]
    functions: tuple[FunctionView, ...]
    tables: tuple[TableView, ...]
    paths: tuple[PathView, ...]
    settings: Settings
    limits: Limits
    authorizer: str | None = None
    bad_request: str = "INVALID_REQUEST"
    """Error code of a request that lacks what it must have."""
    queues: tuple[QueueView, ...] = ()
    topics: tuple[NamedView, ...] = ()
    buckets: tuple[NamedView, ...] = ()
    bus: NamedView | None = None
    queue_triggers: tuple[QueueTrigger, ...] = ()
    stream_triggers: tuple[StreamTrigger, ...] = ()
    topic_triggers: tuple[Trigger, ...] = ()
    bucket_triggers: tuple[Trigger, ...] = ()
    event_rules: tuple[EventRule, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    alert_topics: tuple[NamedView, ...] = ()
    """Topics of the design that hear alarms, beside the account's own."""
    sends_mail: bool = False
    open_points: tuple[OpenPoint, ...] = field(default=())

    @property
    def accesses(self) -> frozenset[str]:
        """The ways in which callers of the API are admitted."""
        return frozenset(route.access for path in self.paths for route in path.routes)

    @property
    def async_functions(self) -> tuple[FunctionView, ...]:
        """Functions whose caller does not wait: what fails there would be lost."""
        return tuple(function for function in self.functions if function.is_async)

    @property
    def source_queues(self) -> tuple[QueueView, ...]:
        """Queues that are worked off, as opposed to those that keep what failed."""
        return tuple(queue for queue in self.queues if queue.dead_letter)

    @property
    def dead_letter_queues(self) -> tuple[QueueView, ...]:
        """Queues that keep the messages which failed too often."""
        return tuple(queue for queue in self.queues if not queue.dead_letter)

    @property
    def fan_out(self) -> tuple[QueueView, ...]:
        """Queues that a topic sends to."""
        return tuple(queue for queue in self.source_queues if queue.topic)

    @property
    def needs_failure_queue(self) -> bool:
        """Whether a function has a source that would drop what fails."""
        return bool(self.async_functions or self.stream_triggers)

    @property
    def kept_queues(self) -> tuple[KeptQueue, ...]:
        """Queues in which nothing should ever lie."""
        found = [
            KeptQueue(
                queue.key,
                f'aws_sqs_queue.dead_letter["{queue.key}"].name',
                queue.alarm or f"{queue.name}-depth",
            )
            for queue in self.dead_letter_queues
        ]
        if self.needs_failure_queue:
            alarm = f"{self.prefix}-failures-{{env}}-depth"
            found.append(KeptQueue("failures", "aws_sqs_queue.failures.name", alarm))
        return tuple(found)

    @property
    def senders(self) -> tuple[str, ...]:
        """AWS services that send to encrypted topics and queues of this service."""
        sending = {
            "cloudwatch": self.alert_topics,
            "events": self.event_rules,
            "ses": self.topics if self.sends_mail else (),
            "sns": self.fan_out or self.topic_triggers,
        }
        return tuple(f"{name}.amazonaws.com" for name, items in sending.items() if items)

    @property
    def table_names(self) -> tuple[str, ...]:
        """HCL expressions of the tables' names."""
        return tuple(f"aws_dynamodb_table.{table.label}.name" for table in self.tables)

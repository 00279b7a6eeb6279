"""The merged model of one design: each fact once, with the line of the document it was read from.

This is the shape of `lld_parser.py parse --output json` (see `to_json`) and the only thing the
generators know of a design. Lines are 1-based. An absent fact is None or an empty tuple, never
a guess.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum, StrEnum
from typing import Any


class Trigger(StrEnum):
    """What starts a function."""

    API = "api"
    SQS = "sqs"
    SNS = "sns"
    EVENTBRIDGE = "eventbridge"
    SCHEDULE = "schedule"
    S3 = "s3"
    DYNAMODB_STREAM = "dynamodb_stream"
    AUTHORIZER = "authorizer"
    OTHER = "other"


class ModelKind(StrEnum):
    """The form a model was stated in."""

    PYDANTIC = "pydantic"
    OPENAPI = "openapi"
    ATTRIBUTE_TABLE = "attribute_table"
    CLASS_DIAGRAM = "class_diagram"
    JSON_SCHEMA = "json_schema"


class Severity(StrEnum):
    """How bad a problem is: an error makes `validate` exit 1, a warning only with `--strict`."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a reviewer should know: a contradiction, an unreadable block, a missing part."""

    severity: Severity
    code: str
    message: str
    line: int | None = None
    fix: str | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """One Lambda function; `memory_mb` (MiB) and `timeout_s` as stated for this function."""

    name: str
    trigger: Trigger
    line: int
    method: str | None = None
    path: str | None = None
    memory_mb: int | None = None
    timeout_s: int | None = None
    description: str | None = None
    source: str | None = None
    """The queue, topic, bucket, event pattern or schedule that starts it, as written."""
    handler: str | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """One documented answer of an endpoint."""

    status: int
    model: str | None = None
    description: str | None = None
    error_code: str | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query, path or header parameter of an endpoint."""

    name: str
    location: str
    """`query`, `path` or `header`."""
    type: str | None = None
    required: bool = False
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One route of the service's API."""

    method: str
    path: str
    line: int
    auth: str | None = None
    """`none`, `jwt`, `api_key`, `iam`, or None when the design does not say."""
    request_model: str | None = None
    response_model: str | None = None
    responses: tuple[Response, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    summary: str | None = None
    request_example: str | None = None
    """JSON text of an example body, as written."""
    response_example: str | None = None
    function: str | None = None
    """Name of the function that serves it, when the design says so."""


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index; keys are attribute names."""

    name: str
    partition_key: str | None = None
    sort_key: str | None = None
    projection: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A DynamoDB table that the service owns; keys are attribute names."""

    name: str
    line: int
    partition_key: str | None = None
    sort_key: str | None = None
    gsis: tuple[Index, ...] = ()
    ttl_attribute: str | None = None
    stream: str | None = None


@dataclass(frozen=True, slots=True)
class IndexKey:
    """How an entity fills the keys of one index: `GSI1`, `TENANT#{tenantId}`, `{createdAt}`."""

    index: str
    pk_pattern: str | None = None
    sk_pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """An item type of a table and the patterns of its keys, such as `TENANT#{tenantId}`."""

    name: str
    pk_pattern: str | None
    sk_pattern: str | None
    line: int
    index_keys: tuple[IndexKey, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessPattern:
    """One stated way of reading the table."""

    name: str
    line: int
    index: str | None = None
    """Name of the index, or None for the table itself."""
    key_condition: str | None = None


@dataclass(frozen=True, slots=True)
class ModelField:
    """One attribute of a model.

    `type` is written in Python's notation (`str`, `int`, `Decimal`, `list[CartItem]`,
    `dict[str, Any]`, `Literal["a"]`, or another model's or enumeration's name). `constraints` uses
    JSON Schema's keywords (`minLength`, `maximum`, `pattern`, `enum`, `format`, `default`).
    """

    name: str
    type: str | None = None
    required: bool = True
    constraints: dict[str, Any] = field(default_factory=dict)
    alias: str | None = None
    """The name on the wire, when it differs from `name`."""
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """A data model: request, response or stored item."""

    name: str
    kind: ModelKind
    fields: tuple[ModelField, ...]
    line: int
    bases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Enumeration:
    """A closed set of values; `members` are the names in code where they differ from the values."""

    name: str
    values: tuple[str, ...]
    line: int | None = None
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """A test scenario of the design, traceable by its id."""

    id: str
    line: int
    story: str | None = None
    scenario: str | None = None


@dataclass(frozen=True, slots=True)
class EnvironmentVariable:
    """A variable the functions read. A secret's value is never kept, only that it is one."""

    name: str
    description: str | None = None
    secret: bool = False
    line: int | None = None
    value: str | None = None
    """The stated value or example; always None for a secret."""


@dataclass(frozen=True, slots=True)
class Resource:
    """An AWS resource beside functions and tables: `sqs`, `sns`, `s3`, `eventbridge`, `ses`…"""

    type: str
    name: str
    line: int | None = None
    dead_letter_of: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    """Settings that infrastructure needs, such as `visibility_timeout_s` or `max_receive_count`."""


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """An error the API answers with."""

    code: str
    status: int | None = None
    description: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Requirement:
    """A requirement that infrastructure or alarms can hold: latency, rate, retention."""

    name: str
    target: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Headline:
    """A heading of the document."""

    title: str
    level: int
    line: int


@dataclass(frozen=True, slots=True)
class Design:
    """Everything one design says."""

    document: str
    title: str | None = None
    lld_id: str | None = None
    version: str | None = None
    parent_hld: str | None = None
    repository: str | None = None
    service: str | None = None
    product: str | None = None
    runtime: str | None = None
    memory_mb: int | None = None
    timeout_s: int | None = None
    architecture: str | None = None
    functions: tuple[Function, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    tables: tuple[Table, ...] = ()
    entities: tuple[Entity, ...] = ()
    models: tuple[Model, ...] = ()
    enums: tuple[Enumeration, ...] = ()
    test_scenarios: tuple[Scenario, ...] = ()
    environment_variables: tuple[EnvironmentVariable, ...] = ()
    resources: tuple[Resource, ...] = ()
    access_patterns: tuple[AccessPattern, ...] = ()
    error_codes: tuple[ErrorCode, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    headings: tuple[Headline, ...] = ()
    """The document's sections; not part of the printed JSON."""
    repository_stated: bool = True
    """False when the repository's name is derived from the service; not printed either."""


def to_json(value: Any) -> Any:
    """Plain data for `json.dumps`: dataclasses become objects, enumerations their value."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    return value

"""What the readers yield: one statement of the document, with its line and how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from lld.model import (
    AccessPattern,
    EnvironmentVariable,
    ErrorCode,
    Headline,
    IndexKey,
    Parameter,
    Problem,
    Requirement,
    Resource,
    Response,
    Scenario,
    Trigger,
)

if TYPE_CHECKING:
    from lld.blocks import Section
    from lld.model import ModelField, ModelKind


class Trust(IntEnum):
    """How much a statement weighs when another one disagrees."""

    HINT = 1
    """Mentioned: a drawing, a command, an example. Never creates what nothing else states."""
    DRAWN = 2
    """A diagram or a project tree."""
    TOLD = 3
    """Prose, a list, a heading."""
    STATED = 4
    """A table or block whose purpose is to state this."""
    FORMAL = 5
    """Something a machine could read: code, OpenAPI, Terraform."""


@dataclass(frozen=True, slots=True)
class PropertyFact:
    """A key with its value: a row of a property table or a `**Key**: value` line."""

    key: str
    value: str
    line: int
    section: Section
    group: int
    """Line of the table, or 0 for lines of text: what belongs together."""
    caption: str = ""


@dataclass(frozen=True, slots=True)
class FunctionFact:
    """A statement about one Lambda function."""

    name: str
    line: int
    trust: Trust
    group: int
    trigger: Trigger | None = None
    methods: tuple[tuple[str, str], ...] = ()
    memory_mb: int | None = None
    timeout_s: int | None = None
    description: str | None = None
    source: str | None = None
    handler: str | None = None


@dataclass(frozen=True, slots=True)
class CountFact:
    """A heading's claim of how many functions there are."""

    count: int
    line: int
    section: Section


@dataclass(frozen=True, slots=True)
class RouteFact:
    """A statement about one route."""

    method: str
    path: str
    line: int
    trust: Trust
    function: str | None = None
    auth: str | None = None
    summary: str | None = None
    request_model: str | None = None
    response_model: str | None = None
    responses: tuple[Response, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    section: Section | None = None


@dataclass(frozen=True, slots=True)
class PathTreeFact:
    """A full path of a URL tree, written without a method."""

    path: str
    line: int


@dataclass(frozen=True, slots=True)
class TableFact:
    """A statement about one DynamoDB table; the name may be missing."""

    name: str | None
    line: int
    trust: Trust
    section: Section
    partition_key: str | None = None
    sort_key: str | None = None
    ttl_attribute: str | None = None
    stream: str | None = None


@dataclass(frozen=True, slots=True)
class IndexFact:
    """A statement about one global secondary index; keys may be attributes or patterns."""

    name: str
    line: int
    trust: Trust
    section: Section
    alias: str | None = None
    partition_key: str | None = None
    sort_key: str | None = None
    projection: str | None = None
    table: str | None = None


@dataclass(frozen=True, slots=True)
class EntityFact:
    """A statement about the keys of one item type."""

    name: str
    line: int
    trust: Trust
    section: Section
    pk_pattern: str | None = None
    sk_pattern: str | None = None
    partition_key: str | None = None
    sort_key: str | None = None
    index_keys: tuple[IndexKey, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelFact:
    """One form of a data model."""

    name: str
    kind: ModelKind
    fields: tuple[ModelField, ...]
    line: int
    trust: Trust
    bases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EnumFact:
    """One form of an enumeration; `name` is None for a list of values without a type name."""

    name: str | None
    values: tuple[str, ...]
    line: int
    trust: Trust
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexUseFact:
    """An index that something queries."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class TreeFact:
    """The root folder of a project tree and the modules of its handlers folder."""

    root: str | None
    line: int
    handlers: tuple[tuple[str, int], ...] = ()
    triggers: tuple[tuple[str, Trigger], ...] = ()
    """What starts a handler, from the comment beside its module."""


@dataclass(frozen=True, slots=True)
class TagFact:
    """A resource tag."""

    key: str
    value: str
    line: int


@dataclass(frozen=True, slots=True)
class VariableFact:
    """An environment variable; a hint only adds to one that is stated elsewhere."""

    variable: EnvironmentVariable
    trust: Trust


@dataclass(frozen=True, slots=True)
class ScenarioFact:
    """A test scenario."""

    scenario: Scenario
    trust: Trust


@dataclass(frozen=True, slots=True)
class DetailFact:
    """What a section says of the one route it is about."""

    section: Section
    line: int
    parameter: Parameter | None = None
    response: Response | None = None
    request_example: str | None = None
    response_example: str | None = None


Fact = (
    PropertyFact
    | FunctionFact
    | CountFact
    | RouteFact
    | PathTreeFact
    | TableFact
    | IndexFact
    | EntityFact
    | ModelFact
    | EnumFact
    | IndexUseFact
    | TreeFact
    | TagFact
    | VariableFact
    | ScenarioFact
    | DetailFact
    | Resource
    | AccessPattern
    | ErrorCode
    | Requirement
    | Problem
)


@dataclass(slots=True)
class Findings:
    """All facts of a document by type, in the order of the document."""

    properties: list[PropertyFact] = field(default_factory=list)
    functions: list[FunctionFact] = field(default_factory=list)
    counts: list[CountFact] = field(default_factory=list)
    routes: list[RouteFact] = field(default_factory=list)
    paths: list[PathTreeFact] = field(default_factory=list)
    tables: list[TableFact] = field(default_factory=list)
    indexes: list[IndexFact] = field(default_factory=list)
    entities: list[EntityFact] = field(default_factory=list)
    models: list[ModelFact] = field(default_factory=list)
    enums: list[EnumFact] = field(default_factory=list)
    index_uses: list[IndexUseFact] = field(default_factory=list)
    trees: list[TreeFact] = field(default_factory=list)
    tags: list[TagFact] = field(default_factory=list)
    variables: list[VariableFact] = field(default_factory=list)
    scenarios: list[ScenarioFact] = field(default_factory=list)
    details: list[DetailFact] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)
    access_patterns: list[AccessPattern] = field(default_factory=list)
    error_codes: list[ErrorCode] = field(default_factory=list)
    requirements: list[Requirement] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    title: str | None = None
    """Text of the first heading."""
    headings: list[Headline] = field(default_factory=list)

    def add(self, fact: Fact) -> None:
        """File a fact under its type."""
        getattr(self, _SLOTS[type(fact)]).append(fact)


_SLOTS: dict[type, str] = {
    PropertyFact: "properties",
    FunctionFact: "functions",
    CountFact: "counts",
    RouteFact: "routes",
    PathTreeFact: "paths",
    TableFact: "tables",
    IndexFact: "indexes",
    EntityFact: "entities",
    ModelFact: "models",
    EnumFact: "enums",
    IndexUseFact: "index_uses",
    TreeFact: "trees",
    TagFact: "tags",
    VariableFact: "variables",
    ScenarioFact: "scenarios",
    DetailFact: "details",
    Resource: "resources",
    AccessPattern: "access_patterns",
    ErrorCode: "error_codes",
    Requirement: "requirements",
    Problem: "problems",
}

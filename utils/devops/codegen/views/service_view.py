"""What the templates of a service need: the whole design, with names and decisions of code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from codegen.naming import Names, pascal, snake, words
from codegen.quoting import one_line
from codegen.views.entity_reading import view_entities
from codegen.views.model_view import Models, view_models
from codegen.views.operation_reading import view_operations
from codegen.views.operation_view import Action, OperationView
from codegen.views.table_reading import composed_attributes, view_tables
from lld.model import Design, Function, Trigger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codegen.views.entity_view import EntityView, TableView
    from codegen.views.routes import SkippedRoute

ROUTER = "api"
"""Module of the handler that answers routes which no function of the design serves."""


@dataclass(frozen=True, slots=True)
class DataAccess:
    """What a function does with a table, and through which of its indexes."""

    table: TableView
    actions: tuple[str, ...]
    indexes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FunctionView:
    """One Lambda function: its module, and the operations or the events it handles."""

    name: str
    module: str
    trigger: Trigger
    description: str
    line: int | None
    operations: tuple[OperationView, ...] = ()
    source: str | None = None
    designed: bool = True
    """Whether the design names it; the router of unassigned routes is not designed."""

    @property
    def handler(self) -> str:
        """The handler as Lambda is told: `src.handlers.get_cart.handler`."""
        return f"src.handlers.{self.module}.handler"

    @property
    def is_api(self) -> bool:
        return self.trigger is Trigger.API

    @property
    def method(self) -> str:
        """Name of the service method that handles an event."""
        return f"on_{self.module.strip('_')}"


@dataclass(frozen=True, slots=True)
class Group:
    """The operations of one entity, or of none: one service class."""

    class_name: str
    module: str
    entity: EntityView | None
    operations: tuple[OperationView, ...]
    events: tuple[FunctionView, ...] = ()

    @property
    def children(self) -> tuple[EntityView, ...]:
        """Entities whose items belong into answers of this one."""
        found = {child.module: child for one in self.operations for _, child in one.children}
        return tuple(found.values())


@dataclass(frozen=True, slots=True)
class ServiceView:
    """One service, ready to be rendered."""

    design: Design
    name: str
    class_name: str
    repository: str
    title: str
    models: Models
    tables: tuple[TableView, ...]
    entities: tuple[EntityView, ...]
    operations: tuple[OperationView, ...]
    functions: tuple[FunctionView, ...]
    groups: tuple[Group, ...]
    skipped: tuple[SkippedRoute, ...] = ()
    codes: Mapping[int, str] = field(default_factory=dict)
    """The design's error code of a status, where it has exactly one."""
    subject_codes: Mapping[tuple[int, str], str] = field(default_factory=dict)
    """The design's error code of a status and an entity."""

    @property
    def apis(self) -> tuple[FunctionView, ...]:
        return tuple(one for one in self.functions if one.is_api)

    @property
    def events(self) -> tuple[FunctionView, ...]:
        return tuple(one for one in self.functions if not one.is_api)

    @property
    def has_lists(self) -> bool:
        """Whether page tokens are handed out."""
        return any(one.shape for one in self.operations)

    def group_of(self, operation: OperationView) -> Group:
        """The group that holds an operation."""
        return next(one for one in self.groups if operation in one.operations)

    def function_of(self, operation: OperationView) -> FunctionView:
        """The function that serves an operation."""
        return next(one for one in self.functions if operation in one.operations)

    def access_of(self, function: FunctionView) -> tuple[DataAccess, ...]:
        """What the code of a function does with each table."""
        found: dict[str, tuple[TableView, list[str], list[str]]] = {}
        for operation in function.operations:
            for table, action, index in _accesses(operation):
                _, actions, indexes = found.setdefault(table.variable, (table, [], []))
                actions.append(action)
                indexes += [index] if index else []
        return tuple(
            DataAccess(table, tuple(sorted(set(actions))), tuple(sorted(set(indexes))))
            for table, actions, indexes in found.values()
        )


def view_service(design: Design) -> ServiceView:
    """The view of a design; whatever it says, names are made safe and gaps are named."""
    models = view_models(design, composed_attributes(design))
    tables = view_tables(design, models)
    entities = view_entities(design, models, tables)
    operations, skipped, models = view_operations(design, models, entities)
    functions = _functions(design, operations)
    name = snake(design.service or design.repository or "service", default="service").strip("_")
    class_name = pascal(name)
    return ServiceView(
        design=design,
        name=name,
        class_name=class_name,
        repository=repository_name(design),
        title=one_line(design.title or f"{class_name} service", 120),
        models=models,
        tables=tables,
        entities=entities,
        operations=operations,
        functions=functions,
        groups=_groups(name, class_name, entities, operations, functions),
        skipped=skipped,
        codes=_codes(design),
        subject_codes=_subject_codes(design, entities),
    )


def repository_name(design: Design) -> str:
    """The repository's name as a folder: what the design states, made safe."""
    stated = "_".join(words(design.repository or ""))[:80].strip("_")
    service = "_".join(words(design.service or ""))[:60].strip("_") or "unnamed"
    return stated or f"2_bbws_{service}_lambda"


def handler_modules(design: Design) -> tuple[str, ...]:
    """The handler module of each function, in the order of the design."""
    names = Names()
    return tuple(names.claim(snake(one.name, default="function")) for one in design.functions)


def _functions(design: Design, operations: Sequence[OperationView]) -> tuple[FunctionView, ...]:
    served: dict[str, list[OperationView]] = {}
    for operation in operations:
        served.setdefault(operation.function or "", []).append(operation)
    found: list[FunctionView] = []
    given: set[str] = set()
    modules = handler_modules(design)
    for function, module in zip(design.functions, modules, strict=True):
        own = () if function.name in given else tuple(served.get(function.name, ()))
        given.add(function.name)
        found.append(_function(function, module, own))
    rest = tuple(served.get("", ()))
    if rest:
        module = Names(set(modules)).claim(ROUTER)
        text = "Routes of the design that it gives to no function."
        found.append(FunctionView(module, module, Trigger.API, text, None, rest, designed=False))
    return tuple(found)


def _function(
    function: Function, module: str, operations: tuple[OperationView, ...]
) -> FunctionView:
    return FunctionView(
        function.name,
        module,
        function.trigger,
        function.description or "",
        function.line,
        operations,
        function.source,
    )


def _groups(
    name: str,
    class_name: str,
    entities: Sequence[EntityView],
    operations: Sequence[OperationView],
    functions: Sequence[FunctionView],
) -> tuple[Group, ...]:
    own = next((one for one in entities if one.module == name), None)
    members: dict[str, list[OperationView]] = {}
    for operation in operations:
        if operation.action is not Action.HEALTH:
            key = operation.entity.module if operation.entity else name
            members.setdefault(key, []).append(operation)
    by_module = {one.module: one for one in entities}
    events = tuple(one for one in functions if not one.is_api)
    if events:
        members.setdefault(name, [])
    found = []
    for key, group in members.items():
        entity = by_module.get(key) or (own if key == name else None)
        title = entity.class_name if entity else class_name
        found.append(
            Group(
                f"{title}Service",
                f"{key.strip('_')}_service",
                entity,
                tuple(group),
                events if key == name else (),
            )
        )
    return tuple(found)


def _accesses(operation: OperationView) -> list[tuple[TableView, str, str | None]]:
    """The table, the IAM action and the index of everything an operation does."""
    entity = operation.entity
    if not operation.implemented or entity is None or operation.action is Action.HEALTH:
        return []
    found = [(action, None) for action in _TABLE_ACTIONS.get(operation.action, ())]
    indexes = [operation.index] if operation.index else []
    if operation.action is Action.LIST:
        found = [("Scan" if operation.scans else "Query", None)]
        indexes += [one.index for one in operation.filters]
        found += [("GetItem", None)] if any(one.partial for one in indexes) else []
    if operation.action is Action.DELETE:
        found.append(("UpdateItem" if entity.soft_delete else "DeleteItem", None))
    if operation.children:
        found.append(("Query", None))
    accesses = [*found, *(("Query", one.name) for one in indexes)]
    return [(entity.table, f"dynamodb:{action}", index) for action, index in accesses]


_TABLE_ACTIONS = {
    Action.CREATE: ("PutItem",),
    Action.GET: ("GetItem",),
    Action.UPDATE: ("GetItem", "UpdateItem"),
    Action.DELETE: ("GetItem",),
}


def _codes(design: Design) -> dict[int, str]:
    by_status: dict[int, list[str]] = {}
    for one in design.error_codes:
        if one.status:
            by_status.setdefault(one.status, []).append(_code(one.code))
    return {status: codes[0] for status, codes in by_status.items() if len(set(codes)) == 1}


def _subject_codes(design: Design, entities: Sequence[EntityView]) -> dict[tuple[int, str], str]:
    found: dict[tuple[int, str], str] = {}
    for entity in entities:
        own = words(entity.name)
        for one in design.error_codes:
            if one.status in (404, 409) and words(one.code)[: len(own)] == own:
                found.setdefault((one.status, entity.noun), _code(one.code))
    return found


def _code(text: str) -> str:
    return one_line(text, 80)

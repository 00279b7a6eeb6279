"""Operations of the API as generated code sees them.

An operation either has all that implements it (the entity, its key, what each field gets), or `gap`
says what the design leaves open; the code then answers 501.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from codegen.views.field_types import Kind
from codegen.views.routes import read_route as read_route
from codegen.views.routes import route_key as route_key

if TYPE_CHECKING:
    from codegen.views.entity_view import EntityIndex, EntityView
    from codegen.views.model_view import FieldView, ModelView
    from codegen.views.routes import Route as Route


class Action(Enum):
    """What an operation does."""

    CREATE = "create"
    GET = "get"
    LIST = "list"
    UPDATE = "update"
    DELETE = "delete"
    HEALTH = "health"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ListShape:
    """How a list is asked for and answered; no `model` means `{"items", "nextToken"}`."""

    size: str
    token: str
    model: ModelView | None = None
    items: str = "items"
    next: str | None = "nextToken"
    more: str | None = None
    count: str | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """Query parameters that choose an index of the entity: `(parameter, field)`."""

    index: EntityIndex
    params: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Binding:
    """A value that a field gets when an item is created, as an expression."""

    field: str
    expression: str


@dataclass(frozen=True, slots=True)
class OperationView:
    """One route of the API."""

    action: Action
    name: str
    route: Route
    status: int
    description: str
    line: int | None
    function: str | None = None
    """Name of the function in the design; None for a route that no function serves."""
    entity: EntityView | None = None
    request: ModelView | None = None
    response: ModelView | None = None
    wrapper: str | None = None
    """Field of the response model that holds the item."""
    index: EntityIndex | None = None
    """The index that finds the item or the list; None for the table's own key."""
    keys: tuple[tuple[str, str], ...] = ()
    """`(field, path parameter)` pairs of the key."""
    claims: tuple[str, ...] = ()
    """Key fields that the path lacks and the caller's token gives."""
    bindings: tuple[Binding, ...] = ()
    filters: tuple[Filter, ...] = ()
    shape: ListShape | None = None
    scans: bool = False
    children: tuple[tuple[str, EntityView], ...] = ()
    gap: str | None = None
    """What the design leaves open; None when the operation is implemented."""
    assumptions: tuple[str, ...] = ()

    @property
    def implemented(self) -> bool:
        return self.gap is None

    @property
    def uses_caller(self) -> bool:
        """Whether the operation records who called."""
        if not self.implemented or self.entity is None:
            return False
        actors = self.entity.actors
        if self.action is Action.CREATE:
            return bool(actors)
        changes = self.action is Action.UPDATE or (
            self.action is Action.DELETE and self.entity.soft_delete is not None
        )
        return changes and "updated" in actors

    @property
    def uses_version(self) -> bool:
        """Whether a client may say which version it changes."""
        return bool(
            self.implemented
            and self.entity
            and self.entity.version
            and self.action is Action.UPDATE
        )


def moment_source(one: FieldView) -> str:
    """The current time as the field holds it; `moment` is a datetime."""
    if one.type.kind is Kind.DATETIME:
        return "moment"
    return "timestamp(moment)" if one.type.kind is Kind.STR else "int(moment.timestamp())"

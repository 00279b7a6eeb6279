"""Entities, their keys and tables as generated code sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from codegen.naming import words
from codegen.quoting import py_str

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codegen.views.model_view import FieldView, ModelView


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key attribute with its pattern; `fields` are field names of the model, or parents."""

    attribute: str
    template: str
    fields: tuple[str, ...]
    number: bool = False

    @property
    def source(self) -> str:
        """The key as code."""
        number = ", number=True" if self.number else ""
        return f"Key({py_str(self.attribute)}, {py_str(self.template)}{number})"


@dataclass(frozen=True, slots=True)
class EntityIndex:
    """An index that lists the entity."""

    name: str
    suffix: str
    partition: KeyView
    sort: KeyView | None
    partial: bool

    @property
    def constant(self) -> str:
        """Name of the constant in the repository's module."""
        return self.suffix.upper()


@dataclass(frozen=True, slots=True)
class SoftDeleteView:
    """How an item is marked as deleted."""

    field: str
    wire: str
    value: str
    """The value as an expression."""
    alive: str | None
    """The value of an item that is not deleted, when there is only one."""


@dataclass(frozen=True, slots=True)
class TableView:
    """A table, the variable that carries its name, and its key attributes with their types."""

    variable: str
    name: str
    partition: str
    sort: str | None
    indexes: tuple[tuple[str, str, str | None], ...]
    types: Mapping[str, str]
    ttl: str | None
    line: int


@dataclass(frozen=True, slots=True)
class EntityView:
    """One item type of a table."""

    name: str
    class_name: str
    module: str
    model: ModelView
    table: TableView
    partition: KeyView
    sort: KeyView | None
    indexes: tuple[EntityIndex, ...]
    parents: tuple[str, ...]
    """Key fields that the model does not hold."""
    id_field: FieldView | None
    moments: Mapping[str, FieldView] = field(default_factory=dict)
    """`created`, `updated`: fields that the service fills with the time."""
    actors: Mapping[str, FieldView] = field(default_factory=dict)
    """`created`, `updated`: fields that the service fills with the caller."""
    soft_delete: SoftDeleteView | None = None
    version: FieldView | None = None
    expires: str | None = None
    line: int | None = None

    @property
    def key_fields(self) -> tuple[str, ...]:
        """Fields of the primary key, in order, each once."""
        found = (*self.partition.fields, *(self.sort.fields if self.sort else ()))
        return tuple(dict.fromkeys(found))

    @property
    def is_collection(self) -> bool:
        """Whether a partition holds several of them."""
        return bool(self.sort and self.sort.fields)

    @property
    def noun(self) -> str:
        """The words of its name, for texts: `user assignment`."""
        return " ".join(words(self.name)) or "item"

    def argument(self, name: str) -> str:
        """The parameter that carries a key field; a bare `id` says whose."""
        return f"{self.module}_id" if name == "id" else name

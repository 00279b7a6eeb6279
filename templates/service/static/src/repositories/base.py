"""What every repository does the same way: conditional writes, pages, soft delete, version checks.

A repository of one entity states its keys, indexes and special attributes; the reading and writing
is here. Item attributes carry the names of the wire (camelCase), values are given by field name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from src.models.base import Model
from src.repositories.expressions import Expression
from src.repositories.items import from_item, to_attribute, to_item
from src.repositories.keys import Index, Key
from src.repositories.pages import Page, PageRequest, Reader
from src.repositories.table import Table, failures, table
from src.utils.config import setting
from src.utils.errors import ConflictError, NotFoundError
from src.utils.validation import checked

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class SoftDelete:
    """The field that marks an item as deleted, and the value it then has."""

    field: str
    attribute: str
    value: Any


class Repository(Generic[M]):
    """Items of one entity. Subclasses set these attributes and name the operations."""

    model: type[M]
    entity: str
    entity_type: str
    table_variable: str
    partition: Key
    sort: Key | None = None
    indexes: tuple[Index, ...] = ()
    soft_delete: SoftDelete | None = None
    version: str | None = None
    expires: str | None = None

    def __init__(self, given: Table | None = None) -> None:
        self._given = given

    @property
    def _table(self) -> Table:
        return self._given or table(setting(self.table_variable))

    def _add(self, item: M, parents: Mapping[str, Any] | None = None) -> M:
        """Store a new item.

        Args:
            item: What to store.
            parents: Values the key needs and the item does not hold.

        Raises:
            ConflictError: There is one under that key already.
        """
        values = {**(parents or {}), **dict(item)}
        keys = {name: key for name, key in self._index_keys(values).items() if key is not None}
        record = {"entityType": self.entity_type, **to_item(item, expires=self.expires)}
        expression = Expression()
        condition = f"attribute_not_exists({expression.name(self.partition.attribute)})"
        with failures(ConflictError(f"the {self.entity} exists already", subject=self.entity)):
            self._table.put_item(
                Item={**record, **keys, **self._primary(values)},
                ConditionExpression=condition,
                **expression.arguments(),
            )
        return item

    def _get(self, values: Mapping[str, Any]) -> M:
        """The item under a key.

        Raises:
            NotFoundError: There is none, or it was deleted.
        """
        return self._parse(self._alive(self._read(self._primary(values))))

    def _find(self, index: Index, values: Mapping[str, Any]) -> M:
        """The one item an index has for these values.

        Raises:
            NotFoundError: There is none, or it was deleted.
        """
        return self._parse(self._alive(self._locate(values, index)))

    def _page(
        self, values: Mapping[str, Any], page: PageRequest, index: Index | None = None
    ) -> Page[M]:
        """One page of a partition of the table, or of an index."""
        rows = self._rows(values, page, index)
        return Page([self._parse(row) for row in rows.items], rows.next_token)

    def _all(self, values: Mapping[str, Any]) -> list[M]:
        """Every item of a partition of the table."""
        rows = self._reader(values, None, newest_first=False, deleted=False).all()
        return [self._parse(row) for row in rows]

    def _scan(self, page: PageRequest) -> Page[M]:
        """One page of all items of the entity. Reads the whole table: no index has this list."""
        expression = Expression()
        filters = [*self._not_deleted(expression), *self._of_this_entity(expression)]
        scope = f"{self.entity_type}|scan"
        rows = Reader(self._table.scan, {}, expression, filters, scope).page(page)
        return Page([self._parse(row) for row in rows.items], rows.next_token)

    def _change(
        self,
        values: Mapping[str, Any],
        changes: Mapping[str, Any],
        *,
        index: Index | None = None,
        expected_version: int | None = None,
    ) -> M:
        """Set the given fields of an item and nothing else; `None` removes a field.

        Raises:
            NotFoundError: There is no such item, or it was deleted and stays so.
            ConflictError: It is no longer at the expected version, or changed meanwhile.
        """
        stored = self._locate(values, index)
        if not self._revives(changes):
            self._alive(stored)
        current = self._parse(stored)
        changes = {**changes, **self._next_version(current, expected_version)}
        changed = checked(self.model, {**dict(current), **changes})
        keys = self._index_keys({**values, **dict(changed)})
        moved = {name: key for name, key in keys.items() if stored.get(name) != key}
        item = to_item(changed, expires=self.expires)
        names = [_attribute(self.model, name) for name in changes]
        guards = [*moved, *([_attribute(self.model, self.version)] if self.version else [])]
        self._write(stored, {**{name: item.get(name) for name in names}, **moved}, guards)
        return changed

    def _remove(
        self,
        values: Mapping[str, Any],
        *,
        index: Index | None = None,
        changes: Mapping[str, Any] | None = None,
    ) -> None:
        """Delete an item, or mark it as deleted where the design wants it kept.

        Raises:
            NotFoundError: There is no such item, or it was deleted before.
        """
        if self.soft_delete:
            marked = {**(changes or {}), self.soft_delete.field: self.soft_delete.value}
            self._change(values, marked, index=index)
            return
        key = self._key_of(self._locate(values, index)) if index else self._primary(values)
        expression = Expression()
        condition = f"attribute_exists({expression.name(self.partition.attribute)})"
        with failures(self._missing()):
            self._table.delete_item(
                Key=key, ConditionExpression=condition, **expression.arguments()
            )

    def _own_keys(self) -> list[Key]:
        return [self.partition, self.sort] if self.sort else [self.partition]

    def _primary(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {key.attribute: key.render(values) for key in self._own_keys()}

    def _key_of(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        return {key.attribute: stored[key.attribute] for key in self._own_keys()}

    def _index_keys(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Keys of the indexes as far as the values go; `None` where the item is not listed."""
        attributes = {_attribute(self.model, name) for name in self.model.model_fields}
        found: dict[str, Any] = {}
        for index in self.indexes:
            keys = [index.partition, index.sort] if index.sort else [index.partition]
            if any(name not in values for key in keys for name in key.fields):
                continue
            listed = all(key.is_filled_by(values) for key in keys)
            for key in keys:
                if key.attribute not in attributes:
                    found[key.attribute] = key.render(values) if listed else None
        return found

    def _next_version(self, current: M, expected: int | None) -> dict[str, int]:
        if self.version is None:
            return {}
        version = int(getattr(current, self.version))
        if expected is not None and expected != version:
            raise ConflictError(
                f"the {self.entity} is at version {version}, not {expected}", subject=self.entity
            )
        return {self.version: version + 1}

    def _revives(self, changes: Mapping[str, Any]) -> bool:
        """Whether the change undoes a soft delete, the one change a deleted item takes."""
        mark = self.soft_delete
        return mark is not None and mark.field in changes and changes[mark.field] != mark.value

    def _alive(self, stored: dict[str, Any]) -> dict[str, Any]:
        mark = self.soft_delete
        if mark and stored.get(mark.attribute) == to_attribute(mark.value):
            raise self._missing()
        return stored

    def _missing(self) -> NotFoundError:
        return NotFoundError(f"there is no such {self.entity}", subject=self.entity)

    def _parse(self, stored: Mapping[str, Any]) -> M:
        return self.model.model_validate(from_item(dict(stored), expires=self.expires))

    def _read(self, key: dict[str, Any]) -> dict[str, Any]:
        with failures():
            found = self._table.get_item(Key=key, ConsistentRead=True).get("Item")
        if found is None:
            raise self._missing()
        return dict(found)

    def _locate(self, values: Mapping[str, Any], index: Index | None) -> dict[str, Any]:
        """The stored item: by its key, or the first one an index has, then read from the table."""
        if index is None:
            return self._read(self._primary(values))
        whole = Index(index.name, index.partition, index.sort, partial=True)
        rows = self._rows(values, PageRequest(size=1), whole, deleted=True).items
        if not rows:
            raise self._missing()
        return rows[0]

    def _rows(
        self,
        values: Mapping[str, Any],
        page: PageRequest,
        index: Index | None,
        *,
        deleted: bool = False,
    ) -> Page[dict[str, Any]]:
        reader = self._reader(values, index, newest_first=page.newest_first, deleted=deleted)
        rows = reader.page(page)
        if index and index.partial:
            return Page([self._read(self._key_of(row)) for row in rows.items], rows.next_token)
        return rows

    def _reader(
        self, values: Mapping[str, Any], index: Index | None, *, newest_first: bool, deleted: bool
    ) -> Reader:
        """What reads a partition: of the table those keys with the prefix of this entity."""
        partition, sort = (index.partition, index.sort) if index else (self.partition, self.sort)
        expression = Expression()
        key = partition.render(values)
        condition = f"{expression.name(partition.attribute)} = {expression.value(key)}"
        prefix = sort.prefix(values) if sort and not sort.number else ""
        if sort and prefix:
            begins = f"{expression.name(sort.attribute)}, {expression.value(prefix)}"
            condition += f" AND begins_with({begins})"
        request = {"KeyConditionExpression": condition, "ScanIndexForward": not newest_first}
        filters = [] if deleted else self._not_deleted(expression)
        if index:
            request["IndexName"] = index.name
            filters += self._of_this_entity(expression)
        scope = f"{self.entity_type}|{index.name if index else ''}|{key}|{prefix}"
        return Reader(self._table.query, request, expression, filters, scope)

    def _not_deleted(self, expression: Expression) -> list[str]:
        if not self.soft_delete:
            return []
        name = expression.name(self.soft_delete.attribute)
        value = expression.value(to_attribute(self.soft_delete.value))
        return [f"(attribute_not_exists({name}) OR {name} <> {value})"]

    def _of_this_entity(self, expression: Expression) -> list[str]:
        """Other entities may share a partition: only keys of this one's pattern count."""
        return [
            f"begins_with({expression.name(key.attribute)}, {expression.value(key.prefix({}))})"
            for key in self._own_keys()
            if key.prefix({})
        ]

    def _write(
        self, stored: Mapping[str, Any], attributes: Mapping[str, Any], guards: list[str]
    ) -> None:
        """Set or remove attributes, as long as the guards still are as they were read."""
        expression = Expression()
        update = expression.assignments(attributes)
        if not update:
            return
        exists = f"attribute_exists({expression.name(self.partition.attribute)})"
        conditions = [exists, *expression.unchanged(stored, guards)]
        changed = ConflictError(f"the {self.entity} changed meanwhile", subject=self.entity)
        with failures(changed):
            self._table.update_item(
                Key=self._key_of(stored),
                UpdateExpression=update,
                ConditionExpression=" AND ".join(conditions),
                **expression.arguments(),
            )


def _attribute(model: type[Model], name: str) -> str:
    return model.model_fields[name].alias or name

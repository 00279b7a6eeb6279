"""Keys of an entity: the patterns of a design, resolved to fields of its model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codegen.naming import Names, singular, snake, words
from codegen.views.entity_view import EntityIndex, KeyView, TableView
from codegen.views.field_types import FieldType, Kind
from codegen.views.key_patterns import KeyPattern, read_pattern
from codegen.views.table_reading import is_composed

if TYPE_CHECKING:
    from collections.abc import Callable

    from codegen.views.model_view import FieldView, ModelView
    from lld.model import Design, Entity, Index

NOISE = frozenset({"entity", "metadata", "item", "record", "data", "table", "schema", "profile"})
CREATED = ("created_at", "date_created", "created_date", "created_on", "created", "creation_date")
_MOMENTS = frozenset({"timestamp", "datetime", "date", "time", "now"})


def field_for(placeholder: str, entity: Entity, model: ModelView) -> FieldView | None:
    """The field that a placeholder of a key pattern means, in any spelling of its name."""
    found = model.field_called(placeholder)
    if found:
        return found
    parts = words(placeholder)
    own = {"".join(words(model.design)), *words(entity.name)[:1]}
    if parts[-1:] == ["id"] and "".join(parts[:-1]) in own:
        return model.field_called("id")
    if parts == ["id"]:
        return model.field_called(f"{model.design}_id")
    close = [one for one in model.fields if _abbreviates(parts, words(one.design))]
    if len(close) == 1:
        return close[0]
    if len(parts) == 1 and parts[0] in _MOMENTS:
        return next((one for name in CREATED if (one := model.field_called(name))), None)
    return None


def _abbreviates(short: list[str], long: list[str]) -> bool:
    """Whether a placeholder is a field's name cut short: `name` for `organizationName`."""
    if len(short) != 1 or not long:
        return False
    word = short[0]
    return (len(long) > 1 and long[-1] == word) or (
        len(long) == 1 and len(word) >= 3 and long[0].startswith(word)
    )


def key_view(
    attribute: str, pattern: KeyPattern, resolve: Callable[[str], str], table: TableView
) -> KeyView:
    """A key attribute whose pattern is filled from fields; `resolve` names them."""
    fields = tuple(resolve(one) for one in pattern.fields)
    template = pattern.template(resolve)
    number = table.types.get(attribute) == "N" and template == f"{{{''.join(fields)}}}"
    return KeyView(attribute, template, fields, number)


@dataclass(frozen=True, slots=True)
class Keying:
    """What the keys of one entity are resolved with."""

    entity: Entity
    model: ModelView
    table: TableView
    known: frozenset[str]
    resolve: Callable[[str], str]
    sort: KeyView | None


def indexes(keying: Keying, design: Design) -> tuple[EntityIndex, ...]:
    """The indexes that list the entity: those whose keys the design gives for it."""
    names = Names()
    sources = {one.name: one for stored in design.tables for one in stored.gsis}
    found = []
    for name, partition_key, sort_key in keying.table.indexes:
        for pk_pattern, sk_pattern in _stated_keys(name, keying, design):
            partition = _index_key(partition_key, pk_pattern, keying)
            sort = _sort_key(sort_key, sk_pattern, pk_pattern, keying)
            if partition is None or (sort_key and sort is None):
                continue
            suffix = names.claim(snake(name.removesuffix("Index"), default="index"))
            partial = _is_partial(sources.get(name))
            found.append(EntityIndex(name, suffix, partition, sort, partial))
            break
    return tuple(found)


def _stated_keys(name: str, keying: Keying, design: Design) -> list[tuple[str | None, str | None]]:
    """Patterns for the keys of an index, the surest first; no pattern means plain attributes."""
    stated: list[tuple[str | None, str | None]] = [
        (one.pk_pattern, one.sk_pattern)
        for one in keying.entity.index_keys
        if words(one.index) == words(name)
    ]
    taken = {one.pk_pattern for entity in design.entities for one in entity.index_keys}
    for pattern in design.access_patterns:
        if words(pattern.index or "") != words(name) or not pattern.key_condition:
            continue
        found = re.search(r"=\s*`?([^\s`,]*[#{][^\s`,]*)", pattern.key_condition)
        if found and found[1] not in taken and _is_about(pattern.name, keying.model, design):
            stated.append((found[1], None))
    return [*stated, (None, None)]


def _is_about(text: str, model: ModelView, design: Design) -> bool:
    """Whether the first entity that a text names is this one: `List loans of a member`."""
    nouns = {word for one in design.entities for word in words(one.name)} - NOISE
    first = next((one for one in map(singular, words(text)) if one in nouns), None)
    return first in words(model.design)


def _is_partial(index: Index | None) -> bool:
    projection = (index.projection or "ALL").upper() if index else "ALL"
    return "KEYS" in projection or "INCLUDE" in projection


def _index_key(attribute: str, pattern: str | None, keying: Keying) -> KeyView | None:
    """The key of an index; None when the design does not say what it holds for this entity."""
    if pattern and pattern.strip("`\"' ") != attribute:
        key = key_view(attribute, read_pattern(pattern), keying.resolve, keying.table)
        return key if set(key.fields) <= keying.known else None
    model = keying.model
    own = next((one for one in model.fields if one.wire == attribute), None)
    if own and _may_be_key(own.type):
        number = keying.table.types.get(attribute) == "N"
        return KeyView(attribute, f"{{{own.name}}}", (own.name,), number)
    if words(attribute) == ["entity", "type"]:
        return KeyView(attribute, entity_type(model), ())
    return None


def _sort_key(
    attribute: str | None, pattern: str | None, partition: str | None, keying: Keying
) -> KeyView | None:
    """The sort key of an index; where only its partition is stated, the item's own sort key."""
    if attribute is None:
        return None
    found = _index_key(attribute, pattern, keying)
    if found or pattern or not partition or keying.sort is None or not is_composed(attribute):
        return found
    return KeyView(attribute, keying.sort.template, keying.sort.fields)


def _may_be_key(type_: FieldType) -> bool:
    return type_.kind not in (Kind.BOOL, Kind.LIST, Kind.DICT, Kind.OBJECT, Kind.ANY)


def entity_type(model: ModelView) -> str:
    """The discriminator stored with each item: `CART_ITEM`."""
    return snake(model.class_name).upper().strip("_")

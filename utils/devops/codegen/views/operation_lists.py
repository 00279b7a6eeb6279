"""Lists: which partition or index holds one, what chooses another, how it is asked and answered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from codegen.naming import plural, words
from codegen.views.field_types import FieldType, Kind
from codegen.views.operation_view import Filter, ListShape, OperationView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codegen.views.entity_view import EntityView
    from codegen.views.model_view import ModelView
    from codegen.views.route_meaning import Keys, Meaning

_TOKENS = (
    "next_token", "page_token", "next_page_token", "start_at", "cursor", "next_cursor",
    "continuation_token", "last_key", "last_evaluated_key", "next_start_at",
)  # fmt: skip
_SIZES = ("page_size", "limit", "max_results", "size", "per_page", "max_items", "count")
_MORE = ("more_available", "has_more", "more", "has_next")
_COUNTS = ("count", "size", "page_count", "item_count", "returned")
_TEXTS = (Kind.STR, Kind.ANY)
_WHOLE = (Kind.INT, Kind.NUMBER)


def fill_list(view: OperationView, entity: EntityView, meaning: Meaning) -> OperationView:
    """The operation with what holds the list and how it is answered, or with its gap."""
    shape, gap = _shape(view, entity, meaning)
    if gap:
        return replace(view, gap=gap)
    found = _held(replace(view, shape=shape), entity, meaning)
    if found.gap:
        return found
    filters = _filters(entity, found.keys, meaning)
    return replace(found, filters=filters, claims=meaning.claims(found.keys))


def _held(view: OperationView, entity: EntityView, meaning: Meaning) -> OperationView:
    """The operation with the partition or index that holds the list."""
    keys = meaning.bound(entity, entity.partition.fields)
    params = meaning.route.params
    if entity.is_collection and keys and (meaning.names_last(keys) or not params):
        return replace(view, keys=keys)
    for index in entity.indexes:
        keys = meaning.bound(entity, index.partition.fields)
        if keys and meaning.names_last(keys):
            return replace(view, index=index, keys=keys)
    if params:
        nouns = plural(entity.noun)
        return replace(view, gap=f"neither the table nor an index lists {nouns} by the path")
    constant = [one for one in entity.indexes if not one.partition.fields]
    if constant:
        return replace(view, index=constant[0])
    if not entity.partition.fields and entity.is_collection:
        return view
    owners = _owners(entity)
    if owners:
        return replace(view, gap=f"the path does not give {', '.join(owners)}")
    return replace(view, scans=True)


def _owners(entity: EntityView) -> list[str]:
    """Partition fields that say whose an item is: a list across owners shows what is not one's."""
    own = entity.id_field.name if entity.id_field else ""
    return [name for name in entity.partition.fields if name not in (own, "id")]


def _filters(entity: EntityView, keys: Keys, meaning: Meaning) -> tuple[Filter, ...]:
    """Indexes that query parameters choose; what the path gives needs no parameter.

    An index that does not hold all the path asks for would list what belongs to others.
    """
    asked = {name for name, _ in keys}
    own = entity.id_field.name if entity.id_field else ""
    found = []
    for index in entity.indexes:
        fields = index.partition.fields
        if not fields or not asked <= set(fields) or own in fields:
            continue
        wires = {one.name: one.wire for one in entity.model.fields}
        params = {one.name for one in meaning.route.params} | asked
        open_fields = [name for name in fields if name not in params]
        if open_fields and all(name in wires for name in open_fields):
            found.append(Filter(index, tuple((wires[name], name) for name in open_fields)))
    return tuple(found)


def _shape(
    view: OperationView, entity: EntityView, meaning: Meaning
) -> tuple[ListShape | None, str | None]:
    """How the list is asked for and answered, or what the design leaves open about that."""
    endpoint = meaning.source.endpoint
    stated = endpoint.parameters if endpoint else ()
    asked = {"_".join(words(one.name)): one.name for one in stated if one.location == "query"}
    size = _first(asked, _SIZES) or "pageSize"
    model = view.response
    if model is None or model.design == entity.model.design:
        return ListShape(size, _first(asked, _TOKENS) or "nextToken"), None
    items = next((one for one in model.fields if _lists(one.type, entity)), None)
    if items is None:
        return None, f"{model.class_name} holds no list of {entity.model.class_name}"
    token = _pick(model, _TOKENS, _TEXTS)
    more = _pick(model, _MORE, (Kind.BOOL,))
    count = _pick(model, _COUNTS, _WHOLE)
    filled = {items.name, token, more, count}
    unknown = [one.wire for one in model.fields if one.required and one.name not in filled]
    if unknown:
        return None, f"the design does not say where {', '.join(unknown)} of the list come from"
    wire = next((one.wire for one in model.fields if one.name == token), "nextToken")
    name = _first(asked, _TOKENS) or wire
    return ListShape(size, name, model, items.name, token, more, count), None


def _first(asked: dict[str, str], known: Sequence[str]) -> str | None:
    return next((asked[name] for name in known if name in asked), None)


def _pick(model: ModelView, known: Sequence[str], kinds: Sequence[Kind]) -> str | None:
    """The field of a response that has one of these names and kinds."""
    named = {"_".join(words(one.design)): one for one in model.fields if one.type.kind in kinds}
    return next((named[name].name for name in known if name in named), None)


def _lists(type_: FieldType, entity: EntityView) -> bool:
    return bool(type_.kind is Kind.LIST and type_.item and type_.item.name == entity.model.design)

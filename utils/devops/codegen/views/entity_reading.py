"""Entities of a design: how each is keyed, and which of its attributes the service looks after."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from codegen.naming import Names, pascal, snake, words
from codegen.views.entity_view import EntityView, KeyView, SoftDeleteView, TableView
from codegen.views.field_types import Kind
from codegen.views.key_patterns import read_pattern
from codegen.views.key_reading import CREATED, NOISE, Keying, field_for, indexes, key_view
from codegen.views.model_view import FieldView, Models, ModelView, Role
from codegen.views.table_reading import is_composed
from lld.model import Design, Entity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


_UPDATED = (
    "updated_at", "date_last_updated", "last_updated_at", "last_updated", "date_updated",
    "updated_on", "modified_at", "last_modified", "last_modified_at", "updated",
)  # fmt: skip
_CREATED_BY = ("created_by",)
_UPDATED_BY = ("updated_by", "last_updated_by", "modified_by", "last_modified_by")
_GONE = ("DELETED", "DEPROVISIONED", "REMOVED", "ARCHIVED", "INACTIVE")


def view_entities(
    design: Design, models: Models, tables: Sequence[TableView]
) -> tuple[EntityView, ...]:
    """The entities whose table, keys and model the design gives."""
    if not tables:
        return ()
    names = Names()
    found = []
    sources = [*design.entities, *_plain_entities(design, models)]
    for entity in sources:
        table = _table_of(entity, tables)
        model = _model_of(entity.name, models)
        if table is None or model is None or not entity.pk_pattern:
            continue
        view = _view_entity(entity, table, model, models, design, names)
        if view:
            found.append(view)
    return tuple(found)


def _plain_entities(design: Design, models: Models) -> list[Entity]:
    """Entities of tables that are keyed by plain attributes, such as `ticketId`."""
    found = []
    if any(entity.pk_pattern for entity in design.entities):
        return []
    for table in design.tables:
        keys = [key for key in (table.partition_key, table.sort_key) if key]
        if not keys or any(is_composed(key) for key in keys):
            continue
        owners = [
            model
            for model in models.models.values()
            if model.role is Role.STORED and all(model.field_called(key) for key in keys)
        ]
        own = set(words(table.name or ""))
        owners.sort(key=lambda model: -len(own & _stems(model.design)))
        if owners:
            sort = f"{{{table.sort_key}}}" if table.sort_key else None
            key = f"{{{table.partition_key}}}"
            found.append(Entity(owners[0].design, key, sort, owners[0].line or table.line))
    return found


def _stems(name: str) -> set[str]:
    return {form for word in words(name) for form in (word, f"{word}s")}


def _table_of(entity: Entity, tables: Sequence[TableView]) -> TableView | None:
    needs_sort = bool(entity.sk_pattern)
    fitting = [table for table in tables if bool(table.sort) or not needs_sort] or list(tables)
    indexes = {one.index for one in entity.index_keys}
    own = _stems(entity.name)
    return max(
        fitting,
        key=lambda table: (
            len(indexes & {name for name, _, _ in table.indexes}),
            len(own & set(words(table.name))),
        ),
        default=None,
    )


def _model_of(name: str, models: Models) -> ModelView | None:
    """The stored model that carries the entity's name, without what only says that it is one."""
    bare = re.sub(r"\([^)]*\)", " ", name)
    candidates = [words(name), words(bare), [one for one in words(bare) if one not in NOISE]]
    for candidate in candidates:
        for model in models.models.values():
            if model.role is Role.STORED and "".join(words(model.design)) == "".join(candidate):
                return model
    return None


def _view_entity(
    entity: Entity,
    table: TableView,
    model: ModelView,
    models: Models,
    design: Design,
    names: Names,
) -> EntityView | None:
    def resolve(placeholder: str) -> str:
        found = field_for(placeholder, entity, model)
        return found.name if found else snake(placeholder, default="key")

    partition = key_view(table.partition, read_pattern(entity.pk_pattern or ""), resolve, table)
    sort = None
    if table.sort:
        if not entity.sk_pattern:
            return None
        sort = key_view(table.sort, read_pattern(entity.sk_pattern), resolve, table)
    held = {one.name for one in model.fields}
    fields = (*partition.fields, *(sort.fields if sort else ()))
    parents = tuple(dict.fromkeys(name for name in fields if name not in held))
    shared = [one for one in design.entities if _model_of(one.name, models) is model]
    bare = " ".join(words(model.design))
    if len(shared) > 1:
        bare = " ".join(one for one in words(entity.name) if one not in NOISE) or bare
    class_name = names.claim(model.class_name if len(shared) < 2 else pascal(bare))
    return EntityView(
        name=bare,
        class_name=class_name,
        module=snake(class_name),
        model=model,
        table=table,
        partition=partition,
        sort=sort,
        indexes=indexes(
            Keying(entity, model, table, frozenset({*held, *parents}), resolve, sort), design
        ),
        parents=parents,
        id_field=_id_field(model, partition, sort),
        moments=_special(model, {"created": CREATED, "updated": _UPDATED}, _holds_moment),
        actors=_special(model, {"created": _CREATED_BY, "updated": _UPDATED_BY}, _holds_text),
        soft_delete=_soft_delete(model, models, design),
        version=_version(model),
        expires=_expires(model, table),
        line=entity.line,
    )


def _id_field(model: ModelView, partition: KeyView, sort: KeyView | None) -> FieldView | None:
    """The field that identifies an item of its own, when its name says so."""
    last = (sort.fields if sort and sort.fields else partition.fields)[-1:]
    found = next((one for one in model.fields if one.name in last), None)
    parts = words(found.name) if found else []
    if found and parts[-1:] == ["id"] and found.type.kind in (Kind.STR, Kind.UUID):
        whose = parts[:-1]
        if words(model.design)[-len(whose) :] == whose or not whose:
            return found
    own = model.field_called("id") or model.field_called(f"{model.design}_id")
    return own if own and own.type.kind in (Kind.STR, Kind.UUID) else None


def _special(
    model: ModelView, wanted: Mapping[str, Iterable[str]], fits: Any
) -> dict[str, FieldView]:
    found = {}
    for role, names in wanted.items():
        one = next((one for name in names if (one := model.field_called(name))), None)
        if one and fits(one):
            found[role] = one
    return found


def _holds_moment(one: FieldView) -> bool:
    return one.type.kind in (Kind.STR, Kind.DATETIME, Kind.INT, Kind.NUMBER) and not one.limits


def _holds_text(one: FieldView) -> bool:
    return one.type.kind is Kind.STR and not one.limits


def _version(model: ModelView) -> FieldView | None:
    one = model.field_called("version")
    return one if one and one.type.kind is Kind.INT and "le" not in one.limits else None


def _soft_delete(model: ModelView, models: Models, design: Design) -> SoftDeleteView | None:
    texts = [one.description or "" for one in design.functions]
    texts += [one.summary or "" for one in design.endpoints]
    deletions = " ".join(text.lower() for text in texts if re.search(r"(?i)delet|remov", text))
    if re.search(r"hard delete|for good|permanently", deletions):
        return None
    for name in ("active", "is_active"):
        one = model.field_called(name)
        if one and one.type.kind is Kind.BOOL:
            return SoftDeleteView(one.name, one.wire, "False", "True")
    for name in ("is_deleted", "deleted"):
        one = model.field_called(name)
        if one and one.type.kind is Kind.BOOL:
            return SoftDeleteView(one.name, one.wire, "True", "False")
    status = model.field_called("status")
    enum = models.enums.get(status.type.name) if status else None
    if status and enum and "soft" in deletions:
        gone = next((member for name in _GONE if (member := enum.member_of(name))), None)
        if gone:
            return SoftDeleteView(status.name, status.wire, gone, None)
    return None


def _expires(model: ModelView, table: TableView) -> str | None:
    """The time-to-live attribute, when the model holds it as a moment; seconds need no care."""
    one = next((one for one in model.fields if one.wire == table.ttl), None)
    return one.wire if one and one.type.kind in (Kind.STR, Kind.DATETIME) else None

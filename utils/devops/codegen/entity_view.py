"""Entities of a design: how each is keyed, and which of its attributes the service looks after."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from codegen.field_types import FieldType, Kind
from codegen.key_patterns import KeyPattern, read_pattern
from codegen.model_view import FieldView, Models, ModelView, Role
from codegen.naming import Names, pascal, singular, snake, words
from codegen.quoting import py_str
from lld.model import Design, Entity, Index, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_COMPOSED = re.compile(r"(?i)(?:gsi|lsi)?\d*[_-]?(?:pk|sk)\d*")
_NOISE = frozenset({"entity", "metadata", "item", "record", "data", "table", "schema", "profile"})
_CREATED = ("created_at", "date_created", "created_date", "created_on", "created", "creation_date")
_UPDATED = (
    "updated_at", "date_last_updated", "last_updated_at", "last_updated", "date_updated",
    "updated_on", "modified_at", "last_modified", "last_modified_at", "updated",
)  # fmt: skip
_CREATED_BY = ("created_by",)
_UPDATED_BY = ("updated_by", "last_updated_by", "modified_by", "last_modified_by")
_MOMENTS = frozenset({"timestamp", "datetime", "date", "time", "now"})
_GONE = ("DELETED", "DEPROVISIONED", "REMOVED", "ARCHIVED", "INACTIVE")


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


def is_composed(attribute: str) -> bool:
    """Whether an attribute's name says that it holds a composed key (`PK`, `GSI1SK`)."""
    return _COMPOSED.fullmatch(attribute) is not None


def composed_attributes(design: Design) -> frozenset[str]:
    """Attributes that hold composed keys: they are no data."""
    found = {name for table in design.tables for name in _key_names(table)}
    return frozenset({name for name in found if is_composed(name)} | {"PK", "SK", "pk", "sk"})


def _key_names(table: Table) -> list[str]:
    pairs = [(table.partition_key, table.sort_key)]
    pairs += [(index.partition_key, index.sort_key) for index in table.gsis]
    return [name for pair in pairs for name in pair if name]


def view_tables(design: Design, models: Models) -> tuple[TableView, ...]:
    """The tables, with the environment variable that names each."""
    usable = [table for table in design.tables if table.partition_key]
    names = Names()
    found = []
    for table in usable:
        variable = names.claim(_table_variable(design, table, alone=len(usable) == 1))
        indexes = tuple(
            (index.name, index.partition_key, index.sort_key)
            for index in table.gsis
            if index.partition_key
        )
        types = {name: _key_type(name, models) for name in _key_names(table)}
        found.append(
            TableView(
                variable,
                table.name or "",
                str(table.partition_key),
                table.sort_key,
                indexes,
                types,
                table.ttl_attribute,
                table.line,
            )
        )
    return tuple(found)


def _table_variable(design: Design, table: Table, *, alone: bool) -> str:
    """`TABLE_NAME` for the only table; else the design's own variable, or `<NAME>_TABLE_NAME`."""
    if alone:
        return "TABLE_NAME"
    stated = [
        one.name
        for one in design.environment_variables
        if "table" in words(one.name) and re.fullmatch(r"[A-Z][A-Z0-9_]{0,60}", one.name)
    ]
    own = [one for one in words(table.name or "") if one not in ("bbws", "table")]
    for name in stated:
        if set(words(name)) - {"table", "name", "dynamodb"} & set(own):
            return name
    return f"{snake('_'.join(own) or 'data').upper().strip('_')}_TABLE_NAME"


def _key_type(attribute: str, models: Models) -> str:
    """`N` for a key that every model which has it holds as a number, else `S`."""
    fields = [
        one for model in models.models.values() for one in model.fields if one.wire == attribute
    ]
    return "N" if fields and all(one.type.is_numeric for one in fields) else "S"


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
    candidates = [words(name), words(bare), [one for one in words(bare) if one not in _NOISE]]
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
        found = _field_for(placeholder, entity, model)
        return found.name if found else snake(placeholder, default="key")

    partition = _key(table.partition, read_pattern(entity.pk_pattern or ""), resolve, table)
    sort = None
    if table.sort:
        if not entity.sk_pattern:
            return None
        sort = _key(table.sort, read_pattern(entity.sk_pattern), resolve, table)
    held = {one.name for one in model.fields}
    fields = (*partition.fields, *(sort.fields if sort else ()))
    parents = tuple(dict.fromkeys(name for name in fields if name not in held))
    shared = [one for one in design.entities if _model_of(one.name, models) is model]
    bare = " ".join(words(model.design))
    if len(shared) > 1:
        bare = " ".join(one for one in words(entity.name) if one not in _NOISE) or bare
    class_name = names.claim(model.class_name if len(shared) < 2 else pascal(bare))
    return EntityView(
        name=bare,
        class_name=class_name,
        module=snake(class_name),
        model=model,
        table=table,
        partition=partition,
        sort=sort,
        indexes=_indexes(
            _Keying(entity, model, table, frozenset({*held, *parents}), resolve, sort), design
        ),
        parents=parents,
        id_field=_id_field(model, partition, sort),
        moments=_special(model, {"created": _CREATED, "updated": _UPDATED}, _holds_moment),
        actors=_special(model, {"created": _CREATED_BY, "updated": _UPDATED_BY}, _holds_text),
        soft_delete=_soft_delete(model, models, design),
        version=_version(model),
        expires=_expires(model, table),
        line=entity.line,
    )


def _field_for(placeholder: str, entity: Entity, model: ModelView) -> FieldView | None:
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
        return next((one for name in _CREATED if (one := model.field_called(name))), None)
    return None


def _abbreviates(short: list[str], long: list[str]) -> bool:
    """Whether a placeholder is a field's name cut short: `name` for `organizationName`."""
    if len(short) != 1 or not long:
        return False
    word = short[0]
    return (len(long) > 1 and long[-1] == word) or (
        len(long) == 1 and len(word) >= 3 and long[0].startswith(word)
    )


def _key(
    attribute: str, pattern: KeyPattern, resolve: Callable[[str], str], table: TableView
) -> KeyView:
    fields = tuple(resolve(one) for one in pattern.fields)
    template = pattern.template(resolve)
    number = table.types.get(attribute) == "N" and template == f"{{{''.join(fields)}}}"
    return KeyView(attribute, template, fields, number)


@dataclass(frozen=True, slots=True)
class _Keying:
    """What the keys of one entity are resolved with."""

    entity: Entity
    model: ModelView
    table: TableView
    known: frozenset[str]
    resolve: Callable[[str], str]
    sort: KeyView | None


def _indexes(keying: _Keying, design: Design) -> tuple[EntityIndex, ...]:
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


def _stated_keys(name: str, keying: _Keying, design: Design) -> list[tuple[str | None, str | None]]:
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
    nouns = {word for one in design.entities for word in words(one.name)} - _NOISE
    first = next((one for one in map(singular, words(text)) if one in nouns), None)
    return first in words(model.design)


def _is_partial(index: Index | None) -> bool:
    projection = (index.projection or "ALL").upper() if index else "ALL"
    return "KEYS" in projection or "INCLUDE" in projection


def _index_key(attribute: str, pattern: str | None, keying: _Keying) -> KeyView | None:
    """The key of an index; None when the design does not say what it holds for this entity."""
    if pattern and pattern.strip("`\"' ") != attribute:
        key = _key(attribute, read_pattern(pattern), keying.resolve, keying.table)
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
    attribute: str | None, pattern: str | None, partition: str | None, keying: _Keying
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

"""Tables of a design: their keys, indexes, and the variables that carry their names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codegen.naming import Names, snake, words
from codegen.views.entity_view import TableView

if TYPE_CHECKING:
    from codegen.views.model_view import Models
    from lld.model import Design, Table

_COMPOSED = re.compile(r"(?i)(?:gsi|lsi)?\d*[_-]?(?:pk|sk)\d*")


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

"""Models and the keys of tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.rules.finding import error, warning
from lld.schemas import defined_names
from lld.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.model import Design, Problem, Table

_KNOWN_TYPES = frozenset(
    [
        *("str", "int", "float", "bool", "bytes", "Any", "Decimal", "datetime", "date", "time"),
        *("list", "dict", "set", "tuple", "Literal", "None", "Optional", "Union", "UUID"),
        *("EmailStr", "HttpUrl", "AnyUrl", "object", "timedelta", "LambdaContext"),
    ]
)


def models(design: Design) -> Iterator[Problem]:
    """Names used as a type that nothing defines."""
    defined = {fold(name) for name in defined_names(design)}
    missing: dict[str, tuple[int, str, bool]] = {}
    for endpoint in design.endpoints:
        for name in (endpoint.request_model, endpoint.response_model):
            if name and fold(name) not in defined:
                where = f"{endpoint.method} {endpoint.path}"
                missing.setdefault(name, (endpoint.line, where, True))
    for model in design.models:
        for field in model.fields:
            for name in re.findall(r"[A-Za-z_]\w*", field.type or ""):
                if name not in _KNOWN_TYPES and name[0].isupper() and fold(name) not in defined:
                    missing.setdefault(name, (model.line, f"{model.name}.{field.name}", False))
    for name, (line, where, is_body) in missing.items():
        make = error if is_body else warning
        yield make(
            "model_undefined",
            f"{where} uses {name}, which is never defined",
            line,
            f"define {name} with its fields",
        )


def access(design: Design) -> Iterator[Problem]:
    """Keys nobody reads by, and reads no key serves."""
    for table in design.tables:
        yield from _keys(table)
    patterns = design.access_patterns
    keyed = next((table for table in design.tables if table.sort_key or table.gsis), None)
    if keyed and not patterns:
        yield warning(
            "access_patterns_missing",
            f"no access patterns are stated for {keyed.name or 'the table'}",
            keyed.line,
            "list each way of reading with its key condition and index",
        )
    yield from _unused(design)
    for pattern in patterns:
        if re.search(r"\bscan\b", pattern.key_condition or "", re.I):
            yield warning(
                "access_pattern_scans",
                f"{pattern.name!r} reads the whole table",
                pattern.line,
                "add an index that serves it",
            )


def _keys(table: Table) -> Iterator[Problem]:
    if not table.partition_key:
        yield error(
            "table_without_key",
            f"table {table.name or '(unnamed)'} has no partition key",
            table.line,
            "state its partition key",
        )
    if not table.name:
        yield warning(
            "table_without_name",
            "the table whose keys are described has no name",
            table.line,
            "write **Table Name**: `bbws-<name>-{env}`",
        )


def _unused(design: Design) -> Iterator[Problem]:
    """Indexes that no stated way of reading names, by index or by key."""
    patterns = design.access_patterns
    used = {fold(one.index) for one in patterns if one.index}
    texts = fold(" ".join(one.key_condition or "" for one in patterns))
    for index in (index for table in design.tables for index in table.gsis if patterns):
        key = fold(index.partition_key or "")
        if fold(index.name) not in used and (not key or key not in texts):
            yield warning(
                "index_unused",
                f"no access pattern uses index {index.name}",
                index.line,
                "add the access pattern it is for, or drop the index",
            )

"""The DynamoDB tables of a design as Terraform needs them: names, typed keys, indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen.terraform.names import TABLE, Distinct, aws_name, identifier
from codegen.terraform.view import IndexView, OpenPoint, TableView

if TYPE_CHECKING:
    from codegen.views.service_view import ServiceView
    from lld.model import Design, Index, Table

_PROJECTIONS = {"keys_only": "KEYS_ONLY", "keys only": "KEYS_ONLY", "keys-only": "KEYS_ONLY"}
_STREAMS = ("NEW_AND_OLD_IMAGES", "NEW_IMAGE", "OLD_IMAGE", "KEYS_ONLY")
_INDEX_LIMIT = 20
_ATTRIBUTE_LIMIT = 255


def table_views(
    service: ServiceView, prefix: str, *, streamed: bool, expires: str | None = None
) -> tuple[tuple[TableView, ...], tuple[OpenPoint, ...]]:
    """The tables, and what the design leaves open about them.

    Args:
        service: The service whose code uses them.
        prefix: Name of the service in AWS, for a table without a name.
        streamed: A function waits for changes of a table.
        expires: Attribute of the first table that says when an item may go, if the design has none.
    """
    design = service.design
    numeric = {
        name for table in service.tables for name, type_ in table.types.items() if type_ == "N"
    }
    labels, names = Distinct(), Distinct()
    views: list[TableView] = []
    points: list[OpenPoint] = []
    for table in design.tables:
        hash_key, range_key = _keys(design, table)
        if hash_key is None:
            points.append(
                OpenPoint(f"table {table.name!r} has no key in the design: not created", table.line)
            )
            continue
        name = names.claim(_name(table, prefix), "-")
        indexes, missing = _indexes(table)
        points += missing
        used = [hash_key, range_key, *(key for i in indexes for key in (i.hash_key, i.range_key))]
        views.append(
            TableView(
                label=labels.claim(_label(name, prefix)),
                title=table.name or "",
                name=name,
                hash_key=hash_key,
                range_key=range_key,
                attributes=tuple(
                    (key, "N" if key in numeric else "S") for key in dict.fromkeys(used) if key
                ),
                indexes=indexes,
                ttl_attribute=_attribute(table.ttl_attribute) or (None if views else expires),
                stream=_stream(table, streamed=streamed and len(design.tables) == 1),
                line=table.line,
            )
        )
    return tuple(views), tuple(points)


def _name(table: Table, service: str) -> str:
    stated = table.name or f"bbws-{service}-{{env}}"
    return aws_name(stated, TABLE, fallback=f"bbws-{service}")


def _label(name: str, service: str) -> str:
    label = identifier(name, fallback="table")
    label = label.removeprefix("bbws_") or identifier(service)
    return f"table_{label}" if label[0].isdigit() else label


def _keys(design: Design, table: Table) -> tuple[str | None, str | None]:
    """Key attributes; a design that only gives patterns of keys means the usual PK and SK."""
    if table.partition_key:
        return _attribute(table.partition_key), _attribute(table.sort_key)
    if any(entity.pk_pattern for entity in design.entities):
        return "PK", "SK" if any(entity.sk_pattern for entity in design.entities) else None
    return None, None


def _attribute(name: str | None) -> str | None:
    """DynamoDB takes any text of up to 255 characters as an attribute's name."""
    return name.strip()[:_ATTRIBUTE_LIMIT] or None if name else None


def _indexes(table: Table) -> tuple[tuple[IndexView, ...], list[OpenPoint]]:
    names = Distinct()
    views: list[IndexView] = []
    points: list[OpenPoint] = []
    for index in table.gsis:
        hash_key = _attribute(index.partition_key)
        if hash_key is None or len(views) == _INDEX_LIMIT:
            why = "has no key in the design" if hash_key is None else "is one too many for DynamoDB"
            points.append(OpenPoint(f"index {index.name!r} {why}: not created", index.line))
            continue
        views.append(
            IndexView(
                title=index.name,
                name=names.claim(aws_name(index.name, TABLE, fallback="index"), "-"),
                hash_key=hash_key,
                range_key=_attribute(index.sort_key),
                projection=_projection(index, points),
            )
        )
    return tuple(views), points


def _projection(index: Index, points: list[OpenPoint]) -> str:
    stated = (index.projection or "all").strip().lower()
    if stated.startswith("include"):
        points.append(
            OpenPoint(
                f"index {index.name!r} projects some attributes, which the design does not list in "
                "full: it projects all of them",
                index.line,
            )
        )
    return _PROJECTIONS.get(stated, "ALL")


def _stream(table: Table, *, streamed: bool) -> str | None:
    stated = (table.stream or "").upper().replace("-", "_").replace(" ", "_")
    for view in _STREAMS:
        if view in stated:
            return view
    return "NEW_AND_OLD_IMAGES" if table.stream or streamed else None

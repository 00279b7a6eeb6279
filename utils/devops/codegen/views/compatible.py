"""Whether what one model holds can become what another one holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen.views.field_types import FieldType, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codegen.views.entity_view import EntityView
    from codegen.views.model_view import FieldView


def unstored(fields: Sequence[FieldView], entity: EntityView, fixed: set[str]) -> list[str]:
    """Fields of a request that the stored model lacks, holds otherwise, or never changes."""
    held = {one.name: one for one in entity.model.fields}
    return [
        one.wire
        for one in fields
        if one.name not in held or one.name in fixed or not fits(one.type, held[one.name].type)
    ]


_ALIKE = (
    {
        Kind.STR,
        Kind.EMAIL,
        Kind.UUID,
        Kind.DATETIME,
        Kind.DATE,
        Kind.TIME,
        Kind.LITERAL,
        Kind.ENUM,
    },
    {Kind.INT, Kind.FLOAT, Kind.NUMBER},
)


def fits(sent: FieldType, held: FieldType) -> bool:
    """Whether what is sent can become what is held."""
    if Kind.ANY in (sent.kind, held.kind):
        return True
    if sent.kind is held.kind is Kind.LIST:
        return fits(sent.item or sent, held.item or held)
    if sent.kind is held.kind is Kind.MODEL:
        return sent.name == held.name
    if sent.kind is held.kind:
        return True
    if sent.kind in (Kind.DICT, Kind.OBJECT) and held.kind in (Kind.DICT, Kind.OBJECT):
        return True
    return any(sent.kind in alike and held.kind in alike for alike in _ALIKE)

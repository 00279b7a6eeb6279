"""Request models for designs that name none: the fields of an entity that people give."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from codegen.naming import Names, words
from codegen.views.field_types import Kind
from codegen.views.model_view import FieldView, Models, ModelView, Role
from codegen.views.route_meaning import CLAIMED

if TYPE_CHECKING:
    from codegen.views.entity_view import EntityView
    from codegen.views.route_meaning import Meaning

_INITIAL = (
    "PENDING", "NEW", "DRAFT", "OPEN", "CREATED", "REQUESTED", "SUBMITTED", "UNVALIDATED",
    "UNREGISTERED", "INITIATED", "ACTIVE",
)  # fmt: skip


def derived_request(entity: EntityView, verb: str, meaning: Meaning) -> ModelView:
    """The body of a create or update: without what the path, the service or a start state gives."""
    name = f"{verb}{entity.model.class_name}Request"
    models = meaning.models
    known = models.models.get(name)
    if known:
        return known
    given = {
        *(one.name for one in (*entity.moments.values(), *entity.actors.values())),
        *([entity.version.name] if entity.version else []),
        *([entity.id_field.name] if entity.id_field else []),
        *([entity.soft_delete.field] if entity.soft_delete else []),
        *(entity.key_fields if verb == "Update" else ()),
        *(one.name for one in meaning.route.params),
        *(name for name in entity.key_fields if name in CLAIMED),
    }
    fields = [one for one in entity.model.fields if one.name not in given]
    if verb == "Update":
        fields = [_made_optional(one) for one in fields]
    else:
        fields = [one for one in fields if initial_state(one, models) is None]
    taken = Names({one.class_name for one in models.models.values()})
    return ModelView(
        class_name=taken.claim(name),
        design=name,
        module="requests",
        role=Role.REQUEST,
        fields=tuple(fields),
        line=None,
        derived_from=entity.model.class_name,
    )


def initial_state(one: FieldView, models: Models) -> str | None:
    """The first state of a status, when its values have a usual one."""
    enum = models.enums.get(one.type.name)
    if enum is None or words(one.design)[-1:] not in (["status"], ["state"]):
        return None
    return next((member for name in _INITIAL if (member := enum.member_of(name))), None)


def _made_optional(one: FieldView) -> FieldView:
    type_ = replace(one.type, nullable=one.type.kind is not Kind.ANY or one.type.nullable)
    return replace(one, required=False, has_default=False, default=None, type=type_)

"""What a new item gets: from the request, the path, the caller's token, or the service itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from codegen.naming import words
from codegen.views.compatible import unstored
from codegen.views.derived_models import derived_request, initial_state
from codegen.views.operation_view import Binding, OperationView, moment_source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codegen.views.entity_view import EntityView
    from codegen.views.model_view import FieldView, ModelView
    from codegen.views.route_meaning import Meaning


@dataclass(frozen=True, slots=True)
class _Values:
    bindings: tuple[Binding, ...]
    missing: tuple[str, ...]
    assumptions: tuple[str, ...]


def fill_create(view: OperationView, entity: EntityView, meaning: Meaning) -> OperationView:
    """The operation with a source for every value of the new item, or with its gap."""
    request = view.request or derived_request(entity, "Create", meaning)
    view = replace(view, request=request)
    loose = unstored(request.fields, entity, set())
    if loose:
        return replace(view, gap=f"the design does not say what becomes of {', '.join(loose)}")
    parents = meaning.bound(entity, entity.parents)
    if parents is None:
        names = ", ".join(entity.parents)
        return replace(view, gap=f"the path does not give {names}, which the key holds")
    values = _values(entity, request, meaning)
    missing = [*values.missing, *_unsourced_keys(entity, request, values)]
    if missing:
        names = ", ".join(dict.fromkeys(missing))
        return replace(view, gap=f"the design does not say where {names} come from")
    claimed = [one.field for one in values.bindings if meaning.is_claimed(one.field, entity)]
    claims = tuple(dict.fromkeys([*meaning.claims(parents), *claimed]))
    params = {one.name for one in meaning.route.params}
    return replace(
        view,
        keys=parents,
        claims=tuple(one for one in claims if one not in params),
        bindings=values.bindings,
        assumptions=values.assumptions,
    )


def _unsourced_keys(entity: EntityView, request: ModelView, values: _Values) -> list[str]:
    """Key fields that may end up without a value."""
    given = {one.field for one in values.bindings}
    given |= {one.name for one in request.fields if one.required}
    return [one.wire for one in entity.model.fields if one.name in set(entity.key_fields) - given]


def _values(entity: EntityView, request: ModelView, meaning: Meaning) -> _Values:
    sent = {one.name: one for one in request.fields}
    bindings: list[Binding] = []
    missing: list[str] = []
    assumptions: list[str] = []
    for one in entity.model.fields:
        expression = _given(one, entity, sent, meaning)
        if expression:
            bindings.append(Binding(one.name, expression))
            continue
        if one.is_optional or _is_sent(one, sent):
            continue
        state = initial_state(one, meaning.models)
        if state is None:
            missing.append(one.wire)
            continue
        bindings.append(Binding(one.name, state))
        member = state.rsplit(".", 1)[-1]
        assumptions.append(f"a new {entity.noun} starts with {one.wire} {member}")
    return _Values(tuple(bindings), tuple(missing), tuple(assumptions))


def _is_sent(one: FieldView, sent: Mapping[str, FieldView]) -> bool:
    """Whether the request always has the field."""
    found = sent.get(one.name)
    return found is not None and (found.required or found.has_default)


def _given(
    one: FieldView, entity: EntityView, sent: Mapping[str, FieldView], meaning: Meaning
) -> str | None:
    """What gives the field its value, whatever the request says; None when the request does."""
    param = next((p for p in meaning.route.params if words(p.wire) == words(one.design)), None)
    if param and one.type.is_textual:
        return param.name
    if one == entity.version:
        return "1"
    if one.name in sent:
        return None
    if one.name in entity.key_fields and meaning.is_claimed(one.name, entity):
        return one.name
    if one == entity.id_field:
        return "new_id()"
    if one in entity.moments.values():
        return moment_source(one)
    if one in entity.actors.values():
        return "caller"
    mark = entity.soft_delete
    return mark.alive if mark and one.name == mark.field else None

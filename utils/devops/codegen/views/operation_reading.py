"""From the routes of a design to its operations, each with what implements it or with its gap.

A route is create, get, list, update or delete when its method, its path and an entity of the design
agree on that, and when every value it needs has a source: the path, the body, the caller's token,
the service itself (identifiers, times) or a default.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from codegen.naming import singular, words
from codegen.views.compatible import fits, unstored
from codegen.views.creation import fill_create
from codegen.views.derived_models import derived_request
from codegen.views.field_types import Kind
from codegen.views.operation_lists import fill_list
from codegen.views.operation_sources import Source, find_sources
from codegen.views.operation_view import Action, OperationView
from codegen.views.route_meaning import Meaning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codegen.views.entity_view import EntityView
    from codegen.views.model_view import Models
    from codegen.views.routes import SkippedRoute
    from lld.model import Design

_ASYNC = re.compile(r"(?i)\b(publish|queue|sqs|sns|eventbridge|event bus|async\w*|enqueue)\b")


def view_operations(
    design: Design, models: Models, entities: Sequence[EntityView]
) -> tuple[tuple[OperationView, ...], tuple[SkippedRoute, ...], Models]:
    """The operations, the texts that are no routes, and the models with the derived ones."""
    sources, skipped = find_sources(design)
    found = []
    for source in sources:
        view = _view(source, models, entities)
        found.append(view)
        if view.request and view.request.design not in models.models:
            models = models.with_models([view.request])
    return tuple(found), tuple(skipped), models


def _view(source: Source, models: Models, entities: Sequence[EntityView]) -> OperationView:
    meaning = Meaning(models, entities, source)
    action, noun = meaning.action()
    entity, index, keys = meaning.entity(action, noun)
    view = OperationView(
        action=action,
        name=source.name,
        route=source.route,
        status=meaning.status(action),
        description=source.text,
        line=source.line,
        function=source.function.name if source.function else None,
        entity=entity,
        index=index,
        keys=keys,
        claims=meaning.claims(keys),
        request=meaning.request(action, entity),
        response=meaning.response(),
    )
    return view if action is Action.HEALTH else _filled(view, noun, meaning)


def _filled(view: OperationView, noun: str, meaning: Meaning) -> OperationView:
    if view.action is Action.OTHER:
        return _open(view, "the design does not say what this operation does to the data")
    if view.entity is None or view.entity not in meaning.called(noun):
        return _open(view, f"no stored entity of the design is called {singular(noun.lower())!r}")
    if view.action is not Action.LIST and _ASYNC.search(view.description):
        gap = "the design hands this to a queue or topic and does not say in what form"
        return _open(view, gap)
    filled = _FILL[view.action](view, view.entity, meaning)
    if filled.gap:
        # A request model that was derived belongs to an implementation only.
        request = filled.request if filled.request == view.request else None
        return replace(view, request=request, gap=filled.gap, keys=(), claims=())
    return replace(filled, assumptions=(*filled.assumptions, *_unchecked(filled)))


def _open(view: OperationView, gap: str) -> OperationView:
    return replace(view, action=Action.OTHER, gap=gap, keys=(), claims=())


def _unchecked(view: OperationView) -> tuple[str, ...]:
    """What an implementation takes for granted about parameters it does not need."""
    used = {name for _, name in view.keys} | {one.expression for one in view.bindings}
    used |= {name for one in view.filters for name in one.index.partition.fields}
    found = [
        f"{view.name} takes the {one.wire} of its path for granted: the key does not hold it"
        for one in view.route.params
        if one.name not in used
    ]
    found += [f"{view.name} takes {name} from a claim of the token" for name in view.claims]
    return tuple(found)


def _get(view: OperationView, entity: EntityView, meaning: Meaning) -> OperationView:
    if not view.keys:
        return replace(view, gap=_no_key(entity))
    return replace(_answered(view, entity), children=_children(entity, meaning.entities))


def _delete(view: OperationView, entity: EntityView, meaning: Meaning) -> OperationView:
    del meaning
    return view if view.keys else replace(view, gap=_no_key(entity))


def _update(view: OperationView, entity: EntityView, meaning: Meaning) -> OperationView:
    if not view.keys:
        return replace(view, gap=_no_key(entity))
    request = view.request or derived_request(entity, "Update", meaning)
    kept = {one.name for one in (*entity.moments.values(), *entity.actors.values())}
    changed = [one for one in request.fields if words(one.design) != ["version"]]
    loose = unstored(changed, entity, kept | set(entity.key_fields))
    if loose or not changed:
        gap = f"the design does not say what becomes of {', '.join(loose) or 'the request'}"
        return replace(view, gap=gap)
    shaped = _answered(replace(view, request=request), entity)
    return replace(shaped, children=_children(entity, meaning.entities))


def _create(view: OperationView, entity: EntityView, meaning: Meaning) -> OperationView:
    filled = fill_create(view, entity, meaning)
    return filled if filled.gap else _answered(filled, entity)


def _answered(view: OperationView, entity: EntityView) -> OperationView:
    """How one item is answered: as it is, inside a wrapper, or as the part a response shows."""
    model = view.response
    if view.status == 204 or model is None or model.design == entity.model.design:
        return replace(view, response=None if view.status == 204 else entity.model)
    wrappers = [one for one in model.fields if one.type.name == entity.model.design]
    if len(wrappers) == 1 and all(one.is_optional or one in wrappers for one in model.fields):
        return replace(view, wrapper=wrappers[0].name)
    held = {one.name: one for one in entity.model.fields}
    unknown = [
        one.wire
        for one in model.fields
        if one.required and (one.name not in held or not fits(held[one.name].type, one.type))
    ]
    if unknown:
        gap = f"the design does not say where {', '.join(unknown)} of the answer come from"
        return replace(view, gap=gap)
    return view


def _children(
    entity: EntityView, entities: Sequence[EntityView]
) -> tuple[tuple[str, EntityView], ...]:
    """Lists of the model that are items of their own in the same partition: `(field, entity)`."""
    found = []
    for one in entity.model.fields:
        item = one.type.item
        if one.type.kind is not Kind.LIST or item is None or item.kind is not Kind.MODEL:
            continue
        for other in entities:
            if (
                other.model.design == item.name
                and other.partition == entity.partition
                and other.is_collection
                and other.sort != entity.sort
            ):
                found.append((one.name, other))
                break
    return tuple(found)


def _no_key(entity: EntityView) -> str:
    return f"the path does not give the key of {entity.noun} ({', '.join(entity.key_fields)})"


_FILL = {
    Action.CREATE: _create,
    Action.GET: _get,
    Action.LIST: fill_list,
    Action.UPDATE: _update,
    Action.DELETE: _delete,
}

"""The DynamoDB repositories: keys, indexes, and one method for each way to the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen.code import Method, RenderedFile, keyword_only, signature, values_of
from codegen.naming import article, plural
from codegen.quoting import bracketed, py_str, py_tuple
from codegen.render import render
from codegen.views.key_reading import entity_type
from codegen.views.operation_view import Action

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codegen.views.entity_view import EntityIndex, EntityView
    from codegen.views.service_view import ServiceView


def render_repositories(view: ServiceView) -> Iterable[RenderedFile]:
    """One repository for each entity."""
    for entity in view.entities:
        yield RenderedFile(
            f"src/repositories/{entity.module}_repository.py",
            _render(entity, view),
            entity.line,
        )


def _render(entity: EntityView, view: ServiceView) -> str:
    model = entity.model.class_name
    keys = f"`{entity.partition.template}`"
    if entity.sort:
        keys += f", `{entity.sort.template}`"
    return render(
        "repository.py.jinja",
        title=f"{plural(entity.noun).capitalize()} in DynamoDB.",
        text=f"Reads and writes {plural(entity.noun)}, stored under {keys}.",
        needs=sorted(_needs(entity, view)),
        entity=entity,
        entity_type=entity_type(entity.model),
        model=model,
        indexes=[_index_source(one) for one in entity.indexes],
        index_names=py_tuple([one.constant for one in entity.indexes], 4),
        soft_delete=_soft_delete_source(entity),
        methods=[*_methods(entity, view)],
    )


def _needs(entity: EntityView, view: ServiceView) -> set[str]:
    model = entity.model
    found = {
        "collections.abc:Mapping",
        "typing:Any",
        f"{model.path}:{model.class_name}",
        "src.repositories.base:Repository",
        "src.repositories.keys:Key",
    }
    if entity.indexes:
        found.add("src.repositories.keys:Index")
    if entity.indexes or entity.is_collection or _scanned(entity, view):
        found |= {"src.repositories.pages:Page", "src.repositories.pages:PageRequest"}
    if entity.soft_delete:
        found.add("src.repositories.base:SoftDelete")
        if "." in entity.soft_delete.value:
            found.add(f"src.models.enums:{entity.soft_delete.value.split('.')[0]}")
    return found


def _index_source(index: EntityIndex) -> str:
    arguments = [py_str(index.name), index.partition.source]
    if index.sort:
        arguments.append(index.sort.source)
    if index.partial:
        arguments.append("partial=True")
    return bracketed(f"{index.constant} = Index(", arguments, ")")


def _soft_delete_source(entity: EntityView) -> str:
    mark = entity.soft_delete
    if mark is None:
        return ""
    return f"SoftDelete({py_str(mark.field)}, {py_str(mark.wire)}, {mark.value})"


def _scanned(entity: EntityView, view: ServiceView) -> bool:
    return any(one.scans and one.entity == entity for one in view.operations)


def located_by(entity: EntityView, view: ServiceView, action: Action) -> list[EntityIndex]:
    """Indexes through which operations of this kind reach an item."""
    found = {
        one.index.name: one.index
        for one in view.operations
        if one.implemented and one.entity == entity and one.action is action and one.index
    }
    return list(found.values())


def _methods(entity: EntityView, view: ServiceView) -> Iterable[Method]:
    yield _add(entity)
    yield _get(entity)
    for index in located_by(entity, view, Action.GET):
        yield _find(entity, index)
    if entity.is_collection:
        yield _page(entity)
        if any(child == entity for one in view.operations for _, child in one.children):
            yield _all(entity)
    for index in entity.indexes:
        yield _page_by(entity, index)
    if _scanned(entity, view):
        yield _scan(entity)
    for locator in (None, *located_by(entity, view, Action.UPDATE)):
        yield _change(entity, locator)
    for locator in (None, *located_by(entity, view, Action.DELETE)):
        yield _remove(entity, locator)


def _arguments(entity: EntityView, fields: Iterable[str]) -> tuple[list[str], str]:
    """Parameters for these fields, and the line that gathers them."""
    names = [(name, entity.argument(name)) for name in dict.fromkeys(fields)]
    target = "values" if names else "values: dict[str, str]"
    return [f"{argument}: str" for _, argument in names], values_of(names, 8, target)


def _add(entity: EntityView) -> Method:
    model = entity.model.class_name
    parents, values = _arguments(entity, entity.parents)
    params = ["self", f"item: {model}", *keyword_only(parents)]
    text = f"Store a new {entity.noun}; a conflict when there is one under its key."
    if not parents:
        body: tuple[str, ...] = ("return self._add(item)",)
    else:
        body = (values, "return self._add(item, values)")
    return Method(signature("add", params, model, 4), text, body)


def _get(entity: EntityView) -> Method:
    params, values = _arguments(entity, entity.key_fields)
    text = f"The {entity.noun} under a key; an error when there is none, or it was deleted."
    head = signature("get", ["self", *keyword_only(params)], entity.model.class_name, 4)
    return Method(head, text, (values, "return self._get(values)"))


def _find(entity: EntityView, index: EntityIndex) -> Method:
    params, values = _arguments(entity, index.partition.fields)
    text = f"The one {entity.noun} that the index {index.name} has for these values."
    name = f"find_by_{index.suffix}"
    head = signature(name, ["self", *keyword_only(params)], entity.model.class_name, 4)
    return Method(head, text, (values, f"return self._find({index.constant}, values)"))


def _page(entity: EntityView) -> Method:
    params, values = _arguments(entity, entity.partition.fields)
    model = entity.model.class_name
    head = signature(
        "page", ["self", "page: PageRequest", *keyword_only(params)], f"Page[{model}]", 4
    )
    text = f"One page of the {plural(entity.noun)} of a partition."
    return Method(head, text, (values, "return self._page(values, page)"))


def _all(entity: EntityView) -> Method:
    params, values = _arguments(entity, entity.partition.fields)
    head = signature("all", ["self", *keyword_only(params)], f"list[{entity.model.class_name}]", 4)
    text = f"Every one of the {plural(entity.noun)} of a partition."
    return Method(head, text, (values, "return self._all(values)"))


def _page_by(entity: EntityView, index: EntityIndex) -> Method:
    params, values = _arguments(entity, index.partition.fields)
    model = entity.model.class_name
    name = f"page_by_{index.suffix}"
    head = signature(
        name, ["self", "page: PageRequest", *keyword_only(params)], f"Page[{model}]", 4
    )
    text = f"One page of {plural(entity.noun)}, in the order of the index {index.name}."
    return Method(head, text, (values, f"return self._page(values, page, {index.constant})"))


def _scan(entity: EntityView) -> Method:
    model = entity.model.class_name
    text = f"One page of all {plural(entity.noun)}. Reads the whole table: no index lists them."
    return Method(
        signature("scan", ["self", "page: PageRequest"], f"Page[{model}]", 4),
        text,
        ("return self._scan(page)",),
    )


def _change(entity: EntityView, index: EntityIndex | None) -> Method:
    fields = index.partition.fields if index else entity.key_fields
    params, values = _arguments(entity, fields)
    name = f"change_by_{index.suffix}" if index else "change"
    if entity.version:
        params.append("expected_version: int | None = None")
    head = signature(
        name,
        ["self", "changes: Mapping[str, Any]", *keyword_only(params)],
        entity.model.class_name,
        4,
    )
    options = [f"index={index.constant}"] if index else []
    options += ["expected_version=expected_version"] if entity.version else []
    call = bracketed("return self._change(", ["values", "changes", *options], ")", 8)
    text = f"Set the given fields of {article(entity.noun)} {entity.noun}; `None` removes one."
    return Method(head, text, (values, call))


def _remove(entity: EntityView, index: EntityIndex | None) -> Method:
    fields = index.partition.fields if index else entity.key_fields
    params, values = _arguments(entity, fields)
    name = f"remove_by_{index.suffix}" if index else "remove"
    options = [f"index={index.constant}"] if index else []
    leading = ["self"]
    if entity.soft_delete:
        leading.append("changes: Mapping[str, Any]")
        options.append("changes=changes")
    head = signature(name, [*leading, *keyword_only(params)], "None", 4)
    call = bracketed("self._remove(", ["values", *options], ")", 8)
    text = (
        f"Mark {article(entity.noun)} {entity.noun} as deleted; it stays in the table."
        if entity.soft_delete
        else f"Delete {article(entity.noun)} {entity.noun}."
    )
    return Method(head, text, (values, call))

"""The models of a service as modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from codegen.code import RenderedFile
from codegen.quoting import one_line
from codegen.render import render
from codegen.secrecy import marked
from codegen.sources.fields import field_source
from codegen.views.field_types import FieldType, Kind
from codegen.views.model_view import Models, ModelView, Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from codegen.views.service_view import ServiceView

_KIND_IMPORTS = {
    Kind.DATETIME: "datetime as dt",
    Kind.DATE: "datetime as dt",
    Kind.TIME: "datetime as dt",
    Kind.UUID: "uuid:UUID",
    Kind.NUMBER: "src.models.base:Number",
    Kind.EMAIL: "src.models.base:Email",
    Kind.ANY: "src.models.base:Json",
    Kind.OBJECT: "src.models.base:JsonObject",
    Kind.LITERAL: "typing:Literal",
}
_TITLES = {
    "requests": "Bodies of requests.",
    "responses": "Bodies of answers.",
}


def render_models(view: ServiceView) -> Iterable[RenderedFile]:
    """One file for each module of models, and one for the enumerations."""
    models = view.models
    if models.enums:
        enums = [
            {
                "class_name": enum.class_name,
                "text": f"Values of {one_line(enum.design, 80)}.",
                "members": enum.members,
            }
            for enum in models.enums.values()
        ]
        line = next((enum.line for enum in models.enums.values() if enum.line), None)
        text = marked(render("enums.py.jinja", enums=enums))
        yield RenderedFile("src/models/enums.py", text, line)
    modules: dict[str, list[ModelView]] = {}
    for model in models.models.values():
        modules.setdefault(model.module, []).append(model)
    for module, members in modules.items():
        yield _module(module, _ordered(members), models)


def _ordered(members: Sequence[ModelView]) -> list[ModelView]:
    """The models of a module, those that others use first."""
    rest = list(members)
    found: list[ModelView] = []
    while rest:
        names = {one.design for one in rest}
        ready = [
            one
            for one in rest
            if not {name for f in one.fields for name in f.type.names()} & (names - {one.design})
        ]
        found += ready or rest
        rest = [one for one in rest if one not in found]
    return found


def _module(module: str, members: Sequence[ModelView], models: Models) -> RenderedFile:
    title = _TITLES.get(module) or f"The model of {one_line(members[0].design, 80)}."
    text = render(
        "models.py.jinja",
        title=title,
        needs=sorted(_needs(members, models)),
        models=[_class(one, models) for one in members],
    )
    return RenderedFile(f"src/models/{module}.py", marked(text), members[0].line)


def _class(model: ModelView, models: Models) -> dict[str, Any]:
    if model.derived_from:
        text = f"Derived from {model.derived_from}: the design states no model for this request."
    else:
        text = f"{one_line(model.design, 80)}, as the design states it."
    return {
        "class_name": model.class_name,
        "base": _base(model),
        "text": text,
        "config": 'regex_engine="python-re"' if model.needs_python_regex else "",
        "fields": [field_source(one, models) for one in model.fields],
    }


def _base(model: ModelView) -> str:
    return "RequestModel" if model.role is Role.REQUEST else "Model"


def _needs(members: Sequence[ModelView], models: Models) -> set[str]:
    own = {one.design for one in members}
    found = set()
    for model in members:
        found.add(f"src.models.base:{_base(model)}")
        if model.needs_python_regex:
            found.add("pydantic:ConfigDict")
        found |= {models.import_of(name) for name in models.dependencies(model) if name not in own}
        for one in model.fields:
            found |= type_imports(one.type)
            source = field_source(one, models)
            if "= Field(" in source:
                found.add("pydantic:Field")
            if "Decimal(" in source:
                found.add("decimal:Decimal")
    return found


def type_imports(type_: FieldType) -> set[str]:
    """What an annotation needs imported, named models apart."""
    found = {_KIND_IMPORTS[type_.kind]} if type_.kind in _KIND_IMPORTS else set()
    return found | (type_imports(type_.item) if type_.item else set())

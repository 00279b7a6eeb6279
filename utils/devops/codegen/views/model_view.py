"""Models and enumerations of a design as classes of generated code.

Every request and response of its own gathers in `requests` and `responses`; each other model has a
module, unless models refer to each other: those share one, so that no import runs in a circle.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from codegen.naming import Names, pascal, snake, words
from codegen.views.field_limits import clean_limits
from codegen.views.field_types import FieldType, Kind, read_type, with_enums

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lld.model import Design, Enumeration, Model, ModelField

_PYDANTIC_NAMES = frozenset(
    {
        "copy", "json", "dict", "schema", "validate", "construct", "parse_obj", "parse_raw",
        "from_orm", "parse_file", "schema_json", "update_forward_refs", "fields",
    }
)  # fmt: skip
_IMPORTED = frozenset(
    {"Field", "Annotated", "Any", "Literal", "StrEnum", "UUID", "Email", "Number"}
)
_CLASS_NAMES = _IMPORTED | {"Json", "JsonObject", "Model", "RequestModel", "Repository", "Decimal"}
_REQUEST = re.compile(r"(Request|Command|Input|Params|Body|Payload)$")
_RESPONSE = re.compile(r"(Response|Result|Output|Reply|Page)$")
_LOOKAROUND = re.compile(r"\(\?(?:[=!]|<[=!]|P=|\()|\\[1-9]")


class Role(Enum):
    """What a model is for, which decides its module and how strict it is."""

    STORED = "stored"
    REQUEST = "request"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field: its name in code, on the wire and in the design, its type and what limits it."""

    name: str
    wire: str
    design: str
    type: FieldType
    required: bool
    default: Any = None
    has_default: bool = False
    limits: Mapping[str, Any] = field(default_factory=dict)
    description: str | None = None

    @property
    def is_optional(self) -> bool:
        """Whether a value may be left out."""
        return not self.required


@dataclass(frozen=True, slots=True)
class EnumView:
    """A closed set of values: `(member, value)` pairs."""

    class_name: str
    design: str
    members: tuple[tuple[str, str], ...]
    line: int | None

    def member_of(self, value: Any) -> str | None:
        """`Status.OPEN` for a value or a member's name, however the design writes it."""
        text = str(value).rsplit(".", 1)[-1]
        for member, known in self.members:
            if str(value) == known or text in (member, known):
                return f"{self.class_name}.{member}"
        return None


@dataclass(frozen=True, slots=True)
class ModelView:
    """A model: the class, the module it lives in, and its fields."""

    class_name: str
    design: str
    module: str
    role: Role
    fields: tuple[FieldView, ...]
    line: int | None
    derived_from: str | None = None
    """Name of the model this one was derived from, when the design states none."""

    @property
    def path(self) -> str:
        """Import path of its module."""
        return f"src.models.{self.module}"

    def field_called(self, name: str) -> FieldView | None:
        """The field of that name in any spelling: `createdAt`, `created_at`."""
        wanted = words(name)
        return next((one for one in self.fields if words(one.design) == wanted), None)

    @property
    def needs_python_regex(self) -> bool:
        """Whether a pattern looks around or back, which Pydantic's own engine does not do."""
        return any(_LOOKAROUND.search(str(one.limits.get("pattern", ""))) for one in self.fields)


@dataclass(frozen=True, slots=True)
class Models:
    """All models and enumerations of a service, by their names in the design."""

    models: Mapping[str, ModelView]
    enums: Mapping[str, EnumView]

    @property
    def classes(self) -> dict[str, str]:
        """The class for each name that a type may mention."""
        return {
            **{name: model.class_name for name, model in self.models.items()},
            **{name: enum.class_name for name, enum in self.enums.items()},
        }

    def with_models(self, more: Iterable[ModelView]) -> Models:
        """These and some more models."""
        return replace(self, models={**self.models, **{one.design: one for one in more}})

    def dependencies(self, model: ModelView) -> list[str]:
        """Names of models and enumerations that the fields mention, in the design's order."""
        mentioned = {name for one in model.fields for name in one.type.names()}
        return [name for name in [*self.enums, *self.models] if name in mentioned]

    def import_of(self, name: str) -> str:
        """`module:Class` for the import of a model or enumeration."""
        if name in self.enums:
            return f"src.models.enums:{self.enums[name].class_name}"
        return f"{self.models[name].path}:{self.models[name].class_name}"


def view_models(design: Design, key_attributes: frozenset[str]) -> Models:
    """The models of a design.

    Args:
        design: The design.
        key_attributes: Attributes that hold composed keys; they are no data of a model.
    """
    classes = Names(_CLASS_NAMES)
    enums = {one.name: _view_enum(one, classes) for one in _first_of(design.enums) if one.values}
    sources = {one.name: one for one in _first_of(design.models)}
    known = frozenset({*sources, *enums})
    requests = {one.request_model for one in design.endpoints if one.request_model}
    found: dict[str, ModelView] = {}
    for name, model in sources.items():
        fields = _view_fields(_inherited(model, sources), known, enums, key_attributes)
        role = _role(name, is_request=name in requests)
        found[name] = ModelView(
            classes.claim(pascal(name, default="Model_")), name, "", role, fields, model.line
        )
    return Models(_placed(found), enums)


def _first_of(items: Sequence[Any]) -> list[Any]:
    return list({one.name: one for one in reversed(items)}.values())[::-1]


def _role(name: str, *, is_request: bool) -> Role:
    if is_request or _REQUEST.search(name):
        return Role.REQUEST
    return Role.RESPONSE if _RESPONSE.search(name) else Role.STORED


def _view_enum(enum: Enumeration, classes: Names) -> EnumView:
    names = Names({"name", "value", "mro"})
    values = list(dict.fromkeys(enum.values))
    members = enum.members if len(enum.members) == len(values) else tuple(values)
    pairs = tuple(
        (names.claim(snake(member, default="empty").strip("_").upper()), value)
        for member, value in zip(members, values, strict=True)
    )
    return EnumView(classes.claim(pascal(enum.name)), enum.name, pairs, enum.line)


def _inherited(model: Model, sources: Mapping[str, Model]) -> list[ModelField]:
    """The model's own fields after those of its bases, each name once, the own one winning."""
    found: dict[str, ModelField] = {}
    pending, seen = [model], {model.name}
    chain: list[Model] = []
    while pending:
        current = pending.pop()
        chain.append(current)
        for base in current.bases:
            if base in sources and base not in seen:
                seen.add(base)
                pending.append(sources[base])
    for current in reversed(chain):
        found.update({one.name: one for one in current.fields})
    return list(found.values())


def _view_fields(
    fields: Iterable[ModelField],
    known: frozenset[str],
    enums: Mapping[str, EnumView],
    key_attributes: frozenset[str],
) -> tuple[FieldView, ...]:
    names = Names({"model_config"})
    wires = Names()
    found = []
    for one in fields:
        wire = one.alias or one.name
        if wire in key_attributes or words(wire) == ["entity", "type"]:
            continue
        if wires.claim(wire) != wire:
            continue
        name = snake(one.name, default="field")
        if name in _PYDANTIC_NAMES or name.startswith("model_"):
            name = f"{name}_"
        found.append(_view_field(one, names.claim(name), wire, known, enums))
    return tuple(found)


def _view_field(
    one: ModelField,
    name: str,
    wire: str,
    known: frozenset[str],
    enums: Mapping[str, EnumView],
) -> FieldView:
    type_ = with_enums(read_type(one.type, known), enums)
    type_ = _refined(type_, one.constraints, known)
    limits = clean_limits(type_, one.constraints)
    has_default = "default" in one.constraints and _fits(one.constraints["default"], type_, enums)
    default = one.constraints.get("default") if has_default else None
    if has_default and default is None:
        has_default = False
        type_ = replace(type_, nullable=True)
        one = replace(one, required=False)
    required = one.required and not has_default
    if not required and not has_default:
        type_ = replace(type_, nullable=True)
    return FieldView(
        name, wire, one.name, type_, required, default, has_default, limits, one.description
    )


_FORMATS = {"email": Kind.EMAIL, "date-time": Kind.DATETIME, "date": Kind.DATE}


def _refined(
    type_: FieldType,
    constraints: Mapping[str, Any],
    known: frozenset[str],
) -> FieldType:
    """The type after what JSON Schema's keywords add to it."""
    form = constraints.get("format")
    if type_.kind is Kind.STR and isinstance(form, str) and form in _FORMATS:
        return replace(type_, kind=_FORMATS[form])
    values = constraints.get("enum")
    if type_.kind in (Kind.STR, Kind.ANY) and isinstance(values, list | tuple) and values:
        texts = tuple(dict.fromkeys(str(value) for value in values))
        if all(isinstance(value, str) for value in values):
            return replace(type_, kind=Kind.LITERAL, values=texts)
    items = constraints.get("items")
    if (
        type_.kind is Kind.LIST
        and isinstance(items, str)
        and (type_.item or type_).kind is Kind.ANY
    ):
        return replace(type_, item=read_type(items, known))
    return type_


def _fits(value: Any, type_: FieldType, enums: Mapping[str, EnumView]) -> bool:
    """Whether a stated default is a value of the type."""
    if value is None:
        return True
    if type_.kind is Kind.ENUM:
        return enums[type_.name].member_of(value) is not None
    if type_.kind is Kind.LITERAL:
        return value in type_.values
    if type_.kind in (Kind.LIST, Kind.DICT, Kind.OBJECT):
        return value in ([], {}) and isinstance(value, list if type_.kind is Kind.LIST else dict)
    if type_.kind is Kind.BOOL:
        return isinstance(value, bool)
    if type_.kind is Kind.INT:
        return isinstance(value, int) and not isinstance(value, bool)
    if type_.kind in (Kind.FLOAT, Kind.NUMBER):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type_.kind is Kind.STR and isinstance(value, str)


def _placed(models: Mapping[str, ModelView]) -> dict[str, ModelView]:
    """The models with their modules."""
    uses = {
        name: {dep for one in model.fields for dep in one.type.names() if dep in models}
        for name, model in models.items()
    }
    shared = {name: model.role is Role.STORED for name, model in models.items()}
    changed = True
    while changed:
        changed = False
        for name, used in uses.items():
            for other in used - {name}:
                if not shared[other] and (shared[name] or models[name].role != models[other].role):
                    shared[other] = changed = True
    modules = Names({"base", "enums", "requests", "responses", "__init__"})
    placed: dict[str, ModelView] = {}
    gathered = {Role.REQUEST: "requests", Role.RESPONSE: "responses"}
    for group in _cycles({name: uses[name] for name in models if shared[name]}):
        module = modules.claim(snake(models[group[0]].class_name))
        placed |= {name: replace(models[name], module=module) for name in group}
    return {
        name: placed.get(name) or replace(model, module=gathered.get(model.role, "requests"))
        for name, model in models.items()
    }


def _cycles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Groups of names that reach each other, in the order of the graph (most are alone)."""
    reach: dict[str, set[str]] = {}
    for start in graph:
        seen: set[str] = set()
        pending = [start]
        while pending:
            for following in graph.get(pending.pop(), set()):
                if following in graph and following not in seen:
                    seen.add(following)
                    pending.append(following)
        reach[start] = seen
    groups: list[list[str]] = []
    grouped: set[str] = set()
    for name in graph:
        if name in grouped:
            continue
        group = [name, *(n for n in graph if n != name and n in reach[name] and name in reach[n])]
        grouped |= set(group)
        groups.append(group)
    return groups

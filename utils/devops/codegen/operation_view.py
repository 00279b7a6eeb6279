"""Operations of the API: what each route means, and whether the design says enough to implement it.

A route is create, get, list, update or delete when its method, its path and an entity of the design
agree on that, and when every value the operation needs has a source: the path, the body, the
service itself (identifiers, times, the caller) or a default. Otherwise it is an operation the design
only names; `gap` then says what is missing, and the code answers 501.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

from codegen.field_types import FieldType, Kind
from codegen.model_view import FieldView, Models, ModelView, Role
from codegen.naming import Names, is_plural, plural, singular, snake, words
from lld.model import Design, Endpoint, Function, Trigger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codegen.entity_view import EntityIndex, EntityView

_VERSION = re.compile(r"v\d+(\.\d+)*")
_SEGMENT = re.compile(r"[A-Za-z0-9._~:@%+-]+")
_PARAMETER = re.compile(r"\{\s*([^{}]+?)\+?\s*\}|<([^<>]+)>|:([A-Za-z_]\w*)")
_ASYNC = re.compile(r"(?i)\b(publish|queue|sqs|sns|eventbridge|event bus|async\w*|enqueue)\b")
_INITIAL = (
    "PENDING", "NEW", "DRAFT", "OPEN", "CREATED", "REQUESTED", "SUBMITTED", "UNVALIDATED",
    "UNREGISTERED", "INITIATED", "ACTIVE",
)  # fmt: skip
_TOKENS = (
    "next_token", "page_token", "next_page_token", "start_at", "cursor", "next_cursor",
    "continuation_token", "last_key", "last_evaluated_key", "next_start_at",
)  # fmt: skip
_SIZES = ("page_size", "limit", "max_results", "size", "per_page", "max_items", "count")
_MORE = ("more_available", "has_more", "more", "has_next")
_COUNTS = ("count", "size", "page_count", "item_count", "returned")


class Action(Enum):
    """What an operation does."""

    CREATE = "create"
    GET = "get"
    LIST = "list"
    UPDATE = "update"
    DELETE = "delete"
    HEALTH = "health"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of the path: as the design writes it, and in code."""

    wire: str
    name: str


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path; the path is checked, so it is safe as a route."""

    method: str
    path: str
    params: tuple[Param, ...]

    @property
    def rule(self) -> str:
        """The path as a Powertools rule: `/carts/<cart_id>`."""
        names = iter(self.params)
        return re.sub(r"\{[^{}]*\}", lambda _: f"<{next(names).name}>", self.path)

    @property
    def statics(self) -> list[str]:
        """Fixed segments after the version."""
        return [one for one in self.segments if not one.startswith("{")]

    @property
    def segments(self) -> list[str]:
        """Segments after the version prefix."""
        found = [one for one in self.path.split("/") if one]
        return found[1:] if found and _VERSION.fullmatch(found[0]) else found


@dataclass(frozen=True, slots=True)
class ListShape:
    """How a list is asked for and answered; no `model` means `{"items", "nextToken"}`."""

    size: str
    token: str
    model: ModelView | None = None
    items: str = "items"
    next: str | None = "nextToken"
    more: str | None = None
    count: str | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """Query parameters that choose an index of the entity: `(parameter, field)`."""

    index: EntityIndex
    params: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Binding:
    """A value that a field gets when an item is created, as an expression."""

    field: str
    expression: str


@dataclass(frozen=True, slots=True)
class OperationView:
    """One route of the API."""

    action: Action
    name: str
    route: Route
    status: int
    description: str
    line: int | None
    function: str | None = None
    """Name of the function in the design; None for a route that no function serves."""
    entity: EntityView | None = None
    request: ModelView | None = None
    response: ModelView | None = None
    wrapper: str | None = None
    """Field of the response model that holds the item."""
    index: EntityIndex | None = None
    """The index that finds the item or the list; None for the table's own key."""
    keys: tuple[tuple[str, str], ...] = ()
    """`(field, path parameter)` pairs of the key."""
    bindings: tuple[Binding, ...] = ()
    filters: tuple[Filter, ...] = ()
    shape: ListShape | None = None
    scans: bool = False
    children: tuple[tuple[str, EntityView], ...] = ()
    gap: str | None = None
    """What the design leaves open; None when the operation is implemented."""
    assumptions: tuple[str, ...] = ()

    @property
    def implemented(self) -> bool:
        return self.gap is None

    @property
    def uses_caller(self) -> bool:
        """Whether the operation records who called."""
        if not self.implemented or self.entity is None:
            return False
        actors = self.entity.actors
        if self.action is Action.CREATE:
            return bool(actors)
        changes = self.action is Action.UPDATE or (
            self.action is Action.DELETE and self.entity.soft_delete is not None
        )
        return changes and "updated" in actors

    @property
    def uses_version(self) -> bool:
        """Whether a client may say which version it changes."""
        return bool(
            self.implemented
            and self.entity
            and self.entity.version
            and self.action is Action.UPDATE
        )


@dataclass(frozen=True, slots=True)
class SkippedRoute:
    """A route of the design that cannot be one in code, and why."""

    text: str
    reason: str
    line: int | None


@dataclass(frozen=True, slots=True)
class _Source:
    """A route before its meaning is known."""

    route: Route
    endpoint: Endpoint | None
    function: Function | None
    name: str = ""

    @property
    def text(self) -> str:
        parts = [
            self.function.description if self.function else None,
            self.endpoint.summary if self.endpoint else None,
        ]
        return " ".join(part for part in parts if part)

    @property
    def line(self) -> int | None:
        return (
            self.endpoint.line if self.endpoint else self.function.line if self.function else None
        )


@dataclass(slots=True)
class Operations:
    """All operations, and the routes that were left out."""

    found: list[OperationView] = field(default_factory=list)
    skipped: list[SkippedRoute] = field(default_factory=list)


def read_route(method: str, path: str) -> Route | str:
    """A route, or why the text is none."""
    method = method.strip().upper()
    if method not in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        return "the method is none of GET, POST, PUT, PATCH, DELETE"
    path = path.split("?")[0].strip()
    if not path.startswith("/") or len(path) > 500:
        return "the path does not start with a slash, or is too long"
    names = Names({"app", "body", "page", "caller", "request", "status"})
    segments, params = [], []
    for segment in (one for one in path.split("/") if one):
        parameter = _PARAMETER.fullmatch(segment)
        if parameter:
            wire = next(group for group in parameter.groups() if group)
            name = names.claim(snake(wire, default="value"))
            params.append(Param(wire if re.fullmatch(r"\w+", wire) else name, name))
            segments.append(f"{{{params[-1].wire}}}")
        elif _SEGMENT.fullmatch(segment):
            segments.append(segment)
        else:
            return f"{segment[:60]!r} is no part of a path"
    return Route(method, "/" + "/".join(segments), tuple(params))


def view_operations(
    design: Design, models: Models, entities: Sequence[EntityView]
) -> tuple[Operations, Models]:
    """The operations of the design and its models, with those derived for requests it leaves out."""
    operations = Operations()
    sources = _named(_sources(design, operations), design)
    for source in sources:
        view, models = _Reading(design, models, entities, source).view()
        operations.found.append(view)
    return operations, models


def route_key(route: Route) -> tuple[str, str]:
    """What two spellings of one route have in common."""
    return (route.method, re.sub(r"\{[^{}]*\}", "{}", route.path).lower())


def _sources(design: Design, operations: Operations) -> list[_Source]:
    found: dict[tuple[str, str], _Source] = {}
    for endpoint in design.endpoints:
        route = read_route(endpoint.method, endpoint.path)
        if isinstance(route, str):
            text = f"{endpoint.method} {endpoint.path}"
            operations.skipped.append(SkippedRoute(text, route, endpoint.line))
        else:
            found.setdefault(route_key(route), _Source(route, endpoint, None))
    for function in design.functions:
        if function.trigger is not Trigger.API or not function.method or not function.path:
            continue
        route = read_route(function.method, function.path)
        if isinstance(route, str):
            text = f"{function.method} {function.path}"
            operations.skipped.append(SkippedRoute(text, route, function.line))
            continue
        known = found.get(route_key(route)) or _Source(route, None, None)
        if known.function is None:
            found[route_key(route)] = replace(known, function=function)
    return _served_by_routers(list(found.values()), design)


def _served_by_routers(sources: list[_Source], design: Design) -> list[_Source]:
    """Give routes without a function to the one API function that names no route of its own."""
    routers = [one for one in design.functions if one.trigger is Trigger.API and not one.path]
    if len(routers) != 1:
        return sources
    return [one if one.function else replace(one, function=routers[0]) for one in sources]


def _named(sources: list[_Source], design: Design) -> list[_Source]:
    """Give each operation its name: that of a function with one route, else one made of the route."""
    served: dict[str, int] = {}
    for source in sources:
        if source.function:
            served[source.function.name] = served.get(source.function.name, 0) + 1
    names = Names()
    found = []
    for source in sources:
        function = source.function
        if function and served[function.name] == 1:
            base = [one for one in words(function.name) if one != "bbws"] or words(function.name)
            name = snake("_".join(base), default="operation")
        else:
            name = route_name(source.route)
        found.append(replace(source, name=names.claim(name)))
    return found


_VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}


def route_name(route: Route) -> str:
    """A name for an operation that has none: `list_divisions`, `resend_invitation`."""
    segments = route.segments
    statics = ["_".join(words(one)) for one in route.statics] or ["root"]
    ends_in_param = bool(segments) and segments[-1].startswith("{")
    last = statics[-1]
    parents = [singular(one) for one in statics[:-1]]
    owner = "_".join(parents[-1:])
    if ends_in_param:
        return snake(f"{_VERBS[route.method]}_{singular(last)}" + (f"_of_{owner}" if owner else ""))
    if route.method == "GET":
        verb = "list" if is_plural(last) else "get"
        return snake(f"{verb}_{last}" + (f"_of_{owner}" if owner else ""))
    if route.method == "POST" and not is_plural(last) and (route.params or owner):
        return snake(f"{last}_{owner}" if owner else last)
    return snake(f"{_VERBS[route.method]}_{singular(last)}" + (f"_of_{owner}" if owner else ""))


class _Reading:
    """Works out what one route means. One per route; holds what is known of it so far."""

    def __init__(
        self, design: Design, models: Models, entities: Sequence[EntityView], source: _Source
    ) -> None:
        self.design = design
        self.models = models
        self.entities = entities
        self.source = source
        self.route = source.route

    def view(self) -> tuple[OperationView, Models]:
        """The operation, and the models with the one derived for it."""
        action, noun = self._action()
        entity, index, keys = self._entity(action, noun)
        view = OperationView(
            action=action,
            name=self.source.name,
            route=self.route,
            status=self._status(action),
            description=self.source.text,
            line=self.source.line,
            function=self.source.function.name if self.source.function else None,
            entity=entity,
            index=index,
            keys=keys,
            request=self._request(action, entity),
            response=self._response(),
        )
        if action is Action.HEALTH:
            return view, self.models
        view = self._filled(view, noun)
        return view, self.models

    def _action(self) -> tuple[Action, str]:
        """What method and path say, and the noun of the path they say it of."""
        segments, statics = self.route.segments, self.route.statics
        noun = statics[-1] if statics else ""
        method = self.route.method
        if method == "GET" and noun.lower() in ("health", "healthz", "healthcheck"):
            return Action.HEALTH, noun
        if segments and segments[-1].startswith("{"):
            actions = {
                "GET": Action.GET,
                "PUT": Action.UPDATE,
                "PATCH": Action.UPDATE,
                "DELETE": Action.DELETE,
            }
            return actions.get(method, Action.OTHER), noun
        if method == "GET":
            return (Action.LIST if is_plural(_last_word(noun)) else Action.GET), noun
        return (Action.CREATE if method == "POST" else Action.OTHER), noun

    def _entity(
        self, action: Action, noun: str
    ) -> tuple[EntityView | None, EntityIndex | None, tuple[tuple[str, str], ...]]:
        """The entity of that noun whose keys the path fills best, with how it is found."""
        candidates = self._called(noun)
        if not candidates:
            return self._owner(), None, ()
        if action in (Action.LIST, Action.CREATE):
            return self._closest(candidates), None, ()
        for entity in candidates:
            keys = self._bound(entity, entity.key_fields)
            if keys is not None:
                return entity, None, keys
        for entity in candidates:
            for index in entity.indexes:
                partition = self._bound(entity, index.partition.fields)
                if partition and self._is_unique(entity, index, partition):
                    return entity, index, partition
        return candidates[0], None, ()

    def _called(self, noun: str) -> list[EntityView]:
        """The entities that a word of the path names: `orders`, `order`, `line-items`.

        `items` below `carts` also means `cart item`, and `users` `user assignment`, when nothing is
        called by the word alone.
        """
        asked = words(noun)
        if not asked:
            return []
        forms = {"".join([*asked[:-1], singular(asked[-1])]), "".join(asked)}
        statics = self.route.statics
        position = statics.index(noun) if noun in statics else 0
        above = "".join(singular(one) for one in words(statics[position - 1])) if position else ""
        for wanted in (forms, {above + form for form in forms} if above else set()):
            exact = [
                one
                for one in self.entities
                if wanted & {"".join(words(one.name)), "".join(words(one.model.design))}
            ]
            if exact:
                return exact
        return [
            one
            for one in self.entities
            if len(words(one.name)) == 2 and words(one.name)[0] in forms
        ]

    def _is_unique(
        self, entity: EntityView, index: EntityIndex, bound: tuple[tuple[str, str], ...]
    ) -> bool:
        """Whether the index finds one item by the last parameter of the path."""
        last = self.route.params[-1].name if self.route.params else ""
        return any(name == last for _, name in bound)

    def _owner(self) -> EntityView | None:
        """The entity of an enclosing part of the path, whose service an action belongs to."""
        for noun in reversed(self.route.statics):
            found = self._called(noun)
            if found:
                return self._closest(found)
        return None

    def _closest(self, candidates: Sequence[EntityView]) -> EntityView:
        """The candidate most of whose partition the path fills."""

        def score(entity: EntityView) -> tuple[bool, int]:
            bound = self._bound(entity, entity.partition.fields)
            return (bound is not None, len(bound or ()))

        return max(candidates, key=score)

    def _bound(
        self, entity: EntityView, fields: Sequence[str]
    ) -> tuple[tuple[str, str], ...] | None:
        """`(field, parameter)` for each field, or None when the path lacks one."""
        found = []
        for name in fields:
            param = self._param_for(entity, name)
            if param is None:
                return None
            found.append((name, param.name))
        return tuple(dict.fromkeys(found))

    def _param_for(self, entity: EntityView, name: str) -> Param | None:
        parts = words(name)
        for param in self.route.params:
            if words(param.wire) == parts:
                return param
        own = {"".join(words(entity.model.design)), "".join(words(entity.name))}
        last = self.route.params[-1] if self.route.params else None
        ends = bool(self.route.segments) and self.route.segments[-1].startswith("{")
        if last is None or not ends:
            return None
        asked = words(last.wire)
        names_own = asked[-1:] == ["id"] and "".join(asked[:-1]) in own
        if name == "id" and (names_own or asked == ["id"]):
            return last
        if parts[-1:] == ["id"] and "".join(parts[:-1]) in own and asked in (["id"], parts):
            return last
        return None

    def _status(self, action: Action) -> int:
        responses = self.source.endpoint.responses if self.source.endpoint else ()
        stated = next((one.status for one in responses if 200 <= one.status < 300), None)
        usual = {Action.CREATE: 201, Action.DELETE: 204}.get(action, 200)
        allowed = (200, 201, 202, 204)
        return stated if stated in allowed else usual

    def _request(self, action: Action, entity: EntityView | None) -> ModelView | None:
        if self.route.method not in ("POST", "PUT", "PATCH"):
            return None
        stated = self.source.endpoint.request_model if self.source.endpoint else None
        if stated and stated in self.models.models:
            return self.models.models[stated]
        requests = [one for one in self.models.models.values() if one.role is Role.REQUEST]
        wanted = [set(words(self.source.name))]
        if self.source.function:
            wanted.append(set(words(self.source.function.name)))
        verb = {Action.CREATE: "create", Action.UPDATE: "update"}.get(action)
        if verb and entity and entity in self._called(self.route.statics[-1]):
            wanted.append({verb, *words(entity.model.design)})
        best, most = None, 0
        for model in requests:
            own = {one for one in words(model.design) if one != "request"}
            fitting = own and any(own <= asked for asked in wanted)
            if fitting and len(own) > most:
                best, most = model, len(own)
        return best if most > 1 or (best and {*words(best.design)} & {self.source.name}) else None

    def _response(self) -> ModelView | None:
        stated = self.source.endpoint.response_model if self.source.endpoint else None
        return self.models.models.get(stated) if stated else None

    def _filled(self, view: OperationView, noun: str) -> OperationView:
        """The operation with what implements it, or with its gap."""
        if view.action is Action.OTHER:
            return replace(view, gap="the design does not say what this operation does to the data")
        if view.entity is None or view.entity not in self._called(noun):
            gap = f"no stored entity of the design is called {singular(noun.lower())!r}"
            return replace(view, action=Action.OTHER, gap=gap)
        if view.action is not Action.LIST and _ASYNC.search(view.description):
            gap = (
                "the design hands this operation to a queue or topic and does not say in what form"
            )
            return replace(view, action=Action.OTHER, gap=gap)
        fill = {
            Action.CREATE: self._create,
            Action.GET: self._get,
            Action.LIST: self._list,
            Action.UPDATE: self._update,
            Action.DELETE: self._delete,
        }[view.action]
        filled = fill(view, view.entity)
        if filled.gap:
            return replace(filled, bindings=(), filters=(), shape=None, wrapper=None)
        return filled

    def _get(self, view: OperationView, entity: EntityView) -> OperationView:
        if not view.keys:
            return replace(view, gap=_no_key(entity))
        shaped = _item_shape(view, entity)
        return replace(shaped, children=_children(entity, self.entities))

    def _delete(self, view: OperationView, entity: EntityView) -> OperationView:
        if not view.keys:
            return replace(view, gap=_no_key(entity))
        return replace(view, status=204 if view.status == 201 else view.status)

    def _update(self, view: OperationView, entity: EntityView) -> OperationView:
        if not view.keys:
            return replace(view, gap=_no_key(entity))
        request = view.request or self._derived(entity, "Update")
        service_fields = {one.name for one in (*entity.moments.values(), *entity.actors.values())}
        keys = set(entity.key_fields) | service_fields
        changed = [one for one in request.fields if words(one.design) != ["version"]]
        open_fields = _unstored(changed, entity, keys)
        if open_fields or not changed:
            gap = f"the design does not say what becomes of {_listed(open_fields) or 'the request'}"
            return replace(view, request=request, gap=gap)
        shaped = _item_shape(replace(view, request=request), entity)
        return replace(shaped, children=_children(entity, self.entities))

    def _create(self, view: OperationView, entity: EntityView) -> OperationView:
        request = view.request or self._derived(entity, "Create")
        view = replace(view, request=request)
        open_fields = _unstored(request.fields, entity, set())
        if open_fields:
            gap = f"the design does not say what becomes of {_listed(open_fields)}"
            return replace(view, gap=gap)
        parents = self._bound(entity, entity.parents)
        if parents is None:
            return replace(view, gap=_no_key(entity))
        bindings, missing, assumptions = self._values(entity, request)
        given = {one.field for one in bindings} | {f.name for f in request.fields if f.required}
        missing += [
            name
            for name in entity.key_fields
            if name not in given and name not in entity.parents and name not in missing
        ]
        if missing:
            return replace(view, gap=f"the design does not say where {_listed(missing)} come from")
        view = replace(view, keys=parents, bindings=bindings, assumptions=assumptions)
        return _item_shape(view, entity)

    def _values(
        self, entity: EntityView, request: ModelView
    ) -> tuple[tuple[Binding, ...], list[str], tuple[str, ...]]:
        """What a new item gets besides the request: bindings, fields without source, assumptions."""
        sent = {one.name: one for one in request.fields}
        bindings: list[Binding] = []
        missing: list[str] = []
        assumptions: list[str] = []
        for one in entity.model.fields:
            expression = self._value_of(one, entity, sent)
            if expression:
                bindings.append(Binding(one.name, expression))
            elif (
                (one.name in sent and (sent[one.name].required or one.is_optional))
                or one.is_optional
                or (one.name in sent and sent[one.name].has_default)
            ):
                continue
            else:
                member = self._initial(one)
                if member is None:
                    missing.append(one.wire)
                    continue
                bindings.append(Binding(one.name, member))
                assumptions.append(
                    f"a new {entity.noun} starts with {one.wire} {member.split('.')[-1]}"
                )
        return tuple(bindings), missing, tuple(assumptions)

    def _value_of(
        self, one: FieldView, entity: EntityView, sent: Mapping[str, FieldView]
    ) -> str | None:
        param = next((p for p in self.route.params if words(p.wire) == words(one.design)), None)
        if param and one.type.is_textual:
            return param.name
        if one == entity.id_field and one.name not in sent:
            return "new_id()"
        if one in entity.moments.values() and one.name not in sent:
            return moment_source(one)
        if one in entity.actors.values() and one.name not in sent:
            return "caller"
        if one == entity.version:
            return "1"
        if entity.soft_delete and one.name == entity.soft_delete.field and one.name not in sent:
            return entity.soft_delete.alive
        return None

    def _initial(self, one: FieldView) -> str | None:
        """The first state of a status, when its values have a usual one."""
        enum = self.models.enums.get(one.type.name)
        if enum is None or words(one.design)[-1:] not in (["status"], ["state"]):
            return None
        return next((member for name in _INITIAL if (member := enum.member_of(name))), None)

    def _derived(self, entity: EntityView, verb: str) -> ModelView:
        """A request model for a design that names none: the entity's fields that people give."""
        name = f"{verb}{entity.model.class_name}Request"
        known = self.models.models.get(name)
        if known:
            return known
        given = {
            *(one.name for one in (*entity.moments.values(), *entity.actors.values())),
            *([entity.version.name] if entity.version else []),
            *([entity.id_field.name] if entity.id_field else []),
            *([entity.soft_delete.field] if entity.soft_delete else []),
            *(entity.key_fields if verb == "Update" else ()),
            *(p.name for p in self.route.params),
        }
        fields = tuple(one for one in entity.model.fields if one.name not in given)
        if verb == "Update":
            fields = tuple(_made_optional(one) for one in fields)
        else:
            fields = tuple(
                _made_optional(one) if self._initial(one) and one.required else one
                for one in fields
            )
            fields = tuple(one for one in fields if not self._initial(one))
        taken = Names({one.class_name for one in self.models.models.values()})
        model = ModelView(
            taken.claim(name), name, "requests", Role.REQUEST, fields, None,
            derived_from=entity.model.class_name,
        )  # fmt: skip
        self.models = self.models.with_models([model])
        return model

    def _list(self, view: OperationView, entity: EntityView) -> OperationView:
        shape, gap = self._list_shape(view, entity)
        if gap:
            return replace(view, gap=gap)
        view = replace(view, shape=shape, filters=self._filters(entity))
        bound = self._bound(entity, entity.partition.fields)
        if entity.is_collection and bound and self._names_last(bound):
            return replace(view, keys=bound)
        for index in entity.indexes:
            keys = self._bound(entity, index.partition.fields)
            if keys and self._names_last(keys):
                return replace(view, index=index, keys=keys)
        if self.route.params:
            return replace(view, gap=_no_list(entity))
        constant = [one for one in entity.indexes if not one.partition.fields]
        if constant:
            return replace(view, index=constant[0])
        if not entity.partition.fields and entity.is_collection:
            return view
        if _owners(entity):
            return replace(view, gap=f"the path does not give {_listed(_owners(entity))}")
        return replace(view, scans=True)

    def _names_last(self, keys: tuple[tuple[str, str], ...]) -> bool:
        return bool(self.route.params) and self.route.params[-1].name in {name for _, name in keys}

    def _filters(self, entity: EntityView) -> tuple[Filter, ...]:
        """Indexes that query parameters choose; what the path has needs no parameter."""
        found = []
        for index in entity.indexes:
            if not index.partition.fields:
                continue
            params = []
            for name in index.partition.fields:
                if any(param.name == name for param in self.route.params):
                    continue
                one = next((f for f in entity.model.fields if f.name == name), None)
                if one is None:
                    break
                params.append((one.wire, name))
            else:
                if params:
                    found.append(Filter(index, tuple(params)))
        return tuple(found)

    def _list_shape(self, view: OperationView, entity: EntityView) -> tuple[ListShape, str | None]:
        stated = self.source.endpoint.parameters if self.source.endpoint else ()
        asked = {"_".join(words(one.name)): one.name for one in stated if one.location == "query"}
        size = next((asked[name] for name in _SIZES if name in asked), "pageSize")
        model = view.response
        if model is None or model is entity.model:
            token = next((asked[name] for name in _TOKENS if name in asked), "nextToken")
            return ListShape(size, token), None
        names = {one.name: "_".join(words(one.design)) for one in model.fields}
        items = next((one for one in model.fields if _lists(one.type, entity)), None)
        if items is None:
            return ListShape(
                size, ""
            ), f"{model.class_name} holds no list of {entity.model.class_name}"

        def pick(known: Sequence[str], kinds: Sequence[Kind]) -> str | None:
            return next(
                (
                    one.name
                    for name in known
                    for one in model.fields
                    if names[one.name] == name and one.type.kind in kinds
                ),
                None,
            )

        token_field = pick(_TOKENS, (Kind.STR, Kind.ANY))
        more = pick(_MORE, (Kind.BOOL,))
        count = pick(_COUNTS, (Kind.INT, Kind.NUMBER))
        filled = {items.name, token_field, more, count}
        unknown = [one.wire for one in model.fields if one.required and one.name not in filled]
        if unknown:
            gap = f"the design does not say where {_listed(unknown)} of the list come from"
            return ListShape(size, ""), gap
        wire = next((one.wire for one in model.fields if one.name == token_field), "nextToken")
        token = next((asked[name] for name in _TOKENS if name in asked), wire)
        return ListShape(size, token, model, items.name, token_field, more, count), None


def _last_word(noun: str) -> str:
    """The last word of a path's segment."""
    return (words(noun) or [""])[-1]


def moment_source(one: FieldView) -> str:
    """The current time as the field holds it; `moment` is a datetime."""
    if one.type.kind is Kind.DATETIME:
        return "moment"
    return "timestamp(moment)" if one.type.kind is Kind.STR else "int(moment.timestamp())"


def _made_optional(one: FieldView) -> FieldView:
    return replace(
        one,
        required=False,
        has_default=False,
        default=None,
        type=replace(one.type, nullable=one.type.kind is not Kind.ANY or one.type.nullable),
    )


def _unstored(fields: Sequence[FieldView], entity: EntityView, fixed: set[str]) -> list[str]:
    """Fields of a request that the stored model lacks, holds as something else, or never changes."""
    held = {one.name: one for one in entity.model.fields}
    return [
        one.wire
        for one in fields
        if one.name not in held or one.name in fixed or not _fits(one.type, held[one.name].type)
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
        Kind.NAMED,
    },
    {Kind.INT, Kind.FLOAT, Kind.NUMBER},
)


def _fits(sent: FieldType, held: FieldType) -> bool:
    """Whether what is sent can become what is held."""
    if Kind.ANY in (sent.kind, held.kind):
        return True
    if sent.kind is held.kind is Kind.LIST:
        return _fits(sent.item or sent, held.item or held)
    if sent.kind is held.kind is Kind.NAMED:
        return sent.name == held.name
    if sent.kind is held.kind:
        return True
    if sent.kind in (Kind.DICT, Kind.OBJECT) and held.kind in (Kind.DICT, Kind.OBJECT):
        return True
    return any(sent.kind in alike and held.kind in alike for alike in _ALIKE)


def _item_shape(view: OperationView, entity: EntityView) -> OperationView:
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
        if one.required and (one.name not in held or not _fits(held[one.name].type, one.type))
    ]
    if unknown:
        gap = f"the design does not say where {_listed(unknown)} of the answer come from"
        return replace(view, gap=gap)
    return view


def _children(
    entity: EntityView, entities: Sequence[EntityView]
) -> tuple[tuple[str, EntityView], ...]:
    """Lists of the model that are items of their own in the same partition: `(field, entity)`."""
    found = []
    for one in entity.model.fields:
        item = one.type.item
        if one.type.kind is not Kind.LIST or item is None or item.kind is not Kind.NAMED:
            continue
        child = next(
            (
                other
                for other in entities
                if other.model.design == item.name
                and other.partition == entity.partition
                and other.is_collection
                and other is not entity
            ),
            None,
        )
        if child and child.sort != entity.sort:
            found.append((one.name, child))
    return tuple(found)


def _lists(type_: FieldType, entity: EntityView) -> bool:
    return bool(type_.kind is Kind.LIST and type_.item and type_.item.name == entity.model.design)


def _owners(entity: EntityView) -> list[str]:
    """Partition fields that say whose an item is; a list across owners would show what is not one's."""
    own = entity.id_field.name if entity.id_field else ""
    return [name for name in entity.partition.fields if name not in (own, "id")]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


def _no_key(entity: EntityView) -> str:
    return f"the path does not give the key of {entity.noun} ({_listed(entity.key_fields)})"


def _no_list(entity: EntityView) -> str:
    return f"neither the table nor an index lists {plural(entity.noun)} by what the path gives"

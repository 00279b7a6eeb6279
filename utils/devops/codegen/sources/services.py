"""The services: one class for the operations of an entity, one for what belongs to none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen.code import Method, RenderedFile, keyword_only, signature, values_of
from codegen.naming import plural
from codegen.quoting import bracketed, py_str, sentence
from codegen.render import render
from codegen.views.operation_view import Action, Filter, OperationView, moment_source

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codegen.views.entity_view import EntityView
    from codegen.views.routes import Param
    from codegen.views.service_view import FunctionView, Group, ServiceView


def render_services(view: ServiceView) -> Iterable[RenderedFile]:
    """One service for each group of operations."""
    for group in view.groups:
        line = next((one.line for one in group.operations if one.line), None)
        yield RenderedFile(f"src/services/{group.module}.py", _render(group), line)


def _render(group: Group) -> str:
    methods = [_operation(one) for one in group.operations]
    methods += [_event(one) for one in group.events]
    noun = plural(group.entity.noun) if group.entity else "the service"
    return render(
        "service.py.jinja",
        title=f"What can be done with {noun}.",
        text=f"Operations on {noun}, apart from how they are asked or stored.",
        class_name=group.class_name,
        needs=sorted(_needs(group)),
        init=_init(group),
        repositories=_repositories(group),
        methods=methods,
    )


def _used(group: Group) -> list[EntityView]:
    """The entities whose repositories the operations use."""
    own = [one.entity for one in group.operations if one.implemented and one.entity]
    return [*own[:1], *group.children]


def _init(group: Group) -> str:
    params = [f"{one.module}s: {one.class_name}Repository | None = None" for one in _used(group)]
    return signature("__init__", ["self", *params], "None", 4)


def _repositories(group: Group) -> list[str]:
    return [
        f"self._{one.module}s = {one.module}s or {one.class_name}Repository()"
        for one in _used(group)
    ]


def result_of(operation: OperationView) -> str:
    """What the method of an operation returns."""
    if not operation.implemented or operation.entity is None:
        return "dict[str, Any]"
    model = operation.entity.model.class_name
    if operation.action is Action.DELETE:
        return "None"
    return f"Page[{model}]" if operation.shape else model


def parameters_of(operation: OperationView) -> tuple[list[str], list[str]]:
    """Positional and keyword parameters of an operation's method, with their types."""
    positional = []
    if operation.request:
        positional.append(f"request: {operation.request.class_name}")
    if operation.shape:
        positional.append("page: PageRequest")
    keywords = [f"{one.name}: str" for one in used_params(operation)]
    keywords += [f"{name}: str" for name in operation.claims]
    keywords += [f"{name}: str | None = None" for name in filter_names(operation)]
    if operation.uses_caller:
        keywords.append("caller: str")
    if operation.uses_version:
        keywords.append("expected_version: int | None = None")
    return positional, keywords


def used_params(operation: OperationView) -> list[Param]:
    """Parameters of the path that the method takes: all of them while it is not implemented."""
    if not operation.implemented:
        return list(operation.route.params)
    used = {name for _, name in operation.keys} | {one.expression for one in operation.bindings}
    for one in operation.filters:
        used |= {param.name for param in operation.route.params if param.name in _fields(one)}
    return [one for one in operation.route.params if one.name in used]


def _fields(one: Filter) -> tuple[str, ...]:
    return one.index.partition.fields


def filter_names(operation: OperationView) -> list[str]:
    """Fields that query parameters choose an index by, each once."""
    found = [name for one in operation.filters for _, name in one.params]
    return list(dict.fromkeys(found))


def _operation(operation: OperationView) -> Method:
    positional, keywords = parameters_of(operation)
    head = signature(
        operation.name,
        ["self", *positional, *keyword_only(keywords)],
        result_of(operation),
        4,
    )
    described = sentence(operation.description, f"{operation.route.method} {operation.route.path}")
    if not operation.implemented or operation.entity is None:
        text = f"{described}\n\nNot implemented: {operation.gap}."
        reason = py_str(f"{operation.name} is not implemented yet")
        return Method(head, text, (f"raise NotImplementedYetError({reason})",))
    body = {
        Action.CREATE: _create,
        Action.GET: _get,
        Action.LIST: _list,
        Action.UPDATE: _update,
        Action.DELETE: _delete,
    }[operation.action](operation, operation.entity)
    return Method(head, described, tuple(body))


def _create(operation: OperationView, entity: EntityView) -> list[str]:
    model = entity.model.class_name
    bindings = [f'"{one.field}": {one.expression}' for one in operation.bindings]
    timed = any("moment" in one.expression for one in operation.bindings)
    body = ["moment = now()"] if timed else []
    merged = ["**request.model_dump(exclude_none=True)", *bindings]
    body.append(bracketed("values = {", merged, "}", 8))
    parents = [f"{entity.argument(name)}={param}" for name, param in operation.keys]
    arguments = [f"checked({model}, values)", *parents]
    body.append(bracketed(f"return self._{entity.module}s.add(", arguments, ")", 8))
    return body


def _keys(operation: OperationView, entity: EntityView) -> list[str]:
    return [f"{entity.argument(name)}={param}" for name, param in operation.keys]


def _get(operation: OperationView, entity: EntityView) -> list[str]:
    method = f"find_by_{operation.index.suffix}" if operation.index else "get"
    keys = _keys(operation, entity)
    return _with_children(operation, f"self._{entity.module}s.{method}(", keys)


def _with_children(operation: OperationView, call: str, arguments: list[str]) -> list[str]:
    """Return the item of a call, with the items of their own that belong into it."""
    if not operation.children:
        return [bracketed(f"return {call}", arguments, ")", 8)]
    body = [bracketed(f"found = {call}", arguments, ")", 8)]
    for name, child in operation.children:
        keys = [f"{child.argument(one)}=found.{one}" for one in child.partition.fields]
        body.append(bracketed(f"{name} = self._{child.module}s.all(", keys, ")", 8))
    updates = [f'"{name}": {name}' for name, _ in operation.children]
    body.append(bracketed("return found.model_copy(update={", updates, "})", 8))
    return body


def _list(operation: OperationView, entity: EntityView) -> list[str]:
    body = []
    for one in operation.filters:
        names = [name for _, name in one.params]
        condition = " and ".join(f"{name} is not None" for name in names)
        body.append(f"if {condition}:")
        keys = []
        for name in one.index.partition.fields:
            bound = dict(operation.keys)
            param = bound.get(name, name)
            keys.append(f"{entity.argument(name)}={param}")
        call = f"return self._{entity.module}s.page_by_{one.index.suffix}("
        body.append("    " + bracketed(call, ["page", *keys], ")", 12))
    keys = _keys(operation, entity)
    if operation.scans:
        body.append(f"return self._{entity.module}s.scan(page)")
    else:
        method = f"page_by_{operation.index.suffix}" if operation.index else "page"
        call = f"return self._{entity.module}s.{method}("
        body.append(bracketed(call, ["page", *keys], ")", 8))
    return body


def _update(operation: OperationView, entity: EntityView) -> list[str]:
    body = ["changes = request.model_dump(exclude_unset=True)"]
    request = operation.request
    sent = next((f.name for f in request.fields if f.name == "version"), None) if request else None
    if entity.version and sent:
        body.append(f'sent_version = changes.pop("{sent}", None)')
        body.append("if expected_version is None:\n            expected_version = sent_version")
    body.append(
        'if not changes:\n            raise InvalidRequestError("there is no field to change")'
    )
    body += [f'changes["{name}"] = {source}' for name, source in _stamps(entity)]
    method = f"change_by_{operation.index.suffix}" if operation.index else "change"
    arguments = ["changes", *_keys(operation, entity)]
    if entity.version:
        arguments.append("expected_version=expected_version")
    call = f"self._{entity.module}s.{method}("
    return [*body, *_with_children(operation, call, arguments)]


def _stamps(entity: EntityView) -> list[tuple[str, str]]:
    """What a change sets by itself: `(field, expression)`."""
    found = []
    moment = entity.moments.get("updated")
    if moment:
        found.append((moment.name, moment_source(moment).replace("moment", "now()", 1)))
    actor = entity.actors.get("updated")
    if actor:
        found.append((actor.name, "caller"))
    return found


def _delete(operation: OperationView, entity: EntityView) -> list[str]:
    method = f"remove_by_{operation.index.suffix}" if operation.index else "remove"
    call = f"self._{entity.module}s.{method}("
    keys = _keys(operation, entity)
    if not entity.soft_delete:
        return [bracketed(call, keys, ")", 8)]
    return [
        values_of(_stamps(entity), 8, "changes: dict[str, Any]"),
        bracketed(call, ["changes", *keys], ")", 8),
    ]


def _event(function: FunctionView) -> Method:
    described = sentence(function.description, f"Handle what starts {function.module}")
    text = f"{described}\n\nNot implemented: the design does not say what this does to the data."
    params = ["self", "message: Message"]
    reason = py_str(f"{function.method} is not implemented yet")
    body = (f"raise NotImplementedYetError({reason})",)
    return Method(signature(function.method, params, "None", 4), text, body)


def _needs(group: Group) -> set[str]:
    found: set[str] = set()
    for operation in group.operations:
        found |= _operation_needs(operation)
    for entity in _used(group):
        name = f"{entity.class_name}Repository"
        found.add(f"src.repositories.{entity.module}_repository:{name}")
    if group.events:
        found |= {"src.utils.events:Message", "src.utils.errors:NotImplementedYetError"}
    return found


def _operation_needs(operation: OperationView) -> set[str]:
    found: set[str] = set()
    if operation.request:
        found.add(f"{operation.request.path}:{operation.request.class_name}")
    if not operation.implemented or operation.entity is None:
        return found | {"typing:Any", "src.utils.errors:NotImplementedYetError"}
    entity = operation.entity
    model = f"{entity.model.path}:{entity.model.class_name}"
    if operation.action is not Action.DELETE:
        found.add(model)
    if operation.shape:
        found |= {"src.repositories.pages:Page", "src.repositories.pages:PageRequest"}
    if operation.action is Action.CREATE:
        found.add("src.utils.validation:checked")
        for one in operation.bindings:
            found |= _expression_needs(one.expression)
    if operation.action is Action.UPDATE:
        found.add("src.utils.errors:InvalidRequestError")
    changes = operation.action is Action.UPDATE or (
        operation.action is Action.DELETE and entity.soft_delete
    )
    if changes and "updated" in entity.moments:
        found |= _expression_needs(moment_source(entity.moments["updated"]))
    if operation.action is Action.DELETE and entity.soft_delete:
        found.add("typing:Any")
    return found


def _expression_needs(expression: str) -> set[str]:
    found = set()
    if "moment" in expression:
        found.add("src.utils.clock:now")
    if expression.startswith("timestamp("):
        found.add("src.utils.clock:timestamp")
    if expression == "new_id()":
        found.add("src.utils.clock:new_id")
    if "." in expression and expression.split(".")[0].isidentifier() and "(" not in expression:
        found.add(f"src.models.enums:{expression.split('.')[0]}")
    return found

"""The Lambda handlers: one module for each function, and the routes of the API in them."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from codegen.code import Method, RenderedFile, signature
from codegen.naming import Names
from codegen.quoting import bracketed, one_line, py_str, sentence
from codegen.render import render
from codegen.sources.events import render_event
from codegen.sources.services import filter_names, used_params
from codegen.views.operation_view import Action, OperationView

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codegen.views.model_view import ModelView
    from codegen.views.service_view import FunctionView, Group, ServiceView

_USED = frozenset({"respond", "create_app", "entry_point", "handler", "app", "check_health"})

_LISTED = 3
"""Up to this many routes are named in the docstring of their module."""


def render_handlers(view: ServiceView) -> Iterable[RenderedFile]:
    """One module for each function."""
    for function in view.functions:
        text = _api(function, view) if function.is_api else render_event(function, view)
        yield RenderedFile(f"src/handlers/{function.module}.py", text, function.line)


def _api(function: FunctionView, view: ServiceView) -> str:
    served = [one for one in function.operations if one.action is not Action.HEALTH]
    groups: dict[str, Group] = {}
    for one in served:
        group = view.group_of(one)
        groups[group.module] = group
    needs = {
        "typing:Any",
        "aws_lambda_powertools.utilities.typing:LambdaContext",
        "src.utils.api:create_app",
        "src.utils.api:entry_point",
    }
    if function.operations:
        needs.add("aws_lambda_powertools.event_handler:Response")
    if any(one.action is Action.HEALTH for one in function.operations):
        needs.add("src.utils.api:check_health")
    for group in groups.values():
        needs.add(f"src.services.{group.module}:{group.class_name}")
    for one in served:
        needs |= _route_needs(one)
    return render(
        "api_handler.py.jinja",
        title=_title(function),
        needs=sorted(needs),
        has_health=any(one.action is Action.HEALTH for one in function.operations),
        services=[f"{group.module} = {group.class_name}()" for group in groups.values()],
        routes=[_route(one, view) for one in function.operations],
    )


def _title(function: FunctionView) -> str:
    routes = [f"`{one.route.method} {one.route.path}`" for one in function.operations]
    described = sentence(function.description, f"The function {one_line(function.name, 80)}")
    if len(routes) == 1 and function.description:
        return f"{routes[0]}: {described}"
    if not routes:
        return described
    listed = ", ".join(routes) if len(routes) <= _LISTED else f"{len(routes)} routes"
    return f"{described}\n\nAnswers {listed}."


def _route_needs(operation: OperationView) -> set[str]:
    found = {"http:HTTPStatus", "src.utils.api:respond"}
    if operation.request:
        found.add(f"{operation.request.path}:{operation.request.class_name}")
        found.add("src.utils.api:body_of")
    if operation.shape:
        found.add("src.utils.api:page_of")
        if operation.shape.model is None:
            found.add("src.utils.api:list_body")
    if filter_names(operation):
        found.add("src.utils.api:query_of")
    if operation.uses_caller:
        found.add("src.utils.api:caller_of")
    if operation.uses_version:
        found.add("src.utils.api:expected_version_of")
    if operation.claims:
        found.add("src.utils.api:claim_of")
    shaped = _answers_with(operation)
    if shaped:
        found.add(shaped)
    return found


def answer_model(operation: OperationView) -> ModelView | None:
    """The model an answer is put into, when it is not the entity's own."""
    if not operation.implemented or operation.entity is None:
        return None
    model = operation.shape.model if operation.shape else operation.response
    if model is None or model.design == operation.entity.model.design:
        return None
    return model


def _answers_with(operation: OperationView) -> str | None:
    """The import of that model."""
    model = answer_model(operation)
    return f"{model.path}:{model.class_name}" if model else None


def _route(operation: OperationView, view: ServiceView) -> Method:
    params = [f"{one.name}: str" for one in operation.route.params]
    name = Names(_USED).claim(operation.name)
    head = signature(name, params, "Response[str]")
    default = f"{operation.route.method} {operation.route.path}"
    text = sentence(operation.description, default)
    if operation.action is Action.HEALTH:
        body = ["return check_health()"]
    else:
        body = _route_body(operation, view.group_of(operation))
    return Method(head, text, tuple(body), operation.route.rule, operation.route.method.lower())


def _route_body(operation: OperationView, group: Group) -> list[str]:
    body = []
    arguments = []
    if operation.request:
        body.append(f"request = body_of(app, {operation.request.class_name})")
        arguments.append("request")
    if operation.shape:
        size, token = py_str(operation.shape.size), py_str(operation.shape.token)
        body.append(bracketed("page = page_of(", ["app", size, token], ")", 4))
        arguments.append("page")
    names = filter_names(operation)
    if names:
        wires = {name: wire for one in operation.filters for wire, name in one.params}
        body.append(
            bracketed("sent = query_of(", ["app", *(py_str(wires[n]) for n in names)], ")", 4)
        )
    arguments += [f"{one.name}={one.name}" for one in used_params(operation)]
    arguments += [f"{name}=claim_of(app, {py_str(name)})" for name in operation.claims]
    arguments += [f"{name}=sent.get({py_str(wires[name])})" for name in names]
    if operation.uses_caller:
        arguments.append("caller=caller_of(app)")
    if operation.uses_version:
        arguments.append("expected_version=expected_version_of(app)")
    call = f"{group.module}.{operation.name}("
    status = f"HTTPStatus.{HTTPStatus(operation.status).name}"
    if operation.implemented and operation.action is Action.DELETE:
        body.append(bracketed(call, arguments, ")", 4))
        suffix = "" if operation.status == 204 else ", {}"
        return [*body, f"return respond({status}{suffix})"]
    body.append(bracketed(f"{_result_name(operation)} = {call}", arguments, ")", 4))
    return [*body, *_answer(operation, status)]


def _result_name(operation: OperationView) -> str:
    return "found" if operation.shape else "item"


def _answer(operation: OperationView, status: str) -> list[str]:
    if not operation.implemented or _answers_with(operation) is None:
        if operation.implemented and operation.shape:
            return [f"return respond({status}, list_body(found))"]
        return [f"return respond({status}, item)"]
    if operation.shape and operation.shape.model:
        return _list_answer(operation, status)
    model = operation.response
    name = model.class_name if model else ""
    values = f'{{"{operation.wrapper}": item}}' if operation.wrapper else "dict(item)"
    return [f"return respond({status}, {name}.model_validate({values}))"]


def _list_answer(operation: OperationView, status: str) -> list[str]:
    shape: Any = operation.shape
    token = next((one for one in shape.model.fields if one.name == shape.next), None)
    values = [f'"{shape.items}": found.items']
    if token:
        last = "" if token.type.nullable else ' or ""'
        values.append(f'"{token.name}": found.next_token{last}')
    if shape.more:
        values.append(f'"{shape.more}": found.next_token is not None')
    if shape.count:
        values.append(f'"{shape.count}": len(found.items)')
    return [
        bracketed("values = {", values, "}", 4),
        f"return respond({status}, {shape.model.class_name}.model_validate(values))",
    ]

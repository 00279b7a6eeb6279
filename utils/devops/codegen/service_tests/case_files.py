"""Tests that send requests and events through the handlers: by layer, end to end, by scenario.

A case is a few lines: seed what the operation needs, call the handler, look at the answer. The unit
tests of handlers need no AWS, the integration tests and scenarios run against the simulated one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen.code import RenderedFile
from codegen.naming import plural
from codegen.quoting import bracketed, py_str
from codegen.render import render
from codegen.service_tests.cases import Case, Cases, Samples
from codegen.views.operation_view import Action, OperationView
from codegen.views.scenario_view import Expectation, ScenarioView, view_scenarios

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codegen.views.service_view import FunctionView, ServiceView


def render_case_files(view: ServiceView, samples: Samples) -> Iterable[RenderedFile]:
    """The test files made of cases."""
    cases = Cases(view, samples)
    for group in view.groups:
        found = [one for operation in group.operations for one in _cases(operation, cases)]
        if found:
            noun = plural(group.entity.noun) if group.entity else "the service"
            name = group.module.removesuffix("_service")
            yield _file(
                f"tests/integration/test_{name}_api.py",
                f"The API of {noun}, through the real handlers to a simulated AWS.",
                found,
            )
    events = [cases.event(one) for one in view.events]
    if events:
        title = "Functions that events start."
        yield _file("tests/integration/test_events.py", title, events)
    scenarios = [_scenario(one, cases) for one in view_scenarios(view)]
    if scenarios:
        title = "The scenarios of the design, one test for each, named after its id."
        yield _file("tests/integration/test_scenarios.py", title, scenarios)
    for function in view.apis:
        if function.operations:
            yield _handler_file(function)


def _cases(operation: OperationView, cases: Cases) -> list[Case]:
    if not operation.implemented:
        found = [cases.unimplemented(operation)]
    else:
        found = [cases.success(operation)]
        if operation.action in (Action.GET, Action.UPDATE, Action.DELETE):
            found.append(cases.missing(operation))
        if operation.uses_version:
            found.append(cases.outdated(operation))
        if operation.shape:
            found.append(cases.pages(operation))
        found += [cases.filtered(operation, number) for number, _ in enumerate(operation.filters)]
    if operation.request:
        found.append(cases.invalid(operation))
    return found


def _scenario(scenario: ScenarioView, cases: Cases) -> Case:
    operation, name = scenario.operation, scenario.test
    text = f"{scenario.id}: {scenario.text}"
    if scenario.expects is Expectation.RULE or (operation is None and scenario.function is None):
        why = (
            "the rule this scenario asks for is not implemented yet"
            if operation or scenario.function
            else "no route or function of the design serves this scenario"
        )
        if operation is None or operation.implemented:
            return _skipped(name, text, why)
    if operation is None:
        return (
            cases.event(scenario.function, name, text)
            if scenario.function
            else _skipped(name, text, "no function serves this scenario")
        )
    if not operation.implemented:
        return cases.unimplemented(operation, name, text)
    make = {
        Expectation.SUCCESS: cases.success,
        Expectation.MISSING: cases.missing,
        Expectation.INVALID: cases.invalid,
        Expectation.OUTDATED: cases.outdated,
    }[scenario.expects]
    return make(operation, name, text)


def _skipped(name: str, text: str, why: str) -> Case:
    line = bracketed("@pytest.mark.skip(", [f"reason={py_str(why)}"], ")")
    return Case(name, text, (), frozenset({"pytest"}), aws=False, decorators=(line,))


def _file(path: str, title: str, cases: list[Case]) -> RenderedFile:
    needs = {"pytest", *(need for one in cases for need in one.needs)}
    text = render("test_cases.py.jinja", title=title, needs=sorted(needs), cases=cases, mark=True)
    return RenderedFile(path, text)


def _handler_file(function: FunctionView) -> RenderedFile:
    """Unit tests of one handler: what it refuses before any service is asked."""
    needs = {"tests.factories:call", f"src.handlers:{function.module}"}
    lines = [
        bracketed(
            "answer = call(", [f"{function.module}.handler", '"GET"', '"/no/such/route"'], ")", 4
        ),
        "assert answer.status == 404",
    ]
    found = [
        Case(
            "test_an_unknown_route_is_not_found",
            "A path that is no route of this function is refused.",
            tuple(lines),
            frozenset(needs),
            aws=False,
        )
    ]
    text = render(
        "test_cases.py.jinja",
        title=f"The handler {function.module}.",
        needs=sorted(needs),
        cases=found,
        mark=False,
    )
    path = f"tests/unit/handlers/test_{function.module.strip('_')}.py"
    return RenderedFile(path, text, function.line)

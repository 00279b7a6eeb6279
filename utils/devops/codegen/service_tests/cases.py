"""Test cases of operations and events: what each seeds, sends and expects.

A case is a few lines: seed what the operation needs, call the handler, look at the answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from codegen.quoting import bracketed, py_str, py_value
from codegen.views.operation_view import Action, OperationView
from lld.model import Trigger

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codegen.views.service_view import FunctionView, ServiceView

Samples = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Case:
    """One generated test."""

    name: str
    text: str
    lines: tuple[str, ...]
    needs: frozenset[str]
    aws: bool = True
    decorators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cases:
    """Makes the cases of one service."""

    view: ServiceView
    samples: Samples
    cache: dict[str, Any] = field(default_factory=dict)

    def success(self, operation: OperationView, name: str = "", text: str = "") -> Case:
        """The operation does what it is for."""
        seeds, needs = self._seed(operation)
        lines = [*seeds, self._call(operation, body=self._body(operation))]
        lines.append(f"assert answer.status == {operation.status}")
        more, more_needs = self._expected(operation, seeded=bool(seeds))
        return self._case(
            operation,
            name or f"test_{operation.name}_answers_{operation.status}",
            text or f"{operation.route.method} {operation.route.path} does what it is for.",
            [*lines, *more],
            needs | more_needs,
        )

    def missing(self, operation: OperationView, name: str = "", text: str = "") -> Case:
        """There is nothing under the key."""
        lines = [
            self._call(operation, body=self._body(operation)),
            "assert answer.status == 404",
        ]
        return self._case(
            operation,
            name or f"test_{operation.name}_answers_404_for_an_unknown_key",
            text or "What does not exist is not found.",
            lines,
            frozenset(),
        )

    def invalid(self, operation: OperationView, name: str = "", text: str = "") -> Case:
        """The body does not fit its model."""
        lines = [self._call(operation, body=py_str("{")), "assert answer.status == 400"]
        if operation.request and any(one.required for one in operation.request.fields):
            lines += [self._call(operation, body="{}"), "assert answer.status == 400"]
            lines.append('assert answer.body["error"]["details"]')
        return self._case(
            operation,
            name or f"test_{operation.name}_answers_400_for_a_body_that_does_not_fit",
            text or "A body that does not fit its model is refused, by field.",
            lines,
            frozenset(),
        )

    def outdated(self, operation: OperationView, name: str = "", text: str = "") -> Case:
        """Someone else changed the item first."""
        seeds, needs = self._seed(operation)
        call = self._call(
            operation, body=self._body(operation), more=['headers={"If-Match": "999"}']
        )
        return self._case(
            operation,
            name or f"test_{operation.name}_answers_409_for_an_outdated_version",
            text or "A change of another version is a conflict.",
            [*seeds, call, "assert answer.status == 409"],
            needs,
        )

    def pages(self, operation: OperationView) -> Case:
        """Tokens and sizes that are none are refused."""
        shape = operation.shape
        size, token = (shape.size, shape.token) if shape else ("", "")
        lines = []
        for wire, value in ((token, "forged"), (size, "0")):
            query = f"query={{{py_str(wire)}: {py_str(value)}}}"
            lines += [self._call(operation, more=[query]), "assert answer.status == 400"]
        name = f"test_{operation.name}_answers_400_for_a_page_that_is_none"
        text = "A forged page token and a page size out of range are refused."
        return self._case(operation, name, text, lines, frozenset())

    def filtered(self, operation: OperationView, number: int) -> Case:
        """Query parameters choose an index."""
        one = operation.filters[number]
        seeds, needs = self._seed(operation)
        sample = self.samples[operation.entity.model.class_name] if operation.entity else {}
        query = {wire: _text(sample.get(wire, "")) for wire, _ in one.params}
        call = self._call(operation, more=[f"query={py_value(query, 8)}"])
        items = self._items_wire(operation)
        lines = [*seeds, call, "assert answer.status == 200"]
        lines.append(f"assert len(answer.body[{py_str(items)}]) == 1")
        name = f"test_{operation.name}_by_{one.index.suffix}"
        text = f"The index {one.index.suffix} lists what these parameters ask for."
        return self._case(operation, name, text, lines, needs)

    def unimplemented(self, operation: OperationView, name: str = "", text: str = "") -> Case:
        """The operation says that it is not written yet."""
        lines = [
            self._call(operation, body=self._body(operation)),
            "assert answer.status == 501",
        ]
        return self._case(
            operation,
            name or f"test_{operation.name}_answers_501_until_it_is_written",
            text or "The design only names this operation; replace this test when it is written.",
            lines,
            frozenset(),
        )

    def event(self, function: FunctionView, name: str = "", text: str = "") -> Case:
        """The function says that it is not written yet."""
        needs = {f"src.handlers:{function.module}", "tests.factories:Context"}
        made, event_need = _EVENTS.get(function.trigger, _EVENTS[Trigger.OTHER])
        needs |= {event_need} if event_need else set()
        lines = [f"event = {made}"]
        call = f"{function.module}.handler(event, Context())"
        if function.trigger in (Trigger.SQS, Trigger.DYNAMODB_STREAM):
            lines += [f"answer = {call}", 'assert len(answer["batchItemFailures"]) == 1']
        elif function.trigger is Trigger.AUTHORIZER:
            lines += [f"answer = {call}", f"assert {_DENIED}"]
        else:
            needs |= {"pytest", "src.utils.errors:NotImplementedYetError"}
            lines.append(f"with pytest.raises(NotImplementedYetError):\n        {call}")
        return Case(
            name or f"test_{function.module.strip('_')}_fails_until_it_is_written",
            text or "The design only names this function; nothing it is given gets lost.",
            tuple(lines),
            frozenset(needs),
        )

    def _case(
        self,
        operation: OperationView,
        name: str,
        text: str,
        lines: list[str],
        needs: frozenset[str] | set[str],
    ) -> Case:
        module = self.view.function_of(operation).module
        found = {*needs, "tests.factories:call", f"src.handlers:{module}"}
        if any("SAMPLES[" in line for line in lines):
            found.add("tests.samples:SAMPLES")
        return Case(name, text, tuple(lines), frozenset(found))

    def _call(
        self,
        operation: OperationView,
        *,
        body: str | None = None,
        more: Iterable[str] = (),
    ) -> str:
        module = self.view.function_of(operation).module
        arguments = [
            f"{module}.handler",
            py_str(operation.route.method),
            py_str(self._path(operation)),
        ]
        if body is not None:
            arguments.append(f"body={body}")
        return bracketed("answer = call(", [*arguments, *more], ")", 4)

    def _path(self, operation: OperationView) -> str:
        """The path with the sample's values for its parameters."""
        values = self._param_values(operation)
        names = iter(operation.route.params)
        return re.sub(r"\{[^{}]*\}", lambda _: values[next(names).name], operation.route.path)

    def _param_values(self, operation: OperationView) -> dict[str, str]:
        found = {
            one.name: f"{one.name.strip('_').replace('_', '-')}-1" for one in operation.route.params
        }
        entity = operation.entity
        if entity is None or not operation.implemented:
            return found
        sample = self.samples[entity.model.class_name]
        wires = {one.name: one.wire for one in entity.model.fields}
        bound = [(param, name) for name, param in operation.keys]
        bound += [(one.expression, one.field) for one in operation.bindings]
        bound += [(one.name, one.name) for one in operation.route.params]
        for param, name in reversed(bound):
            if param in found and wires.get(name) in sample:
                found[param] = _text(sample[wires[name]])
        return found

    def _body(self, operation: OperationView) -> str | None:
        """The expression of a valid body."""
        if operation.request is None:
            return None
        name = operation.request.class_name
        sample = f"SAMPLES[{py_str(name)}]"
        version = operation.entity.version if operation.entity else None
        if not version or not operation.entity or version.wire not in self.samples[name]:
            return sample
        stored = self.samples[operation.entity.model.class_name][version.wire]
        if stored == self.samples[name][version.wire]:
            return sample
        return bracketed("{", [f"**{sample}", f"{py_str(version.wire)}: {stored!r}"], "}", 8)

    def _seed(self, operation: OperationView) -> tuple[list[str], set[str]]:
        """Store the item that the operation works on."""
        entity = operation.entity
        if entity is None or operation.action is Action.CREATE:
            return [], set()
        parents = [
            f"{entity.argument(name)}={py_str(self._parent_value(operation, name))}"
            for name in entity.parents
        ]
        made = f"make({entity.model.class_name})"
        line = bracketed(f"{entity.class_name}Repository().add(", [made, *parents], ")", 4)
        return [line], {
            "tests.factories:make",
            f"{entity.model.path}:{entity.model.class_name}",
            f"src.repositories.{entity.module}_repository:{entity.class_name}Repository",
        }

    def _parent_value(self, operation: OperationView, name: str) -> str:
        bound = dict(operation.keys)
        values = self._param_values(operation)
        return values.get(bound.get(name, ""), f"{name.replace('_', '-')}-1")

    def _expected(self, operation: OperationView, *, seeded: bool) -> tuple[list[str], set[str]]:
        entity = operation.entity
        if entity is None:
            return [], set()
        if operation.shape:
            items = self._items_wire(operation)
            return [f"assert len(answer.body[{py_str(items)}]) == 1"], set()
        if operation.action is Action.DELETE:
            again = self._call(operation)
            return [again, "assert answer.status == 404"], set()
        own = operation.response is None or operation.response.design == entity.model.design
        if operation.action is Action.GET and seeded and own and not operation.children:
            expected = f"assert answer.body == wire(make({entity.model.class_name}))"
            return [expected], {"tests.factories:wire"}
        return ["assert answer.body"] if operation.status != 204 else [], set()

    def _items_wire(self, operation: OperationView) -> str:
        shape = operation.shape
        if shape is None or shape.model is None:
            return "items"
        return next(one.wire for one in shape.model.fields if one.name == shape.items)


_DENIED = 'answer["policyDocument"]["Statement"][0]["Effect"] == "Deny"'
_EVENTS = {
    Trigger.SQS: ('sqs_event({"id": "1"})', "tests.factories:sqs_event"),
    Trigger.SNS: ('sns_event({"id": "1"})', "tests.factories:sns_event"),
    Trigger.S3: ('s3_event("folder/object")', "tests.factories:s3_event"),
    Trigger.DYNAMODB_STREAM: ('stream_event({"PK": "1"})', "tests.factories:stream_event"),
    Trigger.EVENTBRIDGE: ('bus_event({"id": "1"})', "tests.factories:bus_event"),
    Trigger.SCHEDULE: ("bus_event({})", "tests.factories:bus_event"),
    Trigger.AUTHORIZER: ('{"type": "TOKEN", "methodArn": "arn:aws:execute-api:x"}', ""),
    Trigger.OTHER: ('{"id": "1"}', ""),
}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)

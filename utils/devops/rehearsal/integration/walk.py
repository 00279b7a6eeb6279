"""Send the planned requests and judge each answer; whatever was made is removed in the end."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from rehearsal.api_document import resolved
from rehearsal.integration.judging import schema_problems, status_problem
from rehearsal.junit import Case
from rehearsal.made_up import CannotMakeUpError, made_up

if TYPE_CHECKING:
    from rehearsal.api_document import Document
    from rehearsal.integration.door import Answer
    from rehearsal.integration.plan import Collection, Operation, Plan

_REFUSED = (401, 403)
_MISSING = "rehearsal-no-such-thing"
_WHO_CALLS = "who calls: BBWS_TEST_TOKEN, BBWS_TEST_API_KEY, or the AWS credentials"


class Asking(Protocol):
    """Requests to the API; `ask` is not idempotent."""

    def ask(
        self, method: str, path: str, body: Any = None, *, query: dict[str, str] | None = None,
        as_nobody: bool = False,
    ) -> Answer: ...  # fmt: skip


@dataclass(slots=True)
class Made:
    """A thing that this run created and has to remove."""

    delete: Operation | None
    values: dict[str, str]
    where: str


@dataclass(slots=True)
class Walk:
    """One run through an API. `cases` are in the order in which they were tried."""

    door: Asking
    document: Document
    bodies: Mapping[str, Any] = field(default_factory=dict)
    """`METHOD /path` → a body to send instead of a made-up one."""
    leave: bool = False
    """Create also what the API cannot remove."""
    mark: str = field(default_factory=lambda: secrets.token_hex(4))
    cases: list[Case] = field(default_factory=list)
    left_behind: list[str] = field(default_factory=list)
    _made: list[Made] = field(default_factory=list)
    _values: dict[str, str] = field(default_factory=dict)

    def go(self, plan: Plan, *, read_only: bool) -> None:
        """Try everything; what was made is removed whatever happens on the way."""
        try:
            for operation in plan.operations:
                if not read_only or operation.method == "GET":
                    self._refusal(operation)
            for collection in plan.collections:
                if read_only:
                    self._look(collection)
                else:
                    self._whole_life(collection)
            for operation in plan.others:
                self._alone(operation, read_only=read_only)
        finally:
            self._clean_up()

    def _refusal(self, operation: Operation) -> None:
        name = f"{operation.name} without credentials"
        if operation.is_public:
            self._skip(name, "the design says that anybody may call it")
            return
        body: dict[str, Any] | None = {} if operation.body is not None else None
        path = operation.filled(self._some(operation))
        answer = self.door.ask(operation.method, path, body, as_nobody=True)
        problem = status_problem(answer, _REFUSED)
        self._case(name, answer, [problem] if problem else [])

    def _look(self, collection: Collection) -> None:
        if collection.listing is not None:
            self._list(collection.listing)
        if collection.read is not None:
            self._unknown(collection.read)

    def _whole_life(self, collection: Collection) -> None:
        self._look(collection)
        create = collection.create
        if create is None:
            return
        self._invalid(create)
        if collection.delete is None and not self.leave:
            self._skip(create.name, "the API cannot remove what this makes; see --leave-behind")
            return
        thing = self._create(create, collection)
        if thing is None:
            return
        if collection.read is not None:
            self._read_back(collection.read, thing)
        if collection.listing is not None and collection.item_parameter in self._values:
            self._list(collection.listing, self._values[str(collection.item_parameter)])
        for update in collection.updates:
            self._update(update, collection.read)

    def _create(self, create: Operation, collection: Collection) -> dict[str, Any] | None:
        body = self._body(create)
        if body is None:
            return None
        answer = self.door.ask("POST", create.filled(self._some(create)), body)
        problems = self._problems(create, answer)
        identifier = _identifier(answer.body, collection.item_parameter)
        item = collection.item_parameter
        if 200 <= answer.status < 300:
            values = dict(self._some(create))
            if item is not None and identifier is None:
                problems.append(f"the answer has no {item!r}: it cannot be read or removed again")
            elif item is not None:
                values[item] = self._values[item] = str(identifier)
            self._made.append(Made(collection.delete, values, f"{create.path} {identifier}"))
        self._case(create.name, answer, problems)
        return body if not problems and isinstance(answer.body, dict) and item else None

    def _read_back(self, read: Operation, sent: Mapping[str, Any]) -> None:
        answer = self.door.ask("GET", read.filled(self._some(read)))
        problems = self._problems(read, answer)
        problems += _not_as_sent(sent, answer.body)
        self._case(f"{read.name} after it was created", answer, problems)

    def _update(self, update: Operation, read: Operation | None) -> None:
        body = self._body(update)
        if body is None:
            return
        answer = self.door.ask(update.method, update.filled(self._some(update)), body)
        self._case(update.name, answer, self._problems(update, answer))
        if read is not None and 200 <= answer.status < 300:
            after = self.door.ask("GET", read.filled(self._some(read)))
            problems = [*self._problems(read, after), *_not_as_sent(body, after.body)]
            self._case(f"{read.name} after {update.method}", after, problems)

    def _list(self, listing: Operation, identifier: str | None = None) -> None:
        query = self._query(listing)
        if query is None:
            return
        answer = self.door.ask("GET", listing.filled(self._some(listing)), query=query)
        problems = self._problems(listing, answer)
        if identifier is not None and identifier not in str(answer.body):
            problems.append(f"{identifier} was created and is not in the list")
        name = listing.name if identifier is None else f"{listing.name} with what was created"
        self._case(name, answer, problems)

    def _unknown(self, read: Operation) -> None:
        values = {**self._some(read), read.parameters[-1]: _MISSING}
        answer = self.door.ask("GET", read.filled(values))
        expected = tuple(s for s in (404, 400) if s in read.statuses) or (404,)
        problems = self._refused(read, answer, expected)
        self._case(f"{read.name} of what is not there", answer, problems)

    def _invalid(self, create: Operation) -> None:
        schema = resolved(create.body or {}, self.document)
        if not schema.get("required"):
            return
        answer = self.door.ask("POST", create.filled(self._some(create)), {})
        problems = self._refused(create, answer, (400, 422))
        self._case(f"{create.name} with an empty body", answer, problems)

    def _alone(self, operation: Operation, *, read_only: bool) -> None:
        if operation.method != "GET":
            if not read_only:
                self._skip(operation.name, "what it changes cannot be told, nor undone")
            return
        if set(operation.parameters) - set(self._values):
            self._skip(operation.name, "nothing is known for its path parameters")
            return
        self._list(operation)

    def _clean_up(self) -> None:
        for made in reversed(self._made):
            if made.delete is None:
                self.left_behind.append(f"{made.where}: the API cannot remove it")
                continue
            path = made.delete.filled(made.values)
            answer = self.door.ask("DELETE", path)
            problems = self._problems(made.delete, answer)
            self._case(made.delete.name, answer, problems)
            if problems:
                self.left_behind.append(made.where)
                continue
            again = self.door.ask("GET", path)
            gone = status_problem(again, (404, 405, 403, 410))
            self._case(f"{made.delete.path} is gone", again, [gone] if gone else [])

    def _some(self, operation: Operation) -> dict[str, str]:
        """A value for each path parameter: of what was created, else one of this run's own."""
        return {
            name: self._values.get(name, f"rehearsal-{self.mark}") for name in operation.parameters
        }

    def _body(self, operation: Operation) -> dict[str, Any] | None:
        given = self.bodies.get(operation.name, operation.example)
        if given is not None:
            return dict(given)
        try:
            body = made_up(operation.body or {}, self.document, self.mark)
        except CannotMakeUpError as error:
            self._cannot(operation, error)
            return None
        return body if isinstance(body, dict) else {}

    def _query(self, operation: Operation) -> dict[str, str] | None:
        try:
            return {
                name: str(made_up(schema, self.document, self.mark, name))
                for name, schema in operation.query.items()
            }
        except CannotMakeUpError as error:
            self._cannot(operation, error)
            return None

    def _cannot(self, operation: Operation, error: CannotMakeUpError) -> None:
        self._skip(operation.name, f"no value can be made up: {error}; give one with --data")

    def _problems(self, operation: Operation, answer: Answer) -> list[str]:
        wrong = status_problem(answer, (operation.success,))
        if wrong:
            return [wrong, *([_WHO_CALLS] if answer.status in _REFUSED else [])]
        return schema_problems(operation.answer, answer.body, self.document)

    def _refused(
        self, operation: Operation, answer: Answer, statuses: tuple[int, ...]
    ) -> list[str]:
        """What is wrong with a refusal: its status, or a body that is not as the design has it."""
        if wrong := status_problem(answer, statuses):
            return [wrong]
        return schema_problems(operation.refusals.get(answer.status), answer.body, self.document)

    def _case(self, name: str, answer: Answer, problems: list[str]) -> None:
        text = "\n".join([*problems, answer.text[:500]]) if problems else ""
        self.cases.append(Case(name, answer.seconds, failure=text))

    def _skip(self, name: str, reason: str) -> None:
        self.cases.append(Case(name, skipped=reason))


def _identifier(body: Any, parameter: str | None) -> Any:
    """What identifies a created thing: the property named like the path's parameter, else `id`."""
    if not isinstance(body, dict) or parameter is None:
        return None
    plain = {key.lower().replace("_", ""): value for key, value in body.items()}
    for name in (parameter.lower().replace("_", ""), "id"):
        if isinstance(plain.get(name), (str, int)):
            return plain[name]
    for inner in body.values():
        with suppress(RecursionError):
            found = _identifier(inner, parameter)
            if found is not None:
                return found
    return None


def _not_as_sent(sent: Mapping[str, Any], body: Any) -> list[str]:
    if not isinstance(body, dict):
        return []
    return [
        f"{key} is {body[key]!r}, {value!r} was sent"
        for key, value in sent.items()
        if key in body and body[key] != value
    ]

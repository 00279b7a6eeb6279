"""Scenarios of a design: which operation each is about, and what it expects of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from codegen.naming import Names, singular, snake, words
from codegen.quoting import one_line
from codegen.views.operation_view import Action, OperationView

if TYPE_CHECKING:
    from codegen.views.service_view import FunctionView, ServiceView
    from lld.model import Scenario


class Expectation(Enum):
    """What a scenario expects, as far as the code can tell."""

    SUCCESS = "success"
    MISSING = "missing"
    INVALID = "invalid"
    OUTDATED = "outdated"
    RULE = "rule"
    """Something of its own that generated code does not do."""


@dataclass(frozen=True, slots=True)
class ScenarioView:
    """A scenario with the operation or function it is about."""

    id: str
    test: str
    text: str
    line: int
    expects: Expectation
    operation: OperationView | None = None
    function: FunctionView | None = None


_SYNONYMS = {
    "view": "get", "see": "get", "open": "get", "show": "get", "find": "list", "browse": "list",
    "history": "list", "all": "list", "add": "create", "register": "create", "keep": "create",
    "submit": "create", "enrol": "create", "change": "update", "correct": "update",
    "edit": "update", "modify": "update", "remove": "delete", "cancel": "delete",
    "deprovision": "delete", "withdraw": "delete", "assign": "create", "return": "get",
}  # fmt: skip
_WEAK = frozenset(
    {
        "a", "an", "the", "as", "i", "want", "to", "my", "of", "for", "with", "given", "then",
        "and", "is", "are", "in", "it", "by", "so", "that", "on", "when", "be", "user",
    }
)  # fmt: skip
_MISSING = re.compile(r"(?i)\b(unknown|not found|missing item|404|does not exist|non-?existent)\b")
_INVALID = re.compile(r"(?i)\b(invalid|validation|malformed|bad request)\b")
_OUTDATED = re.compile(r"(?i)(version .*(out of date|conflict|stale)|stale version)")
_RULE = re.compile(
    r"(?i)(\b4(?!00|04)\d\d\b|\b5\d\d\b|\b\w*(failure|error)\b|\bexpired?\b|\bretr(y|ied)\b"
    r"|\bnotif|\be-?mail (is )?sent|\bevent published|\bdlq\b|\balready\b|\bduplicate\b"
    r"|\bwrong status\b|\bconflict\b|\bonly those\b|\bsorted\b|\bearliest\b|\bnewer one\b)"
)


def view_scenarios(view: ServiceView) -> tuple[ScenarioView, ...]:
    """Every scenario of the design, in its order."""
    names = Names()
    return tuple(_view(one, view, names) for one in view.design.test_scenarios)


def _view(scenario: Scenario, view: ServiceView, names: Names) -> ScenarioView:
    text = ": ".join(part for part in (scenario.story, scenario.scenario) if part)
    brief = "_".join([*words(scenario.id), *words(scenario.scenario or scenario.story or "")[:5]])
    test = names.claim(f"test_{snake(brief[:44], default='scenario').strip('_')}")
    operation = _operation(text, view)
    function = None if operation else _function(text, view)
    expects = _expectation(scenario, operation)
    return ScenarioView(
        one_line(scenario.id, 60),
        test,
        one_line(text, 300) or "The design says no more.",
        scenario.line,
        expects,
        operation,
        function,
    )


def _expectation(scenario: Scenario, operation: OperationView | None) -> Expectation:
    text = scenario.scenario or scenario.story or ""
    if operation and operation.uses_version and _OUTDATED.search(text):
        return Expectation.OUTDATED
    if _RULE.search(text):
        return Expectation.RULE
    keyed = operation and operation.action in (Action.GET, Action.UPDATE, Action.DELETE)
    if _MISSING.search(text):
        return Expectation.MISSING if keyed else Expectation.RULE
    if _INVALID.search(text):
        required = (
            operation
            and operation.request
            and any(one.required for one in operation.request.fields)
        )
        return Expectation.INVALID if required else Expectation.RULE
    return Expectation.SUCCESS


def _terms(text: str) -> set[str]:
    found = {singular(word) for word in words(text)} - _WEAK
    return found | {_SYNONYMS[word] for word in found if word in _SYNONYMS}


def _operation(text: str, view: ServiceView) -> OperationView | None:
    """The operation that shares most with the text, when that is its noun and its verb."""
    asked = _terms(text)
    best, most = None, 1
    for one in view.operations:
        if one.action is Action.HEALTH:
            continue
        own = _terms(f"{one.name} {one.action.value if one.action is not Action.OTHER else ''}")
        score = 2 * len(asked & own) + len(asked & _terms(one.description) - own)
        if score > most:
            best, most = one, score
    return best if most >= 3 else None


def _function(text: str, view: ServiceView) -> FunctionView | None:
    asked = _terms(text)
    best, most = None, 1
    for one in view.events:
        score = len(asked & _terms(f"{one.module} {one.description}"))
        if score > most:
            best, most = one, score
    return best

"""Completeness and consistency of a design: what a reviewer would ask to have changed.

Each rule is a function that yields findings; what the parser already found is part of the report.
An error is what nobody could build from or must not stay; everything else is a warning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lld.model import Problem, Severity, Trigger
from lld.schemas import defined_names
from lld.text import fold, resource_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lld.model import Design

_GATEWAY_LIMIT_S = 29


@dataclass(frozen=True, slots=True)
class Report:
    """The findings for one design, worst first."""

    document: str
    findings: tuple[Problem, ...]

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(one.severity is Severity.ERROR for one in self.findings)

    @property
    def warnings(self) -> int:
        """How many findings are warnings."""
        return len(self.findings) - self.errors

    def passes(self, *, strict: bool) -> bool:
        """Whether the design may go on; `strict` lets no warning pass either."""
        return not self.errors and not (strict and self.findings)


def validate(design: Design, extra: Sequence[Problem] = ()) -> Report:
    """Apply every rule; `extra` are findings about the file's place among others."""
    found = [*design.problems, *extra]
    for rule in _RULES:
        found.extend(rule(design))
    unique = list(dict.fromkeys(found))
    unique.sort(key=lambda one: (one.severity is not Severity.ERROR, one.line or 0, one.code))
    return Report(design.document, tuple(unique))


def _error(code: str, message: str, line: int | None, fix: str) -> Problem:
    return Problem(Severity.ERROR, code, message, line, fix)


def _warning(code: str, message: str, line: int | None, fix: str) -> Problem:
    return Problem(Severity.WARNING, code, message, line, fix)


# --- the document --------------------------------------------------------------------------------

_SECTIONS = (
    ("introduction", ("introduction", "overview", "purpose")),
    ("user stories", ("user stor", "epic", "requirements", "use case")),
    ("component diagram", ("component", "class", "architecture")),
    ("data models", ("data model", "dynamodb", "schema", "database", "storage")),
    ("API", ("api", "endpoint", "operations", "interface", "functions", "lambda")),
    ("NFRs", ("nfr", "non-functional", "performance")),
    ("security", ("security", "authentication", "authorization")),
    ("tagging", ("tag",)),
    ("troubleshooting", ("troubleshoot", "runbook", "playbook", "operations")),
)


def _sections(design: Design) -> Iterator[Problem]:
    titles = [headline.title.lower() for headline in design.headings]
    for name, signs in _SECTIONS:
        if not any(sign in title for title in titles for sign in signs):
            yield _warning(
                "section_missing",
                f"there is no section on {name}",
                None,
                f"add a section on {name}",
            )


def _header(design: Design) -> Iterator[Problem]:
    if not design.parent_hld:
        yield _error(
            "parent_missing",
            "the design names no parent HLD",
            1,
            "write **Parent HLD**: with a link to it below the title",
        )
    if not design.version:
        yield _warning("version_missing", "the design has no version", 1, "write **Version**: 1.0")
    if not design.lld_id:
        yield _warning(
            "name_pattern",
            f"{design.document!r} has no number",
            None,
            "name it <phase>.<sub-phase>.<number>_LLD_<Name>.md",
        )
    elif not re.match(r"\d+\.\d+\.\d+_LLD_[A-Za-z]\w*\.md\Z", design.document):
        yield _warning(
            "name_pattern",
            f"{design.document!r} is not named <phase>.<sub-phase>.<number>_LLD_<Name>.md",
            None,
            "rename the file",
        )
    if not design.repository_stated:
        yield _warning(
            "repository_missing",
            f"the design names no repository; {design.repository or 'none'} is assumed",
            None,
            "write the repository in the component overview",
        )
    elif not re.match(r"\d(?:_\d+)*_bbws_[a-z0-9_]+\Z", design.repository or ""):
        yield _warning(
            "repository_name",
            f"repository {design.repository!r} is not named 2_bbws_<service>_lambda",
            None,
            "follow the naming convention of repositories",
        )


def _parent_number(design: Design) -> Iterator[Problem]:
    stated = re.search(r"\d+(?:\.\d+)+", design.parent_hld or "")
    if not stated or not design.lld_id:
        return
    if design.lld_id != stated[0] and not design.lld_id.startswith(stated[0] + "."):
        yield _warning(
            "parent_number",
            f"LLD {design.lld_id} is not below its parent HLD {stated[0]}",
            None,
            f"number it {stated[0]}.<next>, or name its own parent",
        )


# --- functions and routes ------------------------------------------------------------------------


def _routes(design: Design) -> Iterator[Problem]:
    """Each endpoint is served by a function; one function alone serves them all."""
    api = [one for one in design.functions if one.trigger is Trigger.API]
    if len(api) == 1 and not api[0].path:
        return
    for endpoint in design.endpoints:
        if endpoint.function is None:
            yield _error(
                "endpoint_without_function",
                f"no function serves {endpoint.method} {endpoint.path}",
                endpoint.line,
                "add the function to the table of Lambda functions, or drop the endpoint",
            )


def _triggers(design: Design) -> Iterator[Problem]:
    serving = {endpoint.function for endpoint in design.endpoints}
    for one in design.functions:
        if one.trigger is Trigger.OTHER and not one.source:
            yield _error(
                "function_without_trigger",
                f"nothing says what starts {one.name}",
                one.line,
                "give it an endpoint, a queue, a topic, a schedule or an event",
            )
        elif one.trigger is Trigger.API and one.name not in serving and len(design.functions) > 1:
            yield _warning(
                "function_without_endpoint",
                f"nothing says which endpoint {one.name} serves",
                one.line,
                "write its method and path in the table of Lambda functions",
            )


def _timeouts(design: Design) -> Iterator[Problem]:
    slow = [
        one
        for one in design.functions
        if one.trigger is Trigger.API
        and (one.timeout_s or design.timeout_s or 0) > _GATEWAY_LIMIT_S
    ]
    if slow:
        yield _warning(
            "timeout_beyond_gateway",
            f"API Gateway gives up after {_GATEWAY_LIMIT_S} s; "
            f"{len(slow)} functions behind it may run longer ({slow[0].name}, …)",
            slow[0].line,
            f"give API functions at most {_GATEWAY_LIMIT_S} s",
        )


def _queues(design: Design) -> Iterator[Problem]:
    queues = {resource_key(one.name): one for one in design.resources if one.type == "sqs"}
    served = {resource_key(one.dead_letter_of) for one in queues.values() if one.dead_letter_of}
    any_dead_letters = any("dlq" in key or "deadletter" in key for key in queues)
    for one in design.functions:
        if one.trigger is not Trigger.SQS:
            continue
        key = resource_key(one.source or "")
        if key not in served and not any_dead_letters:
            yield _warning(
                "queue_without_dlq",
                f"the queue that starts {one.name} has no dead-letter queue",
                one.line,
                "name its dead-letter queue and how often a message is tried",
            )
        queue = queues.get(key)
        visible = queue.details.get("visibility_timeout_s") if queue else None
        limit = one.timeout_s or design.timeout_s
        if isinstance(visible, int) and limit and visible < limit:
            yield _error(
                "visibility_below_timeout",
                f"messages of {one.source} reappear after {visible} s while {one.name} may run "
                f"{limit} s",
                one.line,
                "give the queue a visibility timeout of six times the function's timeout",
            )


# --- data ----------------------------------------------------------------------------------------

_KNOWN_TYPES = frozenset(
    [
        *("str", "int", "float", "bool", "bytes", "Any", "Decimal", "datetime", "date", "time"),
        *("list", "dict", "set", "tuple", "Literal", "None", "Optional", "Union", "UUID"),
        *("EmailStr", "HttpUrl", "AnyUrl", "object", "timedelta", "LambdaContext"),
    ]
)


def _models(design: Design) -> Iterator[Problem]:
    """Names used as a type that nothing defines."""
    defined = {fold(name) for name in defined_names(design)}
    missing: dict[str, tuple[int, str, bool]] = {}
    for endpoint in design.endpoints:
        for name in (endpoint.request_model, endpoint.response_model):
            if name and fold(name) not in defined:
                where = f"{endpoint.method} {endpoint.path}"
                missing.setdefault(name, (endpoint.line, where, True))
    for model in design.models:
        for field in model.fields:
            for name in re.findall(r"[A-Za-z_]\w*", field.type or ""):
                if name not in _KNOWN_TYPES and name[0].isupper() and fold(name) not in defined:
                    missing.setdefault(name, (model.line, f"{model.name}.{field.name}", False))
    for name, (line, where, is_body) in missing.items():
        make = _error if is_body else _warning
        yield make(
            "model_undefined",
            f"{where} uses {name}, which is never defined",
            line,
            f"define {name} with its fields",
        )


def _access(design: Design) -> Iterator[Problem]:
    """Keys nobody reads by, and reads no key serves."""
    patterns = design.access_patterns
    if design.tables and not patterns:
        yield _warning(
            "access_patterns_missing",
            "no access patterns are stated for the table",
            design.tables[0].line,
            "list each way of reading with its key condition and index",
        )
    used = {fold(one.index) for one in patterns if one.index}
    texts = fold(" ".join(one.key_condition or "" for one in patterns))
    for table in design.tables:
        if not table.partition_key:
            yield _error(
                "table_without_key",
                f"table {table.name or '(unnamed)'} has no partition key",
                table.line,
                "state its partition key",
            )
        if not table.name:
            yield _warning(
                "table_without_name",
                "the table whose keys are described has no name",
                table.line,
                "write **Table Name**: `bbws-<name>-{env}`",
            )
        for index in table.gsis if patterns else ():
            key = fold(index.partition_key or "")
            if fold(index.name) not in used and (not key or key not in texts):
                yield _warning(
                    "index_unused",
                    f"no access pattern uses index {index.name}",
                    index.line,
                    "add the access pattern it is for, or drop the index",
                )
    for pattern in patterns:
        if re.search(r"\bscan\b", pattern.key_condition or "", re.I):
            yield _warning(
                "access_pattern_scans",
                f"{pattern.name!r} reads the whole table",
                pattern.line,
                "add an index that serves it",
            )


def _tests(design: Design) -> Iterator[Problem]:
    if not design.test_scenarios:
        yield _error(
            "tests_missing",
            "the design has no user story or test scenario",
            None,
            "write one scenario an endpoint and one an error, each with an id",
        )
        return
    untested = [one for one in design.test_scenarios if not one.scenario and one.story]
    for one in untested[:20]:
        yield _warning(
            "scenario_missing",
            f"{one.id} has no test scenario",
            one.line,
            "write Given …, when …, then …",
        )
    needed = len(design.endpoints) + sum(f.trigger is not Trigger.API for f in design.functions)
    if len(design.test_scenarios) * 2 < needed:
        yield _warning(
            "tests_few",
            f"{len(design.test_scenarios)} scenarios for {needed} endpoints and event functions",
            design.test_scenarios[0].line,
            "write at least one scenario for each",
        )


def _content(design: Design) -> Iterator[Problem]:
    for name, found in (("Lambda function", design.functions), ("data model", design.models)):
        if not found:
            yield _error(
                "nothing_to_build",
                f"the design states no {name}",
                None,
                f"add at least one {name}",
            )


_RULES: tuple[Callable[[Design], Iterator[Problem]], ...] = (
    _content,
    _header,
    _parent_number,
    _sections,
    _routes,
    _triggers,
    _timeouts,
    _queues,
    _models,
    _access,
    _tests,
)

"""What properties say: the document itself, the component's defaults, single functions, tables."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lld.facts import (
    Fact,
    Findings,
    FunctionFact,
    IndexFact,
    PropertyFact,
    RouteFact,
    TableFact,
    TreeFact,
    Trust,
)
from lld.model import Problem, Resource, Response, Severity
from lld.names import function_in_title, index_name, without_number
from lld.naming import (
    default_repository,
    design_number,
    repository_in,
    service_of,
    service_of_repository,
)
from lld.readers.functions import auth_of
from lld.readers.key_cells import key_cell
from lld.readers.triggers import source_of, trigger_of
from lld.text import (
    first_code,
    fold,
    memory_mb,
    methods_in,
    path_in,
    plain,
    routes_in,
    seconds,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lld.blocks import Section

_SIZED = ("memory", "timeout", "handler", "trigger", "endpoint")


@dataclass(slots=True)
class Group:
    """The properties of one table, or of one section's lines."""

    section: Section
    table: int
    caption: str
    line: int
    values: dict[str, PropertyFact] = field(default_factory=dict)

    def get(self, key: str) -> str | None:
        """The plain text of a property."""
        fact = self.values.get(key)
        return plain(fact.value) or None if fact else None

    def raw(self, key: str) -> str:
        """A property as written."""
        fact = self.values.get(key)
        return fact.value if fact else ""


def group_properties(facts: Iterable[PropertyFact]) -> list[Group]:
    """Properties that belong together, the first statement of each key kept."""
    groups: dict[tuple[int, int, str], Group] = {}
    for fact in facts:
        key = (fact.section.index, fact.group, fact.caption if not fact.group else "")
        group = groups.get(key)
        if group is None:
            group = groups[key] = Group(fact.section, fact.group, fact.caption, fact.line)
        group.values.setdefault(fact.key, fact)
    return list(groups.values())


# --- facts in properties -------------------------------------------------------------------------


def facts_of(groups: Iterable[Group]) -> Iterator[Fact]:
    """Functions, routes, tables and resources that property groups state."""
    for group in groups:
        function = _function(group)
        if function:
            yield function
        yield from _routes(group, function.name if function else None)
        if group.table:
            yield from _table(group)
        yield from _resources(group)


def function_named(group: Group) -> str | None:
    """The function a group of properties is about, when it is about one."""
    name = group.get("function_name") or _handler_name(group)
    if name and "function_name" not in group.values:
        return name
    if name:
        name = first_code(group.raw("function_name")) or name
        return name if re.fullmatch(r"[A-Za-z][\w${}.-]+", name) else None
    for title in (group.caption, group.section.title):
        found = function_in_title(title) if title else None
        if found:
            return found
        bare = without_number(title)
        if re.fullmatch(r"[a-z]\w*(?:[_-]\w+)+", bare):
            return bare
    return _titled_in_functions(group)


def _handler_name(group: Group) -> str | None:
    """The handler beside an endpoint, when it is a bare name: `**Handler**: `create_pool``."""
    handler = group.get("handler") or ""
    routed = "endpoint" in group.values or "path" in group.values
    return handler if routed and re.fullmatch(r"[A-Za-z]\w*(?:[_-]\w+)+", handler) else None


def _titled_in_functions(group: Group) -> str | None:
    """A heading of one word below `Lambda Functions`, over what only a function has."""
    around = group.section.parent
    title = without_number(group.section.title)
    if around is None or not ("handler" in group.values or "trigger" in group.values):
        return None
    about = "lambda" in around.lowered or "function" in around.lowered
    return title if about and re.fullmatch(r"[A-Za-z]\w+(?:-\w+)*", title) else None


def _function(group: Group) -> FunctionFact | None:
    name = function_named(group)
    trigger_text = group.raw("trigger")
    endpoint = _stated_routes(group) or routes_in(trigger_text)
    if not name or not (endpoint or any(key in group.values for key in _SIZED)):
        return None
    return FunctionFact(
        name,
        group.line,
        Trust.STATED if group.table and "function_name" in group.values else Trust.TOLD,
        group.line,
        trigger_of(trigger_text) if trigger_text else None,
        tuple(endpoint),
        memory_mb(group.raw("memory")),
        seconds(group.raw("timeout")),
        group.get("description"),
        source_of(trigger_text) if trigger_text else None,
        group.get("handler"),
    )


_OF_ROUTES = frozenset(("function_name", "request_model", "response_model", "auth"))


def _stated_routes(group: Group) -> list[tuple[str, str]]:
    """Whole routes of a group, written as one property or as a method and a path."""
    found = routes_in(group.raw("endpoint"))
    path = path_in(group.raw("path")) or path_in(group.raw("endpoint"))
    if not found and path and "method" in group.values:
        found = [(method, path) for method in methods_in(group.raw("method"))]
    if not found and not _OF_ROUTES.isdisjoint(group.values):
        found = routes_in(group.section.title)
    return found


def _routes(group: Group, function: str | None) -> Iterator[RouteFact]:
    line = next(
        (group.values[k].line for k in ("endpoint", "path", "trigger") if k in group.values),
        group.line,
    )
    routes = _stated_routes(group) or (routes_in(group.raw("trigger")) if function else [])
    for method, route in routes:
        yield RouteFact(
            method,
            route,
            line,
            Trust.STATED,
            function,
            auth_of(group.raw("auth")),
            group.get("description"),
            _model_in(group.raw("request_model")),
            _model_in(group.raw("response_model")),
            _answers(group.raw("response_model")),
            section=group.section,
        )


_STATUS = re.compile(r"(?<!\d)([1-5]\d\d)(?!\d)")


def _model_in(text: str) -> str | None:
    """The one class that a cell about a body names: `` `201` `Domain` ``."""
    names = re.findall(r"(?<![\w.])[A-Z][a-z]\w*(?![\w.])", text)
    bare = plain(re.sub(r"\b[1-5]\d\d\b", "", text)).strip(" :–—-")
    return bare if names == [bare] else None


def _answers(text: str) -> tuple[Response, ...]:
    """The status that a cell about the response begins with."""
    status = _STATUS.match(plain(text))
    return (Response(int(status[1]), _model_in(text)),) if status else ()


def _table(group: Group) -> Iterator[Fact]:
    key = "table_name"
    if key not in group.values and "pk" in group.values and "index_name" not in group.values:
        key = "name"
    name = first_code(group.raw(key)) or group.get(key)
    pk, sk = key_cell(group.raw("pk")), key_cell(group.raw("sk"))
    named = index_name(group.get("index_name") or group.caption or group.section.title)
    if "index_name" in group.values and named is None:
        named = (group.get("index_name") or "", None)
    if named and (pk.attribute or sk.attribute) and not name:
        yield IndexFact(
            named[0],
            group.line,
            Trust.STATED,
            group.section,
            named[1],
            pk.attribute,
            sk.attribute,
            group.get("projection"),
        )
        return
    if name and re.fullmatch(r"[A-Za-z][\w${}.<>-]{2,}", name) and not name.isupper():
        yield TableFact(
            name,
            group.values[key].line,
            Trust.STATED,
            group.section,
            pk.attribute,
            sk.attribute,
            _attribute(group.raw("ttl")),
            _stream(group.get("stream")),
        )


def _attribute(text: str) -> str | None:
    name = first_code(text) or plain(text)
    plausible = re.fullmatch(r"[A-Za-z_]\w*", name)
    return (
        name
        if plausible and name.lower() not in ("enabled", "disabled", "none", "no", "yes")
        else None
    )


def _stream(text: str | None) -> str | None:
    found = re.search(r"[A-Z]+_IMAGES?|KEYS_ONLY|NEW_AND_OLD_IMAGES", text or "")
    return found[0] if found else None


_KINDS = {
    "queue_name": "sqs",
    "dlq": "sqs",
    "topic_name": "sns",
    "bucket_name": "s3",
    "bus_name": "eventbridge",
    "user_pool": "cognito",
    "from_address": "ses",
}


def _resources(group: Group) -> Iterator[Resource]:
    for key, kind in _KINDS.items():
        raw = group.raw(key)
        name = first_code(raw) or plain(raw)
        if not re.fullmatch(r"[\w${}.<>@*-]{4,}", name) or not ("-" in name or "@" in name):
            continue
        details: dict[str, int] = {}
        if key == "queue_name":
            for source, target in (
                ("visibility_timeout", "visibility_timeout_s"),
                ("message_retention", "message_retention_s"),
            ):
                value = seconds(group.raw(source)) if group.raw(source) else None
                if value:
                    details[target] = value
            count = re.search(r"\d+", group.raw("max_receive_count"))
            if count:
                details["max_receive_count"] = int(count[0])
        yield Resource(kind, name, group.values[key].line, None, dict(details))


# --- the component -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Identity:
    """What the design says of itself and of its component."""

    lld_id: str | None
    version: str | None
    parent_hld: str | None
    repository: str | None
    service: str | None
    runtime: str | None
    memory_mb: int | None
    timeout_s: int | None
    architecture: str | None
    repository_stated: bool


def identify(
    document: str, findings: Findings, groups: list[Group]
) -> tuple[Identity, list[Problem]]:
    """The design's number, version, parent, repository and defaults."""
    first: dict[str, PropertyFact] = {}
    for fact in sorted(findings.properties, key=lambda fact: (fact.section.level > 1, fact.line)):
        first.setdefault(fact.key, fact)
    repository, problems = _repository(findings, first)
    service = service_of_repository(repository) if repository else None
    service = service or service_of(document) or _service_stated(first)
    lld_id = design_number(document) or _number_stated(first)
    component = _component(groups)
    parent = first.get("parent_hld")
    version = _version(first)
    problems += _history(first, version)
    identity = Identity(
        lld_id,
        version,
        plain(parent.value) if parent else None,
        repository or (default_repository(service) if service else None),
        service,
        _runtime(component.get("runtime")) or _runtime(component.get("language")),
        memory_mb(component["memory"]) if "memory" in component else None,
        seconds(component["timeout"]) if "timeout" in component else None,
        _architecture(component.get("architecture")),
        repository is not None,
    )
    return identity, problems


def _version(first: dict[str, PropertyFact]) -> str | None:
    fact = first.get("version")
    found = re.search(r"\d+(?:\.\d+)*", plain(fact.value)) if fact else None
    return found[0] if found else None


def _history(first: dict[str, PropertyFact], version: str | None) -> list[Problem]:
    """The document's own history against the version in its header."""
    last = first.get("history_version")
    found = re.search(r"\d+(?:\.\d+)*", plain(last.value)) if last else None
    if not (last and found and version) or found[0] == version:
        return []
    return [
        Problem(
            Severity.WARNING,
            "version_contradicts",
            f"the header says version {version}, the last change recorded is {found[0]}",
            last.line,
            "write the last version in the header",
        )
    ]


def _number_stated(first: dict[str, PropertyFact]) -> str | None:
    fact = first.get("lld_id")
    found = re.search(r"\d+(?:\.\d+)+", fact.value) if fact else None
    return found[0] if found else None


def _service_stated(first: dict[str, PropertyFact]) -> str | None:
    for key in ("service", "component"):
        fact = first.get(key)
        if fact:
            name = re.sub(r"\([^()]*\)", "", plain(fact.value))
            telling = [
                word for word in words(name) if word not in ("service", "lambda", "api", "the")
            ]
            if 0 < len(telling) <= 4:
                return "_".join(telling)
    return None


def _component(groups: list[Group]) -> dict[str, str]:
    """Runtime, memory, timeout and architecture of the component: the group that names the
    repository, then other groups that are about no single function."""
    keys = ("runtime", "language", "memory", "timeout", "architecture")
    general = [group for group in groups if function_named(group) is None]
    general.sort(key=lambda group: ("repository" not in group.values, group.line))
    found: dict[str, str] = {}
    for group in general:
        about = (
            "repository" in group.values
            or "runtime" in group.values
            or group.section.speaks_of(
                "overview", "lambda", "component", "technology", "configuration", "runtime"
            )
        )
        for key in keys if about else ():
            if key in group.values:
                found.setdefault(key, group.raw(key))
    return found


def _runtime(text: str | None) -> str | None:
    found = re.search(
        r"(python|node(?:\.?js)?|java|go|dotnet|\.net|ruby)\s*-?(\d+(?:\.[\dx]+)?)",
        (text or "").lower(),
    )
    if not found:
        return None
    name = {"node": "nodejs", "node.js": "nodejs", "nodejs": "nodejs", ".net": "dotnet"}.get(
        found[1], found[1]
    )
    suffix = ".x" if name == "nodejs" and "." not in found[2] else ""
    return f"{name}{found[2]}{suffix}"


def _architecture(text: str | None) -> str | None:
    lowered = (text or "").lower()
    if "arm64" in lowered or "graviton" in lowered:
        return "arm64"
    return "x86_64" if "x86" in lowered else None


def _repository(
    findings: Findings, first: dict[str, PropertyFact]
) -> tuple[str | None, list[Problem]]:
    """The stated repository, and every place that spells another."""
    said: list[tuple[str, int]] = []
    fact = first.get("repository")
    if fact:
        name = first_code(fact.value) or plain(fact.value)
        name = name.rstrip("/").rsplit("/", 1)[-1].removesuffix(".git").split(" ")[0]
        if re.fullmatch(r"[\w.-]+", name):
            said.append((name, fact.line))
    component = first.get("component")
    if component:
        name_in = repository_in(plain(component.value))
        if name_in:
            said.append((name_in, component.line))
    said += [(t.root, t.line) for t in findings.trees if t.root and _is_repository(t)]
    if not said:
        return None, []
    name, line = said[0]
    odd = next((one for one in said if fold(one[0]) != fold(name)), None)
    problems = []
    if odd:
        problems.append(
            Problem(
                Severity.WARNING,
                "repository_contradicts",
                f"the repository is {name} on line {line} and {odd[0]} on line {odd[1]}",
                odd[1],
                "write one name everywhere",
            )
        )
    return name, problems


def _is_repository(tree: TreeFact) -> bool:
    return bool(tree.root and repository_in(tree.root) == tree.root)

"""What groups of properties say of single functions, routes, tables and resources."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lld.facts import (
    Fact,
    FunctionFact,
    IndexFact,
    PropertyFact,
    RouteFact,
    TableFact,
    Trust,
)
from lld.model import Resource, Response
from lld.names import function_in_title, index_name, without_number
from lld.readers.functions import auth_of
from lld.readers.key_cells import key_cell
from lld.readers.triggers import source_of, trigger_of
from lld.text import (
    first_code,
    memory_mb,
    methods_in,
    path_in,
    plain,
    routes_in,
    seconds,
    sizes_in,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lld.blocks import Section

_SIZED = ("sizes", "memory", "timeout", "handler", "trigger", "endpoint")


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
        else:
            yield from _together(group)
        yield from _routes(group, function.name if function else None)
        if group.table or "index_name" in group.values:
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
    routed = "endpoint" in group.values and len(words(title)) > 1
    if around is None or not (routed or "handler" in group.values or "trigger" in group.values):
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
        *_sizes(group),
        group.get("description"),
        source_of(trigger_text) if trigger_text else None,
        group.get("handler"),
    )


def _sizes(group: Group) -> tuple[int | None, int | None]:
    """Memory and timeout, stated apart or as `Memory / Timeout`."""
    memory, timeout = sizes_in(group.raw("sizes"))
    return memory_mb(group.raw("memory")) or memory, seconds(group.raw("timeout")) or timeout


_NAME = re.compile(r"[A-Za-z]\w*(?:[_-]\w+)+\Z")


def _together(group: Group) -> Iterator[FunctionFact]:
    """Sizes that a heading gives to several functions: `Teams (create_team, list_teams)`."""
    title = without_number(group.section.title)
    listed = title.partition("(")[2].rpartition(")")[0] if "(" in title else title
    names = [name.strip(" `") for name in re.split(r",|/|&|\band\b", listed)]
    if len(names) < 2 or not all(_NAME.match(name) for name in names):
        return
    memory, timeout = _sizes(group)
    trigger = trigger_of(group.raw("trigger")) if group.raw("trigger") else None
    for name in names if memory or timeout or trigger else ():
        yield FunctionFact(name, group.line, Trust.HINT, group.line, trigger, (), memory, timeout)


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
    if pk.pattern and not pk.attribute and (sk.attribute or "").isupper():
        sk = replace(sk, attribute=None)  # beside a pattern, `METADATA` is a value
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

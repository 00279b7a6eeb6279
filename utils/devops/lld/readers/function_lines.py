"""Lambda functions from headings, lists and the prose below them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.facts import CountFact, Fact, FunctionFact, RouteFact, Trust
from lld.model import Trigger
from lld.names import function_in_title, without_number
from lld.readers.functions import is_about_functions
from lld.readers.triggers import trigger_of, trigger_told
from lld.text import routes_in, sizes_in, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Heading, Item, Paragraph

_COUNT = re.compile(r"\((\d{1,3})\b[^()]*\)|\b(\d{1,3}) (?:lambda )?functions\b", re.I)


def read_heading(heading: Heading) -> Iterator[Fact]:
    """A heading that announces one function, or how many there are."""
    title = heading.section.title
    name = function_in_title(title)
    if name:
        yield FunctionFact(name, heading.line, Trust.TOLD, heading.line)
    if "function" in heading.section.lowered or "lambda" in heading.section.lowered:
        count = _COUNT.search(without_number(title))
        if count:
            yield CountFact(int(count[1] or count[2]), heading.line, heading.section)


_ITEM = re.compile(r"(?:\*\*|`)+([A-Za-z]\w*(?:[_-][\w${}]+)*)(?:\*\*|`)+\s*(?:[:–—-]|(?=\())")


def read_item(item: Item) -> Iterator[Fact]:
    """`- **create_order**: POST /v1.0/orders` in a section about functions."""
    if not item.section.lineage() or not is_about_functions(item.section.lowered):
        yield from _sized(" ".join(item.lines), item.line)
        return
    found = _ITEM.match(item.lines[0])
    text = " ".join(item.lines)
    methods = tuple(routes_in(text))
    if not found or (len(words(found[1])) < 2 and not methods):
        return
    trigger = Trigger.API if methods else trigger_told(text[found.end() :])
    if trigger is None:
        trigger = _in_parenthesis(text[found.end() :])
    memory, timeout = sizes_in(text)
    yield FunctionFact(
        found[1], item.line, Trust.TOLD, item.section.line, trigger, methods, memory, timeout
    )
    for method, path in methods:
        yield RouteFact(method, path, item.line, Trust.TOLD, found[1], section=item.section)


_SIZED = re.compile(r"`([A-Za-z]\w*(?:[_-]\w+)+)`\s*\(([^()]{4,120})\)")


def _sized(text: str, line: int) -> Iterator[Fact]:
    """`` `order-sender` (schedule, 512MB/5min) `` in any list: only a function has both sizes."""
    for name, said in _SIZED.findall(text[:1000]) if "`" in text else ():
        memory, timeout = sizes_in(said)
        if memory and timeout:
            trigger = trigger_of(said)
            trigger = None if trigger is Trigger.OTHER else trigger
            yield FunctionFact(name, line, Trust.TOLD, line, trigger, (), memory, timeout)


def _in_parenthesis(text: str) -> Trigger | None:
    """What starts a function, from a parenthesis right behind its name: `(SQS → DynamoDB)`."""
    found = re.match(r"\s*\(([^()]{2,80})\)", text)
    trigger = trigger_of(re.split(r"→|->|=>", found[1])[0]) if found else None
    return None if trigger is Trigger.OTHER else trigger


_SERVED = re.compile(
    r"\W{0,4}(?:handled|served|implemented|processed) by (?:the )?(?:lambda |function |handler )*"
    r"(?:`|\*\*)([A-Za-z]\w*(?:[_-][\w${}]+)*)(?:`|\*\*)",
    re.I,
)
_SAID = re.compile(
    r"(?:The )?(?:function |lambda )?`([A-Za-z]\w*(?:[_-][\w${}]+)*)`\s+"
    r"((?:function |lambda )?"
    r"(?:is |gets |runs |starts |consumes |listens |subscribes |polls )[^.]{4,200})",
    re.I,
)


def read_paragraph(paragraph: Paragraph) -> Iterator[Fact]:
    """`` `purge_old` is started by a schedule `` adds to a function that is listed elsewhere."""
    described = _described(paragraph)
    if described:
        yield described
        for method, path in described.methods:
            yield RouteFact(
                method,
                path,
                paragraph.line,
                Trust.TOLD,
                described.name,
                section=paragraph.section,
            )
    for offset, line in enumerate(paragraph.lines):
        served = next(_SERVED.finditer(line[:1000]), None) if " by " in line else None
        routes = routes_in(paragraph.section.title) if served else []
        if served and routes:
            number, section = paragraph.line + offset, paragraph.section
            yield FunctionFact(
                served[1], number, Trust.TOLD, section.line, Trigger.API, tuple(routes)
            )
            for method, path in routes:
                yield RouteFact(method, path, number, Trust.TOLD, served[1], section=section)
        for name, said in _SAID.findall(line[:1000]) if "`" in line else ():
            trigger = trigger_told(said)
            memory, timeout = sizes_in(said)
            if trigger or memory:
                number = paragraph.line + offset
                yield FunctionFact(name, number, Trust.HINT, number, trigger, (), memory, timeout)


def _described(paragraph: Paragraph) -> FunctionFact | None:
    """`### moderate-text` below `## Lambdas`, and the line on its trigger and sizes."""
    around = paragraph.section.parent
    name = without_number(paragraph.section.title)
    if around is None or not is_about_functions(without_number(around.title).lower()):
        return None
    if not re.fullmatch(r"[A-Za-z]\w*(?:[-_]\w+)+", name):
        return None
    text = " ".join(paragraph.lines)[:1000]
    methods = tuple(routes_in(text))
    memory, timeout = sizes_in(text)
    trigger = Trigger.API if methods else trigger_told(text)
    if not (methods or trigger or memory):
        return None
    line = paragraph.section.line
    return FunctionFact(name, line, Trust.TOLD, around.line, trigger, methods, memory, timeout)

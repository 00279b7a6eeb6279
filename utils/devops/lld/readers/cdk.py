"""Tables, indexes and functions of CDK code, by the properties between the braces of a call."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.facts import Fact, FunctionFact, IndexFact, TableFact, Trust
from lld.text import LONGEST_CELL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.blocks import Fence

_CALL = re.compile(
    r"new\s+(?:\w+\.)?(?P<kind>Table(?:V2)?|Function|PythonFunction|NodejsFunction)\s*\(|"
    r"\.(?P<index>addGlobalSecondaryIndex)\s*\("
)
_LONGEST_CALL = LONGEST_CELL


def read_cdk(fence: Fence) -> Iterator[Fact]:
    """`new dynamodb.Table(...)`, `addGlobalSecondaryIndex(...)` and `new lambda.Function(...)`."""
    text = fence.text
    if "addGlobalSecondaryIndex" not in text and "new " not in text:
        return
    for call in _CALL.finditer(text[:400_000]):
        body = _body(text[call.end() : call.end() + _LONGEST_CALL])
        line = fence.line + text.count("\n", 0, call.start())
        if call["index"]:
            yield from _index(body, line, fence)
        elif call["kind"].startswith("Table"):
            name = _string(body, "tableName")
            if name or "partitionKey" in body:
                keys = _key(body, "partitionKey"), _key(body, "sortKey")
                ttl = _string(body, "timeToLiveAttribute")
                yield TableFact(name, line, Trust.FORMAL, fence.section, *keys, ttl)
        else:
            yield from _function(body, line, fence)


def _body(text: str) -> str:
    """The arguments of a call, up to the bracket that closes it."""
    depth = 1
    for position, sign in enumerate(text):
        depth += (sign in "({[") - (sign in ")}]")
        if depth == 0:
            return text[:position]
    return text


def _string(body: str, key: str) -> str | None:
    found = re.search(rf"\b{key}\s*:\s*['\"`]([^'\"`\n]{{1,120}})['\"`]", body)
    return found[1] if found else None


def _key(body: str, key: str) -> str | None:
    found = re.search(rf"\b{key}\s*:\s*\{{\s*name\s*:\s*['\"]([\w.:-]+)['\"]", body)
    return found[1] if found else None


def _index(body: str, line: int, fence: Fence) -> Iterator[Fact]:
    name = _string(body, "indexName")
    if name:
        pk, sk = _key(body, "partitionKey"), _key(body, "sortKey")
        yield IndexFact(name, line, Trust.FORMAL, fence.section, None, pk, sk)


def _function(body: str, line: int, fence: Fence) -> Iterator[Fact]:
    name = _string(body, "functionName")
    if not name:
        return
    memory = re.search(r"\bmemorySize\s*:\s*(\d{2,5})\b", body)
    timeout = re.search(r"\btimeout\s*:\s*(?:\w+\.)?Duration\.(seconds|minutes)\((\d{1,4})\)", body)
    seconds = int(timeout[2]) * (60 if timeout[1] == "minutes" else 1) if timeout else None
    handler = _string(body, "handler")
    yield FunctionFact(
        name,
        line,
        Trust.FORMAL,
        fence.line,
        memory_mb=int(memory[1]) if memory else None,
        timeout_s=seconds,
        handler=handler,
    )

"""Walks over a shown plan: planned resources, and the expressions they were written as."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_INDEX = re.compile(r'\[(?:"[^"]*"|\d+)\]')


@dataclass(frozen=True, slots=True)
class Planned:
    """A managed resource as it will be. `references` are the addresses its block mentions."""

    address: str
    type: str
    values: Mapping[str, Any]
    unknown: Mapping[str, Any]
    references: frozenset[str]
    provisioners: tuple[str, ...] = ()

    @property
    def block(self) -> str:
        """The address of its block, whatever `count` or `for_each` made of it."""
        return block_of(self.address)


def block_of(address: str) -> str:
    """`aws_s3_bucket.this` of `aws_s3_bucket.this["logs"]`."""
    return _INDEX.sub("", address)


def planned_resources(shown: Mapping[str, Any]) -> list[Planned]:
    """Every managed resource that exists after the plan."""
    blocks = {block.address: block for block in _blocks(_root(shown))}
    found = []
    for raw in shown.get("resource_changes") or ():
        change = raw.get("change") or {}
        if raw.get("mode") != "managed" or change.get("after") is None:
            continue
        block = blocks.get(block_of(raw["address"]))
        unknown = change.get("after_unknown")
        found.append(
            Planned(
                address=raw["address"],
                type=raw["type"],
                values=change["after"],
                unknown=unknown if isinstance(unknown, dict) else {},
                references=block.references if block else frozenset(),
                provisioners=block.provisioners if block else (),
            )
        )
    return found


def data_sources(shown: Mapping[str, Any]) -> list[str]:
    """Addresses of the data sources in the configuration."""
    return [block.address for block in _blocks(_root(shown)) if block.is_data]


@dataclass(frozen=True, slots=True)
class _Block:
    """A resource or data block as it was written; `references` are whole addresses."""

    address: str
    is_data: bool
    references: frozenset[str]
    provisioners: tuple[str, ...]


def _root(shown: Mapping[str, Any]) -> Mapping[str, Any]:
    return (shown.get("configuration") or {}).get("root_module") or {}


def _blocks(module: Mapping[str, Any], prefix: str = "") -> Iterator[_Block]:
    for raw in module.get("resources") or ():
        written = [raw.get("expressions"), raw.get("for_each_expression")]
        yield _Block(
            address=prefix + raw["address"],
            is_data=raw.get("mode") == "data",
            references=frozenset(prefix + reference for reference in _references(written)),
            provisioners=tuple(entry.get("type", "") for entry in raw.get("provisioners") or ()),
        )
    for name, call in (module.get("module_calls") or {}).items():
        yield from _blocks(call.get("module") or {}, f"{prefix}module.{name}.")


def _references(expressions: Any) -> Iterator[str]:
    if isinstance(expressions, dict):
        for key, value in expressions.items():
            if key == "references" and isinstance(value, list):
                yield from (str(reference) for reference in value)
            else:
                yield from _references(value)
    elif isinstance(expressions, list):
        for value in expressions:
            yield from _references(value)


def constant_of(shown: Mapping[str, Any], expression: Any) -> Any:
    """What an expression comes to, where the plan alone can tell; else None."""
    if not isinstance(expression, dict):
        return None
    if "constant_value" in expression:
        return expression["constant_value"]
    variables = [r for r in expression.get("references") or () if r.startswith("var.")]
    if len(variables) != 1:
        return None
    given = (shown.get("variables") or {}).get(variables[0].removeprefix("var.")) or {}
    return given.get("value")


def policy_of(text: Any) -> dict[str, Any]:
    """A policy document out of its JSON text; empty when there is none yet."""
    if not isinstance(text, str):
        return {}
    try:
        parsed = json.loads(text)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}

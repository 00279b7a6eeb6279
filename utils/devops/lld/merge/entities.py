"""Item types with the patterns of their keys, each once."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

from lld.facts import EntityFact, Trust
from lld.model import Entity
from lld.names import camel

_PLACEHOLDER = re.compile(r"\{[^{}]*\}|<[^<>]*>")


def pattern_key(pattern: str | None) -> str:
    """A key pattern with the names of its placeholders folded away."""
    return _PLACEHOLDER.sub("{}", pattern or "").upper()


def merge_entities(facts: list[EntityFact]) -> tuple[Entity, ...]:
    """Entities in the order of the document; examples count only where nothing is stated."""
    stated = _joined([fact for fact in facts if fact.trust >= Trust.TOLD])
    if not stated:
        stated = [_generalized(fact) for fact in facts if fact.pk_pattern]
    found: dict[tuple[str, str], EntityFact] = {}
    for fact in sorted(stated, key=lambda fact: (-fact.trust, fact.line)):
        key = (pattern_key(fact.pk_pattern), pattern_key(fact.sk_pattern))
        if key not in found:
            found[key] = fact
        elif fact.index_keys and not found[key].index_keys:
            found[key] = replace(found[key], index_keys=fact.index_keys)
    kept = _without_halves(list(found.values()))
    return tuple(
        Entity(
            fact.name or _named_by_keys(fact),
            fact.pk_pattern,
            fact.sk_pattern,
            fact.line,
            fact.index_keys,
        )
        for fact in sorted(kept, key=lambda fact: fact.line)
    )


def _named_by_keys(fact: EntityFact) -> str:
    """The entity that the prefix of its sort or partition key names: `ORDER#{id}` -> `Order`."""
    for pattern in (fact.sk_pattern, fact.pk_pattern):
        prefix = re.match(r"([A-Za-z][A-Za-z_]*)#", pattern or "")
        if prefix:
            return camel(prefix[1])
    return "Item"


def _without_halves(facts: list[EntityFact]) -> list[EntityFact]:
    """Drop a statement of one key alone where another states both."""
    whole = {pattern_key(f.pk_pattern) for f in facts if f.pk_pattern and f.sk_pattern}
    return [
        fact
        for fact in facts
        if fact.pk_pattern and (fact.sk_pattern or pattern_key(fact.pk_pattern) not in whole)
    ]


def _joined(facts: list[EntityFact]) -> list[EntityFact]:
    """Two lines of one list, one a partition and one a sort key, are one statement."""
    done: list[EntityFact] = []
    for fact in facts:
        last = done[-1] if done else None
        if (
            last is not None
            and fact.pk_pattern is None
            and last.sk_pattern is None
            and last.section is fact.section
            and fact.line - last.line < 4
        ):
            done[-1] = replace(last, sk_pattern=fact.sk_pattern, name=last.name or fact.name)
        else:
            done.append(fact)
    return done


_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:T[\d:.Z+-]*)?\Z")


def _generalized(fact: EntityFact) -> EntityFact:
    """The pattern behind an example: `TENANT#t_123` -> `TENANT#{tenantId}`."""
    return replace(
        fact,
        pk_pattern=_pattern_of(fact.pk_pattern),
        sk_pattern=_pattern_of(fact.sk_pattern),
    )


def _pattern_of(value: str | None) -> str | None:
    if not value or "#" not in value or "{" in value:
        return value
    parts = value.split("#")
    made = [parts[0]]
    for label, part in itertools.pairwise(parts):
        if _TIME.match(part):
            made.append("{timestamp}")
        elif re.fullmatch(r"[A-Z_]+", part):
            made.append(part)
        else:
            made.append("{" + label.lower() + "Id}")
    return "#".join(made)

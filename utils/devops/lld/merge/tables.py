"""Tables with their keys and indexes."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lld.facts import EntityFact, Findings, IndexFact, IndexUseFact, TableFact, Trust
from lld.merge.entities import merge_entities
from lld.model import Entity, Index, Problem, Severity, Table
from lld.text import fold, resource_key, words

if TYPE_CHECKING:
    from collections.abc import Iterable


_GSI = re.compile(r"(?:GSI|LSI)[-_ ]?(\d+)\Z", re.I)


@dataclass(slots=True)
class _Index:
    """An index while its statements are being joined."""

    facts: list[IndexFact] = field(default_factory=list)


@dataclass(slots=True)
class _Table:
    """A table while its statements are being joined."""

    named: list[TableFact] = field(default_factory=list)
    told: list[TableFact] = field(default_factory=list)
    indexes: dict[str, _Index] = field(default_factory=dict)
    entities: list[EntityFact] = field(default_factory=list)


class _Scopes:
    """Which table a statement without a table's name is about."""

    def __init__(self, tables: list[_Table]) -> None:
        self.tables = tables
        starts = [
            (fact.line, table)
            for table in tables
            for fact in table.named
            if fact.trust is Trust.STATED
        ]
        starts.sort(key=lambda start: start[0])
        self._lines = [line for line, _ in starts]
        self._starts = starts
        self._by_key = {resource_key(f.name): t for t in tables for f in t.named if f.name}

    def of(self, line: int, name: str | None = None) -> _Table:
        if name and resource_key(name) in self._by_key:
            return self._by_key[resource_key(name)]
        if len(self.tables) == 1:
            return self.tables[0]
        position = bisect_right(self._lines, line) - 1
        return self._starts[position][1] if position >= 0 else self.tables[0]


def merge_tables(
    findings: Findings, service: str | None
) -> tuple[tuple[Table, ...], tuple[Entity, ...], list[Problem]]:
    """Tables, entities and what their statements disagree about."""
    tables = _tables(findings, service)
    if not tables:
        return (), merge_entities(findings.entities), []
    scopes = _Scopes(tables)
    for fact in findings.tables:
        if fact.name is None:
            scopes.of(fact.line).told.append(fact)
    for entity in findings.entities:
        scopes.of(entity.line).entities.append(entity)
    problems: list[Problem] = []
    _file_indexes(findings, scopes)
    made = [_table(table, problems) for table in tables]
    made.sort(key=lambda table: table.line)
    problems += _undefined(findings.index_uses, tables)
    names = _index_names(tables, made)
    entities = [_with_index_names(entity, names) for entity in merge_entities(findings.entities)]
    return tuple(made), tuple(entities), problems


def _index_names(tables: list[_Table], made: list[Table]) -> dict[str, str]:
    """What an entity's key rows may call an index (`GSI1`) -> the index's own name."""
    names: dict[str, str] = {}
    for stored in made:
        for index in stored.gsis:
            prefix = re.sub(r"[_-]?PK\Z", "", index.partition_key or "", flags=re.I)
            names.setdefault(fold(prefix), index.name)
    for table in tables:
        for entry in table.indexes.values():
            for fact in entry.facts:
                if fact.alias:
                    names[fold(fact.alias)] = fact.name
    return names


def _with_index_names(entity: Entity, names: dict[str, str]) -> Entity:
    keys = tuple(
        replace(keys, index=names.get(fold(keys.index), keys.index)) for keys in entity.index_keys
    )
    return replace(entity, index_keys=keys) if keys else entity


def _tables(findings: Findings, service: str | None) -> list[_Table]:
    """One table a name; without any name, one table for the keys that are described."""
    groups: dict[str, _Table] = {}
    for fact in findings.tables:
        if fact.name and fact.trust >= Trust.TOLD:
            groups.setdefault(resource_key(fact.name), _Table()).named.append(fact)
    if groups:
        return list(groups.values())
    described = any(fact.partition_key for fact in findings.tables) or any(
        fact.trust >= Trust.TOLD for fact in findings.entities
    )
    if not described:
        return []
    hinted = _hinted(findings.tables, service)
    return [_Table(named=[hinted] if hinted else [])]


def _hinted(facts: Iterable[TableFact], service: str | None) -> TableFact | None:
    """The table that commands and settings name most, those of the service first."""
    groups: dict[str, list[TableFact]] = {}
    for fact in facts:
        if fact.name and fact.trust is Trust.HINT:
            groups.setdefault(resource_key(fact.name), []).append(fact)
    if not groups:
        return None
    own = set(words(service or ""))

    def weight(group: list[TableFact]) -> tuple[bool, int, int]:
        telling = {word.rstrip("s") for word in words(group[0].name or "")}
        return (bool(own & telling), len(group), -group[0].line)

    best = max(groups.values(), key=weight)
    return next((fact for fact in best if "{" in (fact.name or "")), best[0])


def _table(table: _Table, problems: list[Problem]) -> Table:
    stated = sorted(table.named, key=lambda fact: (-min(fact.trust, Trust.STATED), fact.line))
    keyed = sorted((*stated, *table.told), key=lambda fact: -fact.trust)
    entities = [entity for entity in table.entities if entity.pk_pattern]
    pk = next((fact.partition_key for fact in keyed if fact.partition_key), None)
    sk = next((fact.sort_key for fact in keyed if fact.sort_key), None)
    if pk is None:
        pk = next(
            (e.partition_key for e in entities if e.partition_key), "PK" if entities else None
        )
    if sk is None and any(
        e.sk_pattern and fold(e.partition_key or "PK") == fold(pk or "") for e in entities
    ):
        sk = next((e.sort_key for e in entities if e.sort_key), "SK")
    line = stated[0].line if stated and stated[0].trust > Trust.HINT else None
    lines = [fact.line for fact in table.told] + [entity.line for entity in entities]
    return Table(
        (stated[0].name or "") if stated else "",
        line or min(lines, default=stated[0].line if stated else 1),
        pk,
        sk,
        tuple(_indexes(table, problems)),
        next((fact.ttl_attribute for fact in keyed if fact.ttl_attribute), None),
        next((fact.stream for fact in keyed if fact.stream), None),
    )


# --- indexes -------------------------------------------------------------------------------------


def _file_indexes(findings: Findings, scopes: _Scopes) -> None:
    aliases = {
        fold(fact.alias): fold(fact.name)
        for fact in findings.indexes
        if fact.alias and fact.trust > Trust.HINT
    }
    stated = [fact for fact in findings.indexes if fact.trust > Trust.HINT]
    hints = [fact for fact in findings.indexes if fact.trust is Trust.HINT]
    for fact in stated:
        key = aliases.get(fold(fact.name), fold(fact.name))
        table = scopes.of(fact.line, fact.table)
        table.indexes.setdefault(key, _Index()).facts.append(fact)
    none_stated = not stated
    for fact in (*hints, *_of_entities(findings.entities)):
        key = aliases.get(fold(fact.name), fold(fact.name))
        table = scopes.of(fact.line)
        if key in table.indexes:
            table.indexes[key].facts.append(fact)
        elif none_stated and fact.partition_key:
            table.indexes[key] = _Index([fact])


def _of_entities(entities: Iterable[EntityFact]) -> list[IndexFact]:
    """Indexes that the rows `GSI1PK`, `GSI1SK` of an attribute table imply."""
    return [
        IndexFact(
            keys.index,
            entity.line,
            Trust.HINT,
            entity.section,
            None,
            _key_of(keys.index, "PK") if keys.pk_pattern is not None else None,
            _key_of(keys.index, "SK") if keys.sk_pattern is not None else None,
        )
        for entity in entities
        for keys in entity.index_keys
    ]


def _key_of(index: str, suffix: str) -> str:
    """`GSI1PK` of `GSI1`, and `gsi1pk` of `gsi1`."""
    return index + (suffix.lower() if index.islower() else suffix)


def _indexes(table: _Table, problems: list[Problem]) -> Iterable[Index]:
    for entry in table.indexes.values():
        facts = sorted(entry.facts, key=lambda fact: -fact.trust)
        pk = _attribute(facts, "partition_key")
        sk = _attribute(facts, "sort_key")
        numbered = next(
            (_GSI.match(n) for f in facts for n in (f.name, f.alias or "") if _GSI.match(n)), None
        )
        if pk is None and numbered:
            pk, sk = f"GSI{numbered[1]}PK", sk or f"GSI{numbered[1]}SK"
        if pk is None:
            continue
        problems.extend(_index_contradictions(facts))
        named = next((f for f in facts if f.alias), facts[0])
        first = min((f for f in facts if f.trust > Trust.HINT), key=lambda f: f.line, default=named)
        projection = next((f.projection for f in facts if f.projection), None)
        yield Index(named.name, pk, sk, projection, first.line)


def _attribute(facts: list[IndexFact], which: str) -> str | None:
    return next((getattr(fact, which) for fact in facts if getattr(fact, which)), None)


def _index_contradictions(facts: list[IndexFact]) -> Iterable[Problem]:
    said = [fact for fact in facts if fact.partition_key and fact.trust > Trust.HINT]
    for fact in said[1:]:
        if fold(fact.partition_key or "") != fold(said[0].partition_key or ""):
            yield Problem(
                Severity.WARNING,
                "index_contradicts",
                f"index {said[0].name} has the partition key {said[0].partition_key} on line "
                f"{said[0].line} and {fact.partition_key} on line {fact.line}",
                fact.line,
                "state one key",
            )
            return


def _undefined(uses: Iterable[IndexUseFact], tables: list[_Table]) -> list[Problem]:
    """Indexes that something queries and nothing defines, once each."""
    defined = {
        fold(name)
        for table in tables
        for entry in table.indexes.values()
        for fact in entry.facts
        for name in (fact.name, fact.alias)
        if name
    }
    found: dict[str, Problem] = {}
    for use in uses:
        if fold(use.name) not in defined and fold(use.name) not in found:
            found[fold(use.name)] = Problem(
                Severity.WARNING,
                "index_undefined",
                f"index {use.name} is queried but never defined",
                use.line,
                "define its keys, or query an index that exists",
            )
    return list(found.values())

"""Tables with their keys and indexes, and the entities they hold."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lld.facts import EntityFact, Findings, IndexFact, IndexUseFact, TableFact, Trust
from lld.model import Entity, Index, Problem, Severity, Table
from lld.names import camel
from lld.text import fold, resource_key, words

if TYPE_CHECKING:
    from collections.abc import Iterable


_PLACEHOLDER = re.compile(r"\{[^{}]*\}|<[^<>]*>")
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
        return (), _entities(findings.entities), []
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
    entities = [_with_index_names(entity, names) for entity in _entities(findings.entities)]
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
    if sk is None and any(entity.sk_pattern for entity in entities):
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


# --- entities ------------------------------------------------------------------------------------


def pattern_key(pattern: str | None) -> str:
    """A key pattern with the names of its placeholders folded away."""
    return _PLACEHOLDER.sub("{}", pattern or "").upper()


def _entities(facts: list[EntityFact]) -> tuple[Entity, ...]:
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

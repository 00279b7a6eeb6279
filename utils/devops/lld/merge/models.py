"""Models and enumerations, each once, in its fullest form."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from lld.facts import EnumFact, ModelFact, Trust
from lld.model import Enumeration, Model, ModelField, ModelKind, Problem, Severity
from lld.text import fold

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


def merge_models(
    facts: Iterable[ModelFact], enums: Iterable[Enumeration], used: Collection[str] = ()
) -> tuple[tuple[Model, ...], list[Problem]]:
    """One model a name; the forms it is also stated in fill what the fullest one leaves open.

    A base class that only configures the others, without a field, is none; a hint is one only when
    its name is that of another form or among the `used` names, folded, or when a base is a model.
    """
    taken = {fold(enum.name) for enum in enums}
    groups: dict[str, list[ModelFact]] = {}
    for fact in _fields_joined(facts):
        if fold(fact.name) not in taken:
            groups.setdefault(fold(fact.name), []).append(fact)
    _drop_hints(groups, used)
    _join_plurals(groups)
    models: list[Model] = []
    problems: list[Problem] = []
    for group in groups.values():
        best = max(
            group, key=lambda fact: (fact.trust is Trust.FORMAL, len(fact.fields), fact.trust)
        )
        models.append(_model(best, group))
        problems += _differences(best, group)
    models.sort(key=lambda model: model.line)
    inherited = {base for model in models for base in model.bases}
    kept = [model for model in models if model.fields or model.name not in inherited]
    return tuple(kept), problems


def _drop_hints(groups: dict[str, list[ModelFact]], used: Collection[str]) -> None:
    """Hints that nothing else names, and that no model is the base of."""
    for key, group in list(groups.items()):
        bases = {fold(base) for fact in group for base in fact.bases}
        hinted = all(fact.trust is Trust.HINT for fact in group)
        if hinted and key not in used and not bases & groups.keys():
            del groups[key]


def _fields_joined(facts: Iterable[ModelFact]) -> list[ModelFact]:
    """The fields of one list, read item by item, as one statement."""
    joined: list[ModelFact] = []
    for (name, trust), group in groupby(facts, key=lambda fact: (fact.name, fact.trust)):
        parts = list(group)
        if trust is Trust.TOLD and parts[0].kind is ModelKind.ATTRIBUTE_TABLE:
            fields = {field.name: field for part in parts for field in part.fields}
            if len(fields) > 1:
                joined.append(replace(parts[0], name=name, fields=tuple(fields.values())))
        else:
            joined += parts
    return joined


def _join_plurals(groups: dict[str, list[ModelFact]]) -> None:
    """The attribute table of `Orders Table` states the model `Order`, when there is one."""
    for key in [key for key in groups if key.endswith("s")]:
        singular = f"{key[:-3]}y" if key.endswith("ies") else key[:-1]
        group = groups[key]
        if singular in groups and all(one.kind is ModelKind.ATTRIBUTE_TABLE for one in group):
            groups[singular] += groups.pop(key)


def _names(field: ModelField) -> set[str]:
    return {fold(field.name), fold(field.alias or field.name)}


def _model(best: ModelFact, group: list[ModelFact]) -> Model:
    if len(group) == 1:
        return Model(best.name, best.kind, best.fields, best.line, best.bases)
    fields = {name: field for field in best.fields for name in _names(field)}
    filled = {field.name: field for field in best.fields}
    for fact in sorted(group, key=lambda fact: -fact.trust):
        for other in fact.fields if fact is not best else ():
            own = next((fields[name] for name in _names(other) if name in fields), None)
            if own:
                filled[own.name] = _filled(filled[own.name], other)
    return Model(best.name, best.kind, tuple(filled.values()), best.line, best.bases)


def _filled(field: ModelField, other: ModelField) -> ModelField:
    limits = {k: v for k, v in other.constraints.items() if k != "default"}
    return replace(
        field,
        type=field.type or other.type,
        description=field.description or other.description,
        constraints={**limits, **field.constraints},
    )


def _differences(best: ModelFact, group: list[ModelFact]) -> Iterable[Problem]:
    """Fields that one of two statements of a model lacks."""
    own = set().union(*(_names(field) for field in best.fields)) if best.fields else set()
    for fact in group:
        if fact is best or fact.trust < Trust.DRAWN:
            continue
        theirs = set().union(*(_names(field) for field in fact.fields)) if fact.fields else set()
        lacking = [field.name for field in fact.fields if not _names(field) & own]
        missing = [field.name for field in best.fields if not _names(field) & theirs]
        if lacking or (missing and fact.trust is Trust.FORMAL):
            said = ", ".join((lacking or missing)[:6])
            where, lacks = (fact.line, best.line) if lacking else (best.line, fact.line)
            yield Problem(
                Severity.WARNING,
                "model_fields_differ",
                f"{best.name} has {said} on line {where} but not on line {lacks}",
                fact.line,
                "give the model the same fields everywhere",
            )


def merge_enums(facts: Iterable[EnumFact]) -> tuple[tuple[Enumeration, ...], list[Problem]]:
    """One enumeration a name; code and contracts win over drawings."""
    groups: dict[str, list[EnumFact]] = {}
    inline: list[EnumFact] = []
    for fact in _lists_joined(facts):
        if fact.name:
            groups.setdefault(fold(fact.name), []).append(fact)
        elif fact.trust is Trust.FORMAL:
            inline.append(fact)
    sets = _by_value(inline)
    made: list[Enumeration] = []
    problems: list[Problem] = []
    for group in groups.values():
        best = max(group, key=lambda fact: (fact.trust, len(fact.values)))
        problems += _value_differences(best, group)
        if best.trust is Trust.DRAWN:
            contract = _same_set(best.values, sets)
            if contract and set(contract) != set(best.values):
                problems.append(_differ(best, contract, inline))
                best = replace(best, values=contract, members=())
        members = best.members if best.members != best.values else ()
        made.append(Enumeration(best.name or "", best.values, best.line, members))
    made.sort(key=lambda enum: enum.line or 0)
    return tuple(made), problems


def _lists_joined(facts: Iterable[EnumFact]) -> list[EnumFact]:
    """The items of one list, read one by one, as one statement."""
    joined: list[EnumFact] = []
    for (name, trust), group in groupby(facts, key=lambda fact: (fact.name, fact.trust)):
        parts = list(group)
        if name and trust is Trust.TOLD and len(parts) > 1:
            values = dict.fromkeys(value for part in parts for value in part.values)
            joined.append(replace(parts[0], values=tuple(values)))
        else:
            joined += parts
    return joined


def _by_value(facts: Iterable[EnumFact]) -> dict[str, list[tuple[str, ...]]]:
    """Lists of values without a name, found by any of their values."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for values in dict.fromkeys(fact.values for fact in facts):
        for value in values:
            found.setdefault(fold(value), []).append(values)
    return found


def _same_set(
    values: tuple[str, ...], sets: dict[str, list[tuple[str, ...]]]
) -> tuple[str, ...] | None:
    """A contract's list that is this enumeration with at most one value spelled differently."""
    folded = {fold(value) for value in values}
    # One value may differ, so a fitting list is found by one of any two.
    for name in sorted(folded)[:2]:
        for candidate in sets.get(name, [])[:50]:
            shared = len(folded & {fold(value) for value in candidate})
            if len(candidate) == len(values) and shared >= max(2, len(values) - 1):
                return candidate
    return None


def _differ(best: EnumFact, contract: tuple[str, ...], inline: list[EnumFact]) -> Problem:
    other = next(fact for fact in inline if fact.values == contract)
    odd = sorted(set(best.values) ^ set(contract))
    return _problem(best.name or "", odd, best.line, other.line)


def _value_differences(best: EnumFact, group: list[EnumFact]) -> Iterable[Problem]:
    for fact in group:
        odd = {fold(v) for v in fact.values} ^ {fold(v) for v in best.values}
        names = {fold(v) for v in (*fact.members, *best.members)}
        if fact is not best and odd - names:
            values = [v for v in (*best.values, *fact.values) if fold(v) in odd]
            yield _problem(best.name or "", values, fact.line, best.line)


def _problem(name: str, odd: list[str], line: int, other: int) -> Problem:
    return Problem(
        Severity.WARNING,
        "enum_values_differ",
        f"{name} has other values on line {line} than on line {other}: {', '.join(odd[:8])}",
        line,
        "give the enumeration the same values everywhere",
    )

"""All findings of a document become one design."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lld.facts import Findings, ScenarioFact, Trust, VariableFact
from lld.merge.functions import merge_functions
from lld.merge.identity import identify
from lld.merge.models import merge_enums, merge_models
from lld.merge.routes import attach_details, endpoints, merge_routes
from lld.merge.settings import facts_of, group_properties
from lld.merge.tables import merge_tables
from lld.model import Design, EnvironmentVariable, Problem, Resource, Scenario
from lld.text import fold, resource_key

if TYPE_CHECKING:
    from collections.abc import Iterable


def merge(findings: Findings, document: str) -> Design:
    """Join the facts; what they disagree about becomes a problem of the design."""
    groups = group_properties(findings.properties)
    for fact in facts_of(groups):
        findings.add(fact)
    identity, problems = identify(document, findings, groups)
    routes = merge_routes(findings.routes, findings.paths)
    attach_details(routes, findings.details)
    functions, function_problems = merge_functions(
        findings.functions, findings.trees, findings.counts, routes, findings.headings
    )
    tables, entities, table_problems = merge_tables(findings, identity.service)
    enums, enum_problems = merge_enums(findings.enums)
    used = {fold(one.name) for one in findings.entities} | {
        fold(name)
        for route in findings.routes
        for name in (route.request_model, route.response_model)
        if name
    }
    models, model_problems = merge_models(findings.models, enums, used)
    problems = [
        *findings.problems,
        *problems,
        *routes.problems,
        *function_problems,
        *table_problems,
        *enum_problems,
        *model_problems,
    ]
    return Design(
        document,
        findings.title,
        identity.lld_id,
        identity.version,
        identity.parent_hld,
        identity.repository,
        identity.service,
        None,
        identity.runtime,
        identity.memory_mb,
        identity.timeout_s,
        identity.architecture,
        functions,
        endpoints(routes, functions),
        tables,
        entities,
        models,
        enums,
        _scenarios(findings.scenarios),
        _variables(findings.variables),
        _resources(findings.resources, {resource_key(table.name) for table in tables}),
        tuple(findings.access_patterns),
        tuple({fold(error.code): error for error in reversed(findings.error_codes)}.values())[::-1],
        tuple(findings.requirements),
        {tag.key: tag.value for tag in reversed(findings.tags)},
        _sorted(problems),
        tuple(findings.headings),
        identity.repository_stated,
    )


def _sorted(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    unique = dict.fromkeys(problems)
    return tuple(sorted(unique, key=lambda problem: (problem.line or 0, problem.code)))


def _scenarios(facts: Iterable[ScenarioFact]) -> tuple[Scenario, ...]:
    found: dict[str, Scenario] = {}
    steps: dict[str, list[str]] = {}
    for fact in sorted(facts, key=lambda fact: -fact.trust):
        key = fold(fact.scenario.id)
        if fact.trust is Trust.HINT:
            steps.setdefault(key, []).append(fact.scenario.scenario or "")
        else:
            found.setdefault(key, fact.scenario)
    for key, told in steps.items():
        if key in found and not found[key].scenario:
            found[key] = replace(found[key], scenario=" ".join(told))
    return tuple(sorted(found.values(), key=lambda scenario: scenario.line))


def _variables(facts: Iterable[VariableFact]) -> tuple[EnvironmentVariable, ...]:
    found: dict[str, EnvironmentVariable] = {}
    facts = list(facts)
    lines = {fact.variable.line for fact in facts if fact.trust >= Trust.TOLD}
    for fact in facts:
        one = fact.variable
        if fact.trust is Trust.HINT or (fact.trust < Trust.TOLD and not _beside(one.line, lines)):
            continue
        known = found.get(one.name)
        if known is None:
            found[one.name] = one
            continue
        secret = known.secret or one.secret
        found[one.name] = replace(
            known,
            description=known.description or one.description,
            secret=secret,
            value=None if secret else known.value or one.value,
        )
    return tuple(found.values())


def _beside(line: int | None, lines: set[int | None]) -> bool:
    """Whether a variable stands in the next line: a word alone, as `TABLE`, needs that."""
    return line is not None and bool({line - 1, line + 1} & lines)


def _resources(resources: Iterable[Resource], tables: set[str]) -> tuple[Resource, ...]:
    """Each resource once; a queue named for its dead letters points to the queue it serves."""
    found: dict[tuple[str, str], Resource] = {}
    for one in resources:
        key = (one.type, resource_key(one.name))
        if not key[1] or (one.type == "sqs" and key[1] in tables):
            continue
        known = found.get(key)
        if known is None:
            found[key] = one
        else:
            found[key] = replace(
                known,
                details={**one.details, **known.details},
                dead_letter_of=known.dead_letter_of or one.dead_letter_of,
            )
    queues = {key: one for (kind, key), one in found.items() if kind == "sqs"}
    return tuple(_dead_letters(one, queues) for one in found.values())


def _dead_letters(one: Resource, queues: dict[str, Resource]) -> Resource:
    if one.type != "sqs" or one.dead_letter_of:
        return one
    key = resource_key(one.name)
    for sign in ("dlq", "deadletterqueue", "deadletter"):
        if sign in key:
            served = queues.get(key.replace(sign, "")) or queues.get(key.replace(sign, "queue"))
            return replace(one, dead_letter_of=served.name) if served else one
    return one

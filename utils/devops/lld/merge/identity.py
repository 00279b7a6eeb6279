"""What the design says of itself and of its component: number, repository, defaults."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lld.merge.settings import Group, function_named
from lld.model import Problem, Severity
from lld.naming import (
    default_repository,
    design_number,
    repository_in,
    service_of,
    service_of_repository,
)
from lld.text import first_code, fold, memory_mb, plain, seconds, words

if TYPE_CHECKING:
    from lld.facts import Findings, PropertyFact, TreeFact


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
    mentioned = first.get("repository_said")
    if mentioned and not said:
        said.append((mentioned.value, mentioned.line))
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

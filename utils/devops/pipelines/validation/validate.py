"""Check workflows before they run.

Stages: find the files; read each one and run the built-in checks over it, while actionlint and
zizmor run once over all of them; put the findings together, one entry for what several tools saw.
Nothing of a workflow is executed, and nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import UnavailableError
from pipelines.checks import (
    callees,
    expressions,
    graph,
    house,
    hygiene,
    injection,
    matrix,
    runners,
    scripts,
    secret_values,
    security,
    triggers,
    values,
)
from pipelines.validation import engines
from pipelines.validation.suppress import Suppressed, divide
from pipelines.workflow.findings import BUILT_IN, Finding, Severity, error
from pipelines.workflow.model import Repository, Workflow, workflow
from pipelines.workflow.workflow_shape import check_action, check_workflow
from pipelines.workflow.yaml_tree import Node, read, read_file

if TYPE_CHECKING:
    from pipelines.validation.engines import Engine

Run = Callable[[Sequence[Path], Path], "Engine"]

_SUFFIXES = {".yml", ".yaml"}
_ACTION_NAMES = {"action.yml", "action.yaml"}

_SAME = (
    (("yaml-", "schema-", "action-shell"), ("actionlint/syntax-check",)),
    (("expression-", "script-injection"), ("actionlint/expression",)),
    (("script-injection", "house/script-input"), ("zizmor/template-injection",)),
    (("job-needs", "job-cycle"), ("actionlint/job-needs",)),
    (("schema-duplicate", "step-id"), ("actionlint/id",)),
    (("matrix-",), ("actionlint/matrix",)),
    (("event-",), ("actionlint/events", "actionlint/workflow-dispatch")),
    (("runner-retired", "runner-unknown", "runner-conflict"), ("actionlint/runner-label",)),
    (("runner-shell", "schema-value"), ("actionlint/shell-name",)),
    (("schema-value",), ("actionlint/env-var",)),
    (("image-unpinned",), ("zizmor/unpinned-images",)),
    (("action-unpinned",), ("zizmor/unpinned-uses", "zizmor/unpinned-images")),
    (("action-",), ("actionlint/action",)),
    (("workflow-",), ("actionlint/workflow-call",)),
    (("permissions-",), ("zizmor/excessive-permissions", "actionlint/permissions")),
    (("command-retired",), ("actionlint/deprecated-commands",)),
    (("if-always-true",), ("actionlint/if-cond",)),
    (("dangerous-trigger",), ("zizmor/dangerous-triggers",)),
    (("concurrency-missing",), ("zizmor/concurrency-limits",)),
    (("house/secret-plain",), ("actionlint/credentials",)),
)
"""Rules of ours and of others that say the same of a line."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file: how it is shown, where it is, and what it holds."""

    shown: str
    path: Path
    content: bytes
    root: Node | None
    findings: tuple[Finding, ...]

    @property
    def lines(self) -> list[str]:
        return self.content.decode("utf-8", "replace").splitlines()

    @property
    def is_action(self) -> bool:
        return self.path.name in _ACTION_NAMES


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found, and who looked."""

    sources: tuple[Source, ...]
    findings: tuple[Finding, ...]
    engines: tuple[Engine, ...]
    suppressed: tuple[Suppressed, ...] = ()

    @property
    def crashed(self) -> tuple[Engine, ...]:
        """The tools that are there and could not do their work."""
        return tuple(engine for engine in self.engines if engine.crashed)

    def count(self, severity: Severity) -> int:
        """How many findings are of this severity."""
        return sum(finding.severity is severity for finding in self.findings)


def validate(path: Path, *, external: bool = True) -> Report:
    """Check a workflow file, or all workflows and actions of a folder or a repository.

    Args:
        external: Also run actionlint and zizmor where they are installed.

    Raises:
        UnavailableError: There is nothing to check.
    """
    sources = [_source(file) for file in workflow_files(path)]
    flows = _Flows(sources)
    readable = [source for source in sources if source.root is not None]
    with ThreadPoolExecutor(max_workers=2) as pool:
        asked = _asked(readable) if external else ()
        running = [pool.submit(engine, files, folder) for engine, (files, folder) in asked]
        built_in = [finding for source in sources for finding in _built_in(source, flows)]
        answers = tuple(future.result() for future in running)
    found = [*built_in, *_renamed((f for answer in answers for f in answer.findings), sources)]
    standing, accepted = divide(_joined(found), {s.shown: s.lines for s in sources})
    return Report(tuple(sources), tuple(sorted(standing, key=_order)), answers, tuple(accepted))


def _order(finding: Finding) -> tuple[str, int, int, str]:
    return finding.order


def _asked(sources: Sequence[Source]) -> Iterator[tuple[Run, tuple[list[Path], Path]]]:
    everything = [source.path for source in sources]
    workflows = [source.path for source in sources if not source.is_action]
    folder = repository_root(everything[0]) if everything else Path()
    if workflows:
        yield engines.actionlint, (workflows, folder)
    if everything:
        yield engines.zizmor, (everything, folder)


def workflow_files(path: Path) -> list[Path]:
    """The workflows and actions that a path stands for.

    Raises:
        UnavailableError: There are none.
    """
    if path.is_file():
        return [path.absolute()]
    if not path.is_dir():
        raise UnavailableError(
            f"{str(path)!r} does not exist", hint="--workflow names a file or a folder"
        )
    inside = path / ".github"
    folders = [inside / "workflows"] if inside.is_dir() else [path]
    found = [f for folder in folders for f in sorted(folder.glob("*")) if f.suffix in _SUFFIXES]
    if inside.is_dir():
        found += [f for f in sorted(inside.rglob("action.y*ml")) if f.name in _ACTION_NAMES]
    if not found:
        raise UnavailableError(f"there is no workflow in {str(path)!r}")
    return [file.absolute() for file in found if file.is_file()]


@cache
def repository_root(path: Path) -> Path:
    """The repository that a workflow belongs to: the folder with `.github`, else its own."""
    for folder in path.parents:
        if folder.name == ".github":
            return folder.parent
    return path.parent


def _source(path: Path) -> Source:
    try:
        content = read_file(path)
    except OSError as problem:
        raise UnavailableError(f"{str(path)!r} cannot be read: {problem.strerror}") from problem
    document = read(content)
    findings = list(document.findings)
    root = document.root
    if root is None and not findings:
        findings.append(Finding("yaml-syntax", Severity.ERROR, "the file is empty", 1))
    if root is not None and not root.is_mapping:
        findings.append(error("schema-type", root, "a workflow is a mapping of keys to values"))
        root = None
    return Source(_shown(path), path, content, root, tuple(findings))


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _built_in(source: Source, flows: _Flows) -> Iterator[Finding]:
    for finding in _of_source(source, flows):
        yield replace(finding, file=source.shown)


def _of_source(source: Source, flows: _Flows) -> Iterator[Finding]:
    yield from source.findings
    if source.root is None:
        return
    if source.is_action:
        yield from check_action(source.root)
        return
    yield from check_workflow(source.root)
    path = source.path
    flow = workflow(path, source.root)
    yield from check(flow, flows.repository(path), flows.siblings(path))


def check(
    flow: Workflow, repository: Repository, siblings: Sequence[Workflow] = ()
) -> Iterator[Finding]:
    """The built-in checks beyond the schema, over one workflow."""
    yield from graph.check(flow)
    yield from triggers.check(flow, siblings)
    yield from matrix.check(flow)
    yield from runners.check(flow)
    yield from expressions.check(flow, repository)
    found = list(expressions.expressions(flow))
    yield from values.check(flow, found)
    yield from callees.check(flow, repository)
    yield from hygiene.check(flow)
    yield from injection.check(flow, found)
    yield from secret_values.check(flow, found)
    yield from security.check(flow)
    yield from scripts.check(flow)
    yield from house.check(flow, siblings)


class _Flows:
    """The workflows of the folders at hand, each read once; those not asked for are siblings."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._asked = {source.path: source for source in sources}
        self._folders: dict[Path, list[Workflow]] = {}
        self._repositories: dict[Path, Repository] = {}

    def repository(self, path: Path) -> Repository:
        """The repository that a workflow belongs to."""
        root = repository_root(path)
        return self._repositories.setdefault(root, Repository(root))

    def siblings(self, path: Path) -> list[Workflow]:
        """The other workflows of the same folder."""
        if path.parent not in self._folders:
            self._folders[path.parent] = list(self._read(path.parent))
        return [flow for flow in self._folders[path.parent] if flow.path != path]

    def _read(self, folder: Path) -> Iterator[Workflow]:
        for path in sorted(folder.glob("*")):
            if path.suffix not in _SUFFIXES or not path.is_file():
                continue
            asked = self._asked.get(path)
            root = asked.root if asked is not None else _tree(path)
            if root is not None and root.is_mapping:
                yield workflow(path, root)


def _tree(path: Path) -> Node | None:
    try:
        return read(read_file(path)).root
    except OSError:
        return None


def _renamed(findings: Iterable[Finding], sources: Sequence[Source]) -> Iterator[Finding]:
    """Give the tools' findings the names that the files are shown under."""
    shown = {str(source.path): source.shown for source in sources}
    for finding in findings:
        path = Path(finding.file)
        root = repository_root(sources[0].path)
        full = str(path if path.is_absolute() else (root / path))
        yield replace(finding, file=shown.get(full, finding.file))


def _joined(findings: Sequence[Finding]) -> Iterator[Finding]:
    """One finding for what several tools say of a line; the built-in one has the better hint."""
    ours = [finding for finding in findings if finding.tool == BUILT_IN]
    places: dict[tuple[str, int], list[int]] = {}
    for index, finding in enumerate(ours):
        places.setdefault((finding.file, finding.line), []).append(index)
    rest = []
    for finding in findings:
        if finding.tool == BUILT_IN:
            continue
        same = [
            index
            for index in places.get((finding.file, finding.line), [])
            if _say_the_same(ours[index].rule, finding.rule)
        ]
        if not same:
            rest.append(finding)
        for index in same:
            if finding.tool not in ours[index].also:
                ours[index] = replace(ours[index], also=(*ours[index].also, finding.tool))
    yield from ours
    yield from rest


def _say_the_same(ours: str, theirs: str) -> bool:
    return any(theirs in others and ours.startswith(prefixes) for prefixes, others in _SAME)

"""A workflow as checks and simulations see it: read from the tree, with the nodes for their places.

Reading is lenient. What the schema check has already complained about is left out here, so that one
mistake does not hide the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.workflow.yaml_tree import Kind, Node

if TYPE_CHECKING:
    from pathlib import Path

EMPTY = Node(Kind.NULL, 1, 1)
Scopes = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `number` counts from 1. Steps that run in parallel are listed one by one."""

    node: Node
    number: int
    id: Node | None = None
    name: Node | None = None
    uses: Node | None = None
    run: Node | None = None
    condition: Node | None = None
    env: Node = EMPTY
    inputs: Node = EMPTY

    @property
    def label(self) -> str:
        """How people know the step: its name, what it uses, or the first line it runs."""
        for node in (self.name, self.uses, self.run):
            if node is not None and node.text.strip():
                return node.text.strip().splitlines()[0]
        return f"step {self.number}"

    @property
    def action(self) -> str:
        """`owner/name` of the action it uses, in lower case; empty otherwise."""
        reference = self.uses.text.split("@")[0].lower() if self.uses else ""
        return "/".join(reference.split("/")[:2]) if not reference.startswith((".", "$")) else ""


@dataclass(frozen=True, slots=True)
class Job:
    """One job; `key` is its id with its place."""

    key: Node
    node: Node
    needs: tuple[Node, ...] = ()
    steps: tuple[Step, ...] = ()
    uses: Node | None = None
    environment: Node | None = None
    """The name of its environment, wherever it is written."""
    outputs: frozenset[str] | None = frozenset()
    """None where they cannot be known."""

    @property
    def id(self) -> str:
        return self.key.text

    @property
    def condition(self) -> Node | None:
        return self.node.get("if")

    @property
    def matrix(self) -> Node | None:
        strategy = self.node.get("strategy")
        return strategy.get("matrix") if strategy and strategy.is_mapping else None

    @property
    def need_ids(self) -> list[str]:
        return [need.text for need in self.needs]


@dataclass(frozen=True, slots=True)
class Workflow:
    """One workflow file that could be read."""

    path: Path
    root: Node
    events: Mapping[str, Node]
    """What starts it; the settings are EMPTY where there are none."""
    event_nodes: Mapping[str, Node]
    """Where each event is named."""
    jobs: Mapping[str, Job] = field(default_factory=dict)
    group: Node | None = None
    """Its concurrency group, wherever it is written."""

    @property
    def name(self) -> str:
        named = self.root.get("name")
        return named.text if named else self.path.name

    def inputs(self, event: str) -> Node:
        """The declared inputs of `workflow_dispatch` or `workflow_call`."""
        return _mapping(self.events.get(event, EMPTY).get("inputs"))

    def declared_inputs(self) -> frozenset[str]:
        """Names of all inputs, however the workflow is started; lower case."""
        events = ("workflow_dispatch", "workflow_call")
        return frozenset(name.lower() for e in events for name, _ in self.inputs(e).pairs())

    def ancestors(self, job: Job) -> Iterator[Job]:
        """The jobs that have run before this one, each once."""
        waiting, seen = list(job.need_ids), set()
        while waiting:
            name = waiting.pop()
            if name in seen or name not in self.jobs:
                continue
            seen.add(name)
            yield self.jobs[name]
            waiting.extend(self.jobs[name].need_ids)


def workflow(path: Path, root: Node) -> Workflow:
    """Read a workflow."""
    events, nodes = _events(root.get("on"))
    jobs = root.get("jobs") or EMPTY
    concurrency = root.get("concurrency")
    if concurrency is not None and concurrency.is_mapping:
        concurrency = concurrency.get("group")
    found = {key.text: _job(key, value) for key, value in jobs.entries if value.is_mapping}
    return Workflow(path, root, events, nodes, found, concurrency)


def _events(on: Node | None) -> tuple[dict[str, Node], dict[str, Node]]:
    if on is None:
        return {}, {}
    if on.is_mapping:
        return dict(on.pairs()), {key.text: key for key, _ in on.entries}
    return {node.text: EMPTY for node in on.texts()}, {node.text: node for node in on.texts()}


def _mapping(node: Node | None) -> Node:
    return node if node is not None and node.is_mapping else EMPTY


def _job(key: Node, node: Node) -> Job:
    needs = node.get("needs")
    environment = node.get("environment")
    if environment is not None and environment.is_mapping:
        environment = environment.get("name")
    uses = node.get("uses")
    outputs = frozenset(name.lower() for name, _ in _mapping(node.get("outputs")).pairs())
    return Job(
        key,
        node,
        needs=tuple(needs.texts()) if needs else (),
        steps=tuple(steps(node.get("steps"))),
        uses=uses,
        environment=environment,
        outputs=None if uses else outputs,
    )


def steps(node: Node | None) -> Iterator[Step]:
    """The steps of a list of steps, those inside `parallel` included."""
    for number, item in enumerate(_flattened(node), 1):
        yield Step(
            item,
            number,
            id=item.get("id"),
            name=item.get("name"),
            uses=item.get("uses"),
            run=item.get("run"),
            condition=item.get("if"),
            env=_mapping(item.get("env")),
            inputs=_mapping(item.get("with")),
        )


def _flattened(node: Node | None) -> Iterator[Node]:
    if node is None or not node.is_sequence:
        return
    for item in node.items:
        if item.is_mapping:
            parallel = item.get("parallel")
            yield from _flattened(parallel) if parallel is not None else (item,)


def permissions(node: Node) -> Scopes | None:
    """The token's scopes that a workflow or a job asks for; None when it says nothing.

    `{"*": "write"}` stands for `write-all`; a scope that is not named is then none.
    """
    asked = node.get("permissions")
    if asked is None:
        return None
    if asked.is_mapping:
        return {name: value.text for name, value in asked.pairs()}
    words = {"read-all": "read", "write-all": "write"}
    return {"*": words[asked.text]} if asked.text in words else {}


def level(scopes: Scopes, scope: str) -> str:
    """`read`, `write` or `none` for one scope."""
    return scopes.get(scope, scopes.get("*", "none"))


@dataclass(frozen=True, slots=True)
class Action:
    """An action defined in the repository."""

    path: Path
    root: Node

    @property
    def inputs(self) -> Mapping[str, Node]:
        return {name.lower(): value for name, value in _mapping(self.root.get("inputs")).pairs()}

    @property
    def outputs(self) -> frozenset[str]:
        return frozenset(name.lower() for name, _ in _mapping(self.root.get("outputs")).pairs())

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(steps(_mapping(self.root.get("runs")).get("steps")))


class Repository:
    """The other files of the repository a workflow is in, read once and only when asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._actions: dict[str, Action | None] = {}
        self._workflows: dict[str, Workflow | None] = {}

    def action(self, reference: str) -> Action | None:
        """The action that `./path` names, or None when there is none to be read."""
        if reference not in self._actions:
            self._actions[reference] = self._read_action(reference)
        return self._actions[reference]

    def workflow(self, reference: str) -> Workflow | None:
        """The reusable workflow that `./path` names, or None when there is none to be read."""
        if reference not in self._workflows:
            path = self._inside(reference)
            root = _tree(path) if path else None
            self._workflows[reference] = workflow(path, root) if path and root else None
        return self._workflows[reference]

    def _read_action(self, reference: str) -> Action | None:
        folder = self._inside(reference)
        for name in ("action.yml", "action.yaml"):
            if folder and (root := _tree(folder / name)):
                return Action(folder / name, root)
        return None

    def _inside(self, reference: str) -> Path | None:
        relative = reference.removeprefix("$").lstrip("/").removeprefix("./")
        path = (self.root / relative).resolve()
        return path if path.is_relative_to(self.root) else None


def _tree(path: Path) -> Node | None:
    from pipelines.workflow.yaml_tree import read, read_file

    try:
        root = read(read_file(path)).root
    except OSError:
        return None
    return root if root is not None and root.is_mapping else None

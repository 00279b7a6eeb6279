"""Which actions a repository's workflows use, and where their newest releases are asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pipelines.generation.pins import Pin, pins
from pipelines.workflow.model import EMPTY, workflow
from pipelines.workflow.yaml_tree import Node, read, read_file

if TYPE_CHECKING:
    from common.github import GitHub

_SHA = re.compile(r"[0-9a-f]{40}")
_VERSION_COMMENT = re.compile(r"#\s*(v?\d[\w.]*)")


class State(Enum):
    """How an action is bound."""

    PINNED = "pinned"
    OTHER = "pinned, but not as the toolkit does"
    MOVABLE = "NOT pinned: the reference can be moved"


@dataclass(frozen=True, slots=True)
class Used:
    """One action at one reference, and the files that use it."""

    action: str
    reference: str
    version: str | None
    files: tuple[str, ...]

    @property
    def state(self) -> State:
        if not _SHA.fullmatch(self.reference):
            return State.MOVABLE
        known = pins().get("/".join(self.action.split("/")[:2]))
        return State.PINNED if known and known.sha == self.reference else State.OTHER

    def to_data(self) -> dict[str, Any]:
        """For programs."""
        return {
            "action": self.action,
            "version": self.version,
            "reference": self.reference,
            "state": self.state.name.lower(),
            "files": list(self.files),
        }


def used_actions(repository: Path) -> list[Used]:
    """Every action that the workflows and own actions of a repository use, by name."""
    found: dict[tuple[str, str], tuple[str | None, set[str]]] = {}
    for path in sorted((repository / ".github").rglob("*.y*ml")):
        content = read_file(path)
        lines = content.decode("utf-8", "replace").splitlines()
        root = read(content).root
        for uses in _references(path, root) if root is not None else ():
            action, _, reference = uses.text.partition("@")
            comment = _VERSION_COMMENT.search(lines[uses.line - 1])
            _, files = found.setdefault(
                (action, reference), (comment[1] if comment else None, set())
            )
            files.add(path.relative_to(repository).as_posix())
    return [Used(*key, found[key][0], tuple(sorted(found[key][1]))) for key in sorted(found)]


def _references(path: Path, root: Node) -> list[Node]:
    flow = workflow(path, root)
    runs = root.get("runs") or EMPTY
    steps = [step for job in flow.jobs.values() for step in job.steps]
    nodes = [step.uses for step in steps] + [job.uses for job in flow.jobs.values()]
    inner = runs.get("steps")
    nodes += [item.get("uses") for item in (inner.items if inner is not None else ())]
    return [node for node in nodes if node is not None and not _is_local(node.text)]


def _is_local(reference: str) -> bool:
    return reference.startswith(("./", "$/", "docker://"))


class GitHubReleases:
    """The newest releases, as the GitHub API tells them."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def latest_release(self, action: str) -> Pin:
        """The newest full release of `owner/name`, resolved to a commit."""
        release = self._github.get(f"/repos/{action}/releases/latest")
        tag = str(release["tag_name"])
        reference = self._github.get(f"/repos/{action}/git/ref/tags/{quote(tag, safe='')}")
        target = reference["object"]
        if target["type"] == "tag":
            target = self._github.get(f"/repos/{action}/git/tags/{target['sha']}")["object"]
        return Pin(action, tag, str(target["sha"]), str(release["published_at"])[:10])

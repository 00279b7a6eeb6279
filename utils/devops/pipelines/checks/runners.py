"""Runners: labels that GitHub has, that fit together, and shells that run there."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from pipelines.workflow.findings import Finding, error
from pipelines.workflow.shapes import is_expression, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.workflow.model import Job, Workflow
    from pipelines.workflow.yaml_tree import Node

_RETIRED = {
    "ubuntu-16.04": "ubuntu-24.04",
    "ubuntu-18.04": "ubuntu-24.04",
    "ubuntu-20.04": "ubuntu-24.04",
    "macos-10.15": "macos-15",
    "macos-11": "macos-15",
    "macos-12": "macos-15",
    "macos-13": "macos-15",
    "windows-2016": "windows-2025",
    "windows-2019": "windows-2025",
}
_HOSTED = words(
    "ubuntu-latest ubuntu-slim ubuntu-22.04 ubuntu-24.04 ubuntu-26.04 windows-latest windows-2022 "
    "windows-2025 macos-latest macos-14 macos-15 macos-26"
)
_PLAIN = re.compile(r"(?:ubuntu|linux|windows|macos)-(?:[a-z]+|\d+(?:\.\d+)?)")
"""A label as GitHub gives them; larger runners and those of one's own have longer names."""
_SYSTEMS = {"ubuntu": "Linux", "linux": "Linux", "windows": "Windows", "macos": "macOS"}
_ONLY_WINDOWS = frozenset({"cmd", "powershell"})


def check(workflow: Workflow) -> Iterator[Finding]:
    """Findings about where jobs run."""
    for job in workflow.jobs.values():
        runs_on = job.node.get("runs-on")
        if runs_on is None or runs_on.is_mapping:
            continue
        named = [node for node in runs_on.texts() if not is_expression(node)]
        yield from _conflicts(named)
        own = any(node.text == "self-hosted" for node in named)
        for label in [*named, *_from_matrix(job, runs_on)]:
            yield from _label(label, own=own)
        yield from _shells(job, named)


def _label(label: Node, *, own: bool) -> Iterator[Finding]:
    text = label.text.lower()
    if text in _RETIRED:
        message = f"GitHub no longer has runner {label.text!r}"
        yield error("runner-retired", label, message, hint=f"use {_RETIRED[text]}")
    elif not own and _PLAIN.fullmatch(text) and text not in _HOSTED:
        close = difflib.get_close_matches(text, _HOSTED, 1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(_HOSTED)}"
        message = f"GitHub has no runner {label.text!r}"
        yield error("runner-unknown", label, message, hint=hint)


def _from_matrix(job: Job, runs_on: Node) -> Iterator[Node]:
    """The labels that `${{ matrix.name }}` stands for."""
    matrix = job.matrix
    match = re.search(r"matrix(?:\.[\w-]+)*\.([\w-]+)", runs_on.text)
    if matrix is None or match is None:
        return
    waiting = [matrix]
    while waiting:
        node = waiting.pop(0)
        for name, value in node.pairs():
            if name == match[1]:
                yield from (leaf for leaf in value.texts() if not is_expression(leaf))
            waiting.append(value)
        waiting.extend(node.items)


def _system(label: Node) -> str | None:
    return _SYSTEMS.get(label.text.lower().split("-")[0])


def _conflicts(labels: Sequence[Node]) -> Iterator[Finding]:
    first: tuple[str, str] | None = None
    for label in labels:
        system = _system(label)
        if system is None:
            continue
        if first is not None and first[0] != system:
            message = f"no runner is both {first[1]!r} and {label.text!r}"
            yield error("runner-conflict", label, message, hint="a matrix runs a job on each")
        first = first or (system, label.text)


def _shells(job: Job, labels: Sequence[Node]) -> Iterator[Finding]:
    systems = {system for label in labels if (system := _system(label))}
    for step in job.steps if len(systems) == 1 else ():
        shell = step.node.get("shell")
        if shell is None:
            continue
        windows = systems == {"Windows"}
        if (shell.text == "sh") if windows else (shell.text in _ONLY_WINDOWS):
            message = f"{', '.join(systems)} has no shell {shell.text!r}"
            yield error("runner-shell", shell, message, hint="bash and pwsh are everywhere")

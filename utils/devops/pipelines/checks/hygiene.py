"""What works today and hurts later: no time limit, broad rights, moving or retired actions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.workflow.findings import Finding, error, warning
from pipelines.workflow.model import EMPTY, Job, Step, Workflow, permissions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.workflow.yaml_tree import Node

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_RETIRED_ACTIONS = {
    "actions/create-release": "gh release create",
    "actions/upload-release-asset": "gh release upload",
    "actions/setup-ruby": "ruby/setup-ruby",
    "actions/setup-elixir": "erlef/setup-beam",
    "actions/setup-haskell": "haskell-actions/setup",
    "actions-rs/toolchain": "rustup",
    "actions-rs/cargo": "cargo",
    "tibdex/github-app-token": "actions/create-github-app-token",
}
_OLD_VERSIONS = {
    "actions/checkout": 4,
    "actions/cache": 4,
    "actions/setup-python": 5,
    "actions/setup-node": 4,
    "actions/setup-java": 4,
    "actions/setup-go": 5,
    "actions/upload-artifact": 4,
    "actions/download-artifact": 4,
    "actions/github-script": 7,
    "aws-actions/configure-aws-credentials": 4,
    "hashicorp/setup-terraform": 3,
    "github/codeql-action": 3,
}
"""The newest major version that runs on a retired Node (20 and older)."""
_SHUT_OFF = {"actions/upload-artifact": 3, "actions/download-artifact": 3, "actions/cache": 2}


def check(workflow: Workflow) -> Iterator[Finding]:
    """Findings that make a workflow fragile, slow to end, or open to a moved tag."""
    yield from _permissions(workflow)
    yield from _concurrency(workflow)
    for job in workflow.jobs.values():
        yield from _timeout(job)
        yield from _images(job)
        if job.uses is not None:
            yield from _pinned(job.uses)
        for step in job.steps:
            yield from _step(step)


def _permissions(workflow: Workflow) -> Iterator[Finding]:
    for owner in (workflow.root, *(job.node for job in workflow.jobs.values())):
        broad = owner.get("permissions")
        if broad is not None and broad.text in ("write-all", "read-all"):
            whose = "every job" if owner is workflow.root else "this job"
            what = broad.text.removesuffix("-all")
            yield warning("permissions-broad", broad, f"{whose} gets {what} access to everything")
    if workflow.root.get("permissions") is not None:
        return
    for job in workflow.jobs.values():
        if permissions(job.node) is None:
            message = f"job {job.id!r} gets whatever permissions the repository gives by default"
            hint = "set 'permissions: {}' at the top and what is needed in each job"
            yield warning("permissions-missing", job.key, message, hint=hint)


def _concurrency(workflow: Workflow) -> Iterator[Finding]:
    if list(workflow.events) == ["workflow_call"] or workflow.root.get("concurrency") is not None:
        return
    if all(job.node.get("concurrency") is not None for job in workflow.jobs.values()):
        return
    place = workflow.root.key("on") or workflow.root
    message = "no 'concurrency': two runs of this workflow can overlap"
    yield warning("concurrency-missing", place, message)


def _timeout(job: Job) -> Iterator[Finding]:
    if job.uses is None and job.node.get("timeout-minutes") is None:
        message = f"job {job.id!r} has no 'timeout-minutes', so it may hang for six hours"
        yield warning("timeout-missing", job.key, message)


def _step(step: Step) -> Iterator[Finding]:
    if step.uses is not None:
        yield from _pinned(step.uses)
        yield from _retired(step)


def _pinned(uses: Node) -> Iterator[Finding]:
    reference = uses.text
    if reference.startswith(("./", "$/")) or "${{" in reference:
        return
    if reference.startswith("docker://"):
        if "@sha256:" not in reference:
            message = f"image {reference!r} is not pinned to a digest"
            yield warning("action-unpinned", uses, message)
        return
    name, at, version = reference.partition("@")
    if not at:
        if "/" in name:
            return  # the missing version is reported as a syntax problem
        yield error("action-reference", uses, f"{reference!r} is no action: owner/name@version")
        return
    if not _SHA.fullmatch(version):
        message = f"{name} is pinned to {version!r}, which can be moved to other code"
        yield warning("action-unpinned", uses, message, hint="use a full commit SHA")


def _images(job: Job) -> Iterator[Finding]:
    """Images that change under their name: those without a tag, and `latest`."""
    services = job.node.get("services") or EMPTY
    for owner in (job.node.get("container"), *(service for _, service in services.pairs())):
        image = owner.get("image") if owner is not None and owner.is_mapping else owner
        if image is None or not image.is_scalar or not image.text or "${{" in image.text:
            continue
        name, _, tag = image.text.rpartition("/")[2].partition(":")
        if "@sha256:" not in image.text and tag in ("", "latest"):
            message = f"image {image.text!r} is another one tomorrow: it has no version"
            yield warning("image-unpinned", image, message, hint=f"use {name}:VERSION or a digest")


def _retired(step: Step) -> Iterator[Finding]:
    if step.uses is None:
        return
    if step.uses.text.startswith(("./", "$/", "docker://")):
        return
    if "@" not in step.uses.text and "/" in step.uses.text and "${{" not in step.uses.text:
        message = f"{step.uses.text!r} names no version: owner/name@version is expected"
        yield error("action-reference", step.uses, message)
        return
    version = re.search(r"@v(\d+)", step.uses.text)
    major = int(version[1]) if version else None
    if step.action in _RETIRED_ACTIONS:
        message = f"{step.action} is no longer maintained"
        hint = f"use {_RETIRED_ACTIONS[step.action]}"
        yield warning("action-retired", step.uses, message, hint=hint)
    elif major is not None and major <= _SHUT_OFF.get(step.action, 0):
        message = f"{step.action}@v{major} no longer works: its service was shut off"
        yield error("action-retired", step.uses, message)
    elif major is not None and major <= _OLD_VERSIONS.get(step.action, 0):
        message = f"{step.action}@v{major} runs on a retired version of Node"
        yield warning("action-retired", step.uses, message)

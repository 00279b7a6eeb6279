"""Ways in which a workflow gives its credentials away: to AWS, and to a stranger's code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.checks.expressions import position
from pipelines.workflow.findings import Finding, error
from pipelines.workflow.model import EMPTY, Job, Step, Workflow, level, permissions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.workflow.yaml_tree import Node

_PRIVILEGED = frozenset({"pull_request_target", "workflow_run"})
_THEIRS = re.compile(
    r"head\.(?:sha|ref)|head_(?:ref|sha|branch)|refs/pull/|pull/\$\{\{|head\.repo|head_repository"
)
_FETCHES_THEIRS = re.compile(
    r"\bgh\s+pr\s+checkout\b|\bgit\s+(?:fetch|pull|checkout|clone)\b[^\n]*(?:refs/pull/|\bpull/|head)"
)
_KEYS = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"})


def check(workflow: Workflow) -> Iterator[Finding]:
    """Findings about credentials and who gets them."""
    yield from _static_keys(workflow.root.get("env"))
    for job in workflow.jobs.values():
        yield from _static_keys(job.node.get("env"))
        for step in job.steps:
            yield from _static_keys(step.env)
            yield from _aws(workflow, job, step)
        if _PRIVILEGED & set(workflow.events):
            yield from _runs_strangers(job)


def _static_keys(env: Node | None) -> Iterator[Finding]:
    for key, value in (env or EMPTY).entries:
        if key.text in _KEYS and "secrets." in value.text:
            yield _long_lived(key)
            return


def _long_lived(key: Node) -> Finding:
    message = "AWS is reached with long-lived keys"
    return error("house/aws-static-keys", key, message, hint="assume a role through OIDC")


def _aws(workflow: Workflow, job: Job, step: Step) -> Iterator[Finding]:
    if step.action != "aws-actions/configure-aws-credentials" or step.uses is None:
        return
    if (key := step.inputs.key("aws-access-key-id")) is not None:
        yield _long_lived(key)
        return
    chained = step.inputs.get("role-chaining")
    if step.inputs.get("role-to-assume") is None or (chained and chained.text == "true"):
        return
    scopes = permissions(job.node)
    if scopes is None:
        scopes = permissions(workflow.root)
    if "workflow_call" in workflow.events and scopes is None:
        return
    if level(scopes or {}, "id-token") != "write":
        message = "OIDC needs 'id-token: write' in the job's permissions"
        yield error("house/oidc-permission", step.uses, message)


def _runs_strangers(job: Job) -> Iterator[Finding]:
    """The way secrets are stolen: a privileged event that brings a stranger's code in."""
    message = "code of a stranger is checked out in a run that has secrets"
    for step in job.steps:
        if step.action == "actions/checkout":
            for name in ("ref", "repository"):
                value = step.inputs.get(name)
                if value is not None and _THEIRS.search(value.text):
                    yield error("house/untrusted-checkout", value, message)
                    break
        if step.run is not None and (match := _FETCHES_THEIRS.search(step.run.text)):
            at = position(step.run, match.start())
            yield error("house/untrusted-checkout", at, message)

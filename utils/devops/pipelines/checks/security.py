"""Ways in which a workflow gives code, secrets or credentials away."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.checks.expressions import Found, expressions, position
from pipelines.workflow.expressions import paths
from pipelines.workflow.findings import Finding, error, warning
from pipelines.workflow.model import EMPTY, Job, Step, Workflow, level, permissions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.workflow.yaml_tree import Node

_UNTRUSTED = re.compile(
    r"""github\.(?:head_ref
    |event\.(?:issue\.(?:title|body)
    |pull_request\.(?:title|body|head\.(?:ref|label|repo\.default_branch))
    |comment\.body|review\.body|review_comment\.body
    |discussion\.(?:title|body)
    |pages\.\*\.page_name
    |commits\.\*\.(?:message|author\.(?:email|name))
    |head_commit\.(?:message|author\.(?:email|name))
    |workflow_run\.(?:head_branch|head_commit\.(?:message|author\.(?:email|name)))))""",
    re.X,
)
"""What strangers can write: an issue's title, a branch's name, a commit's author."""

_OUTSIDE = re.compile(
    r"inputs\.|github\.event\.(?:inputs|client_payload)\.|github\.(?:ref_name|base_ref|actor)$"
)
"""What comes from outside the workflow and can still hold any text."""

_CREDENTIALS = (
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), "an AWS access key"),
    (re.compile(r"\bgh[pousr]_[A-Za-z0-9]{20,}\b|\bgithub_pat_\w{20,}\b"), "a GitHub token"),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"), "a private key"),
    (re.compile(r"\bxox[baprs]-[A-Za-z0-9-]{10,}"), "a Slack token"),
    (re.compile(r"://[^/\s:@${}]+:[^/\s@${}]+@"), "a password in a URL"),
)
_SECRET_NAME = re.compile(r"(?i)(?:^|_|-)(?:password|passwd|secret|token|api_?key|private_?key)$")
_PLACEHOLDER = re.compile(r"(?i)true|false|null|none|changeme|x+|\*+|<.*>|test|dummy|example|")
_PRINTS = re.compile(
    r"(?:^|[;&|({]|\bthen|\bdo|\belse)\s*(?:echo|printf|cat\s*<<<)\b(?P<rest>[^\n]*)", re.M
)
_REDIRECTED = re.compile(r"[^2]>>?\s*\S|\|\s*\S")


def check(workflow: Workflow) -> Iterator[Finding]:
    """Findings about injection, secrets and credentials."""
    for found in expressions(workflow):
        yield from _injection(found)
        yield from _printed_expression(found)
    yield from _plain_secrets(workflow.root)
    for job in workflow.jobs.values():
        yield from _image_passwords(job)
        for step in job.steps:
            yield from _printed_variable(workflow, job, step)
            yield from _aws(workflow, job, step)
        yield from _checks_out_strangers(workflow, job)


def _is_script(found: Found) -> bool:
    step = found.place.step
    if step is None:
        return False
    if found.place.node is step.run:
        return True
    github_script = step.action == "actions/github-script"
    return github_script and found.place.node is step.inputs.get("script")


def _injection(found: Found) -> Iterator[Finding]:
    if not _is_script(found):
        return
    for path, offset in paths(found.tree):
        name = ".".join(path)
        if _UNTRUSTED.match(name):
            message = f"{name} is written by strangers and becomes part of the script"
        elif _OUTSIDE.match(name):
            message = f"{name} comes from outside and becomes part of the script"
        else:
            continue
        hint = "put it into 'env:' and use the variable, in double quotes"
        rule = "script-injection" if _UNTRUSTED.match(name) else "house/script-input"
        yield error(rule, found.at(offset), message, hint=hint)


def _printed_expression(found: Found) -> Iterator[Finding]:
    if not _is_script(found):
        return
    line = _script_line(found.place.node.text, found.offset)
    for path, offset in paths(found.tree):
        if path[0] == "secrets" and _PRINTS.search(line) and not _REDIRECTED.search(line):
            message = f"{'.'.join(path)} is printed to the log"
            yield error("house/secret-printed", found.at(offset), message)


def _script_line(text: str, offset: int) -> str:
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    return text[start : end if end >= 0 else len(text)]


def _printed_variable(workflow: Workflow, job: Job, step: Step) -> Iterator[Finding]:
    if step.run is None:
        return
    held = set(_secret_variables(workflow.root.get("env")))
    held |= set(_secret_variables(job.node.get("env"))) | set(_secret_variables(step.env))
    for match in _PRINTS.finditer(step.run.text):
        rest = match["rest"]
        if _REDIRECTED.search(rest):
            continue
        for name in sorted(held):
            if re.search(rf"\$(?:{name}\b|\{{{name}\}})", rest):
                message = f"${name} holds a secret and is printed to the log"
                at = position(step.run, match.start("rest"))
                yield error("house/secret-printed", at, message)


def _secret_variables(env: Node | None) -> Iterator[str]:
    for name, value in (env or EMPTY).pairs():
        if re.search(r"\$\{\{[^}]*\bsecrets\.", value.text):
            yield name


def _plain_secrets(root: Node) -> Iterator[Finding]:
    waiting: list[tuple[str, Node]] = [("", root)]
    while waiting:
        name, node = waiting.pop()
        waiting += [(key.text, value) for key, value in node.entries]
        waiting += [(name, item) for item in node.items]
        if node.is_scalar and node.text:
            yield from _plain_secret(name, node)


def _plain_secret(name: str, node: Node) -> Iterator[Finding]:
    for pattern, what in _CREDENTIALS:
        if match := pattern.search(node.text):
            at = position(node, match.start())
            yield error("house/secret-plain", at, f"{what} is in the file", hint="use a secret")
            return
    if not _SECRET_NAME.search(name) or "${{" in node.text or "\n" in node.text:
        return
    if _looks_secret(node.text):
        message = f"{name!r} has its value in the file"
        yield error("house/secret-plain", node, message, hint="use a secret")


def _image_passwords(job: Job) -> Iterator[Finding]:
    services = job.node.get("services") or EMPTY
    for image in (job.node.get("container"), *(service for _, service in services.pairs())):
        credentials = image.get("credentials") if image is not None else None
        password = credentials.get("password") if credentials is not None else None
        if password is not None and "${{" not in password.text:
            yield error("house/secret-plain", password, "a registry's password is in the file")


def _looks_secret(value: str) -> bool:
    """Long enough, with a digit, and neither a placeholder, a variable nor a path."""
    if len(value) < 6 or "$" in value or value.startswith(("/", ".", "arn:")):
        return False
    return bool(re.search(r"[0-9]", value)) and not _PLACEHOLDER.fullmatch(value)


def _aws(workflow: Workflow, job: Job, step: Step) -> Iterator[Finding]:
    if step.action != "aws-actions/configure-aws-credentials" or step.uses is None:
        return
    if (key := step.inputs.key("aws-access-key-id")) is not None:
        message = "AWS is reached with long-lived keys"
        yield warning("aws-static-keys", key, message, hint="assume a role through OIDC")
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


def _checks_out_strangers(workflow: Workflow, job: Job) -> Iterator[Finding]:
    """The way secrets are stolen: a privileged event that runs a stranger's code."""
    if not {"pull_request_target", "workflow_run"} & set(workflow.events):
        return
    for step in job.steps:
        ref = step.inputs.get("ref") if step.action == "actions/checkout" else None
        if ref is not None and re.search(r"head\.(?:sha|ref)|head_(?:ref|sha|branch)", ref.text):
            message = "code of a stranger is checked out in a run that has secrets"
            yield error("house/untrusted-checkout", ref, message)

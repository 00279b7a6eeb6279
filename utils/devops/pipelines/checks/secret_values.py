"""Secrets that stand in the file, or that a script prints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.checks.expressions import Found, position
from pipelines.checks.injection import is_script
from pipelines.workflow.expressions import paths
from pipelines.workflow.findings import Finding, error, warning
from pipelines.workflow.model import EMPTY, Job, Step, Workflow
from pipelines.workflow.shapes import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.workflow.yaml_tree import Node

_CREDENTIALS = (
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), "an AWS access key"),
    (re.compile(r"\bgh[pousr]_[A-Za-z0-9]{20,}\b|\bgithub_pat_\w{20,}\b"), "a GitHub token"),
    (re.compile(r"\bglpat-[\w-]{20,}"), "a GitLab token"),
    (re.compile(r"\bnpm_[A-Za-z0-9]{30,}\b|\bpypi-[\w-]{30,}"), "a package index token"),
    (re.compile(r"\b[rs]k_live_[A-Za-z0-9]{16,}\b"), "a payment service's key"),
    (re.compile(r"\bAIza[\w-]{30,}"), "a Google key"),
    (re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}"), "a signed token"),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"), "a private key"),
    (re.compile(r"\bxox[baprs]-[A-Za-z0-9-]{10,}"), "a Slack token"),
    (re.compile(r"hooks\.slack\.com/services/T\w+/B\w+/\w+"), "a Slack webhook"),
    (re.compile(r"://[^/\s:@${}]+:[^/\s@${}]+@(?!localhost|127\.)"), "a password in a URL"),
)
_NAME = (
    r"(?:password|passwd|passphrase|pwd|secret|token|api_?key|private_?key|access_?key"
    r"|client_?secret|credentials?)"
)
_SECRET_NAME = re.compile(rf"(?i)(?:^|_|-){_NAME}$")
_PLACEHOLDER = re.compile(r"(?i)true|false|null|none|changeme|x+|\*+|<.*>|test|dummy|example|")
_VALUES = frozenset({"default", "value"})
"""Keys under which the value of the name above stands."""
_ASSIGNED = re.compile(
    rf"(?i)(?:^|[\s;&|])(?:[A-Z_]\w*_)?{_NAME}=[\"']?(?P<value>[^\s\"';&|)]+)"
    rf"|--{_NAME}[ =][\"']?(?P<option>[^\s\"';&|)-][^\s\"';&|)]*)"
    rf"|\s(?:-u|--user)[ =]?[\"']?[\w.@-]+:(?P<login>[^\s\"':;&|)]+)",
    re.M,
)
_PRINTS = re.compile(
    r"(?:^|[;&|{]|(?<![$<])\(|\bthen|\bdo|\belse)\s*(?:echo|printf|cat\s*<<<|(?i:Write-(?:Host|Output)))\b(?P<rest>[^\n]*)",
    re.M,
)
_DUMPS = re.compile(
    r"(?:^|[;&({])[ \t]*(?:env|printenv|export -p|declare -x?p?)(?P<rest>[ \t]*(?:[|;&>][^\n]*)?)$",
    re.M,
)
_TRACES = re.compile(r"^\s*set\s+-[a-wyz]*x|\bbash\s+-[a-wyz]*x", re.M)
_STILL_SHOWN = re.compile(
    r"\d?>&[12]|[12]?>\s*/dev/(?:stderr|stdout|tty)"
    r"|>>?\s*[\"']?\$\{?GITHUB_(?:STEP_SUMMARY|OUTPUT)\}?[\"']?"
)
"""Redirections whose target is read by others too: the log, the summary, the outputs."""
_SHOWN_BY = frozenset(
    words("base64 rev cat sed tr xxd od hexdump cut tee head tail sort fold awk grep openssl")
)
"""Commands at the end of a pipe that still put what they read, or a form of it, into the log."""


def check(workflow: Workflow, expressions: Iterable[Found]) -> Iterator[Finding]:
    """Findings about secrets that can be read in the file or will be in the log.

    Args:
        expressions: All of the workflow's.
    """
    for found in expressions:
        yield from _printed_expression(found)
        yield from _all_secrets(found)
    yield from _plain_secrets(workflow.root)
    for job in workflow.jobs.values():
        yield from _image_passwords(job)
        for step in job.steps:
            yield from _written_in_script(step)
            yield from _printed_variable(workflow, job, step)


def _printed_expression(found: Found) -> Iterator[Finding]:
    if not is_script(found):
        return
    line = _script_line(found.place.node.text, found.offset)
    printed = any(_reaches_log(match["rest"]) for match in _PRINTS.finditer(line))
    for path, offset in paths(found.tree):
        if path[0] == "secrets" and printed:
            message = f"{'.'.join(path)} is printed where others read it"
            yield error("house/secret-printed", found.at(offset), message)


def _all_secrets(found: Found) -> Iterator[Finding]:
    for path, offset in paths(found.tree):
        if path in (("secrets",), ("secrets", "*")):
            message = "every secret of the repository is handed over at once"
            hint = "name the ones that are needed"
            yield warning("secrets-all", found.at(offset), message, hint=hint)


def _script_line(text: str, offset: int) -> str:
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    return text[start : end if end >= 0 else len(text)]


def _reaches_log(rest: str) -> bool:
    """Whether others read what follows `echo` on its line: it is in no file and in no program."""
    if "::add-mask::" in rest:
        return False
    shown = _STILL_SHOWN.sub("", rest)
    commands = re.split(r"(?<!\|)\|(?!\|)", re.split(r"&&|\|\||;", shown)[0])
    if any(re.search(r">", command) for command in commands):
        return False
    last = commands[-1].split() if len(commands) > 1 else []
    return not last or last[0] in _SHOWN_BY


def _printed_variable(workflow: Workflow, job: Job, step: Step) -> Iterator[Finding]:
    if step.run is None:
        return
    script = step.run.text
    held = set(_secret_variables(workflow.root.get("env")))
    held |= set(_secret_variables(job.node.get("env"))) | set(_secret_variables(step.env))
    for name in sorted(held):
        for at in _prints_of(name, script):
            message = f"${name} holds a secret and is printed where others read it"
            yield error("house/secret-printed", position(step.run, at), message)
    dump = next((m for m in _DUMPS.finditer(script) if _reaches_log(m["rest"])), None)
    if held and dump is not None:
        message = f"all variables are printed to the log, {', '.join(sorted(held))} too"
        yield error("house/secret-printed", position(step.run, dump.start("rest")), message)
    used = [name for name in sorted(held) if re.search(rf"\$\{{?{name}\b", script)]
    if used and (trace := _TRACES.search(script)):
        message = f"each command is printed with its values, so ${used[0]} is too"
        yield warning("house/secret-printed", position(step.run, trace.end()), message)


def _prints_of(name: str, script: str) -> Iterator[int]:
    """Offsets at which a script prints this variable."""
    for match in _PRINTS.finditer(script):
        if re.search(rf"\$(?:{name}\b|\{{{name}\}})", match["rest"]) and _reaches_log(
            match["rest"]
        ):
            yield match.start("rest")
    program = rf"\b(?:print|console\.log)\([^\n]*\b(?:environ|getenv|env)\W{{1,3}}{name}\b"
    yield from (match.start() for match in re.finditer(program, script))


def _secret_variables(env: Node | None) -> Iterator[str]:
    for name, value in (env or EMPTY).pairs():
        if re.search(r"\$\{\{[^}]*\bsecrets\.", value.text):
            yield name


def _plain_secrets(root: Node) -> Iterator[Finding]:
    waiting: list[tuple[str, Node]] = [("", root)]
    while waiting:
        name, node = waiting.pop()
        waiting += [(name if key.text in _VALUES else key.text, v) for key, v in node.entries]
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


def _written_in_script(step: Step) -> Iterator[Finding]:
    if step.run is None or any(pattern.search(step.run.text) for pattern, _ in _CREDENTIALS):
        return
    for match in _ASSIGNED.finditer(step.run.text):
        kind = str(match.lastgroup)
        if _looks_secret(match[kind]) and "`" not in match[kind]:
            at = position(step.run, match.start(kind))
            message = "a secret's value is in the script"
            yield error("house/secret-plain", at, message, hint="use a secret, through 'env:'")


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

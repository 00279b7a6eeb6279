"""What a script should not do: retired commands, swallowed failures, programs straight from the
network."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.checks.expressions import position
from pipelines.workflow.findings import Finding, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.workflow.model import Step, Workflow
    from pipelines.workflow.yaml_tree import Node

_COMMANDS = {
    "set-output": "write to $GITHUB_OUTPUT",
    "save-state": "write to $GITHUB_STATE",
    "set-env": "write to $GITHUB_ENV",
    "add-path": "write to $GITHUB_PATH",
}
_COMMAND = re.compile(r"::(set-output|save-state|set-env|add-path)\b")
_CHECKS = re.compile(
    r"""\b(?:security_cli|deploy_cli|terraform_cli|local_runner|release_cli|monitor_cli
    |pipeline_test|pipeline_cli)\.py\b
    |\b(?:pytest|ruff|mypy|flake8|pylint|black|bandit|safety|pip-audit|detect-secrets|tfsec|trivy
    |checkov|tflint|actionlint|zizmor|shellcheck)\s
    |\bterraform\b[^\n]*\s(?:plan|validate|apply)\b|\b(?:npm|yarn|pnpm)\s+(?:test|run\s+lint)\b
    |\bgo\s+(?:test|vet)\b|\bcargo\s+(?:test|clippy)\b""",
    re.X,
)
_SWALLOWS = re.compile(r"\|\|\s*(?:true\b|:(?=\s|$)|exit\s+0\b|echo\b)|;\s*(?:true|exit 0)\s*$")
_IGNORES_ALL = re.compile(r"^\s*set\s+\+e\b")
_FROM_NETWORK = re.compile(
    r"\b(?:curl|wget)\b[^\n;&|]*\|\s*(?:sudo\s+(?:-\w+\s+)*)?(?:ba|z|da)?sh\b"
    r"|\b(?:ba|z|da)?sh\s+(?:-c\s+)?[\"']?(?:<\(|\$\()\s*(?:curl|wget)\b"
    r"|\b(?:iex|Invoke-Expression)\b[^\n]*\b(?:iwr|irm|Invoke-WebRequest|DownloadString)\b"
)


def check(workflow: Workflow) -> Iterator[Finding]:
    """Findings about every script."""
    for job in workflow.jobs.values():
        for step in job.steps:
            if step.run is not None:
                yield from _commands(step.run)
                yield from _from_network(step.run)
                yield from _swallowed(step, step.run)


def _commands(run: Node) -> Iterator[Finding]:
    for match in _COMMAND.finditer(run.text):
        message = f"GitHub no longer follows the command '::{match[1]}'"
        at = position(run, match.start())
        yield error("command-retired", at, message, hint=_COMMANDS[match[1]])


def _from_network(run: Node) -> Iterator[Finding]:
    for match in _FROM_NETWORK.finditer(run.text):
        message = "a program is run straight from the network, whatever it is today"
        hint = "download a fixed version, compare its checksum, then run it"
        yield error("house/remote-script", position(run, match.start()), message, hint=hint)


def _swallowed(step: Step, run: Node) -> Iterator[Finding]:
    """A check whose failure changes nothing is worse than none."""
    ignoring = False
    for offset, line in _lines(run.text):
        ignores = _IGNORES_ALL.search(line)
        ignoring = ignoring or ignores is not None
        check = _CHECKS.search(line)
        swallow = _SWALLOWS.search(line, check.end() if check else 0) if check else None
        if swallow is not None:
            at = position(run, offset + swallow.start())
            yield error("house/swallowed-failure", at, "a failure of this check is swallowed")
        elif ignores is not None and _CHECKS.search(run.text, offset):
            at = position(run, offset + ignores.end())
            yield error("house/swallowed-failure", at, "failures of the checks here are swallowed")
    swallow_all = step.node.get("continue-on-error")
    if swallow_all is not None and swallow_all.text == "true" and _CHECKS.search(run.text):
        yield error("house/swallowed-failure", swallow_all, "a failure of this check is swallowed")


def _lines(script: str) -> Iterator[tuple[int, str]]:
    """The commands' lines with their offsets; a line that goes on is one with what follows."""
    offset = 0
    for line in re.split(r"(?<!\\)\n", script):
        yield offset, line
        offset += len(line) + 1

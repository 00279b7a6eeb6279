"""The tools that generated workflows call understand what the workflows say to them."""

from __future__ import annotations

import importlib
import re
import shlex

import click
import pytest

from pipelines.generation.build import Pipeline
from tests.pipelines.builders import generated_flows

VALUES = {
    "SERVICE": "auth",
    "ENVIRONMENT": "dev",
    "VERSION": "v1.0.0",
    "COMPONENT": "full",
    "REASON": "it fails",
    "RESULT": "success",
    "RUN": "https://github.com/bbws/x/actions/runs/1",
    "GITHUB_STEP_SUMMARY": "/dev/null",
}
_TOOL = re.compile(r"python utils/devops/(\w+)\.py ([^\n]*)")


def tool_lines() -> list[tuple[str, str]]:
    """Script and words of every call of a tool, each once."""
    found: dict[tuple[str, str], None] = {}
    for flow in generated_flows().values():
        for job in flow.jobs.values():
            for step in job.steps:
                text = step.run.text.replace("\\\n", " ") if step.run else ""
                found |= dict.fromkeys(match.groups() for match in _TOOL.finditer(text))
    return list(found)


def words_of(line: str) -> list[str]:
    filled = re.sub(r"\$(\w+)", lambda match: VALUES[match[1]], line)
    words = shlex.split(filled)
    redirected = next((n for n, word in enumerate(words) if word in (">", ">>")), len(words))
    return words[:redirected]


@pytest.mark.parametrize(
    ("script", "line"), tool_lines(), ids=lambda value: " ".join(value.split())[:60]
)
def test_a_tool_accepts_the_line(script: str, line: str) -> None:
    name, *words = words_of(line)
    command = importlib.import_module(script).cli.commands[name]
    context: click.Context = command.make_context(name, words)
    assert context.params


def test_the_lines_cover_every_pipeline() -> None:
    scripts = {script for script, _ in tool_lines()}
    assert {"deploy_cli", "monitor_cli", "release_cli", "local_runner"} <= scripts
    assert len(list(Pipeline)) == 6

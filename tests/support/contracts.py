"""The documented command lines, as data for tests."""

from __future__ import annotations

import shlex
from pathlib import Path

SCRIPTS = (
    "repo_cli", "lld_parser", "code_gen", "pipeline_cli", "pipeline_test", "terraform_cli",
    "deploy_cli", "security_cli", "release_cli", "monitor_cli", "local_runner",
)  # fmt: skip
"""The eleven, by their file's stem."""

DOCUMENTED = Path(__file__).parents[1] / "data" / "commands.txt"
_FILLED = {
    "<repo_name>": "2_bbws_auth_lambda",
    "<env>": "dev",
    "<path>": "somewhere",
    "<dir>": "out",
    "<name>": "auth",
    "<tag>": "v1.0.0",
    "<semver>": "v1.0.0",
    "<major|minor|patch>": "minor",
}


def documented_commands() -> list[tuple[str, list[str]]]:
    """Each documented line as (script's stem, words after the script), placeholders filled."""
    found = []
    for line in DOCUMENTED.read_text(encoding="utf-8").splitlines():
        for placeholder, value in _FILLED.items():
            line = line.replace(placeholder, value)
        _python, script, *words = shlex.split(line)
        found.append((Path(script).stem, words))
    return found

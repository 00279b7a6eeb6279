"""Starting a script for its help costs no import that only some commands need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.support.contracts import SCRIPTS

SLOW = (
    "boto3",
    "botocore",
    "jinja2",
    "requests",
    "rich",
    "yaml",
    "markdown_it",
    "nacl",
    "pydantic",
)


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_imports_nothing_slow(script: str) -> None:
    code = (
        f"import sys; sys.path.insert(0, 'utils/devops'); import {script}; "
        f"print(','.join(name for name in {SLOW!r} if name in sys.modules))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == ""


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_works_as_a_program(script: str) -> None:
    answer = subprocess.run(
        [sys.executable, f"utils/devops/{script}.py", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.startswith(f"Usage: {script}.py")
    assert "Exit codes:" in answer.stdout
    assert answer.stderr == ""

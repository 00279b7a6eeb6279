"""The public checkers that generated workflows must satisfy, where they can be had.

They are looked for beside this Python, where the requirements install them, and on PATH.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pipelines.validation.engines import tool


def require(name: str) -> str:
    """The path of a tool; the test is skipped where it is not installed."""
    path = tool(name)
    if path is None:
        pytest.skip(f"{name} is neither beside this Python nor on PATH")
    return path


def call(*words: str | Path, cwd: Path, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run a tool; its exit code is for the test to judge."""
    return subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
        check=False,
    )

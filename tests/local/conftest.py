from __future__ import annotations

import sys
from pathlib import Path

import pytest

from local.project import Kind, Project
from local.virtualenv import digest
from tests.support.files import write_tree

PYPROJECT = """\
[tool.pytest.ini_options]
pythonpath = ["."]
addopts = "-p no:cacheprovider"

[tool.ruff]
line-length = 100
"""


@pytest.fixture
def service(tmp_path: Path) -> Project:
    """A service repository of one function and one test."""
    root = tmp_path / "2_bbws_tiny_lambda"
    write_tree(
        root,
        {
            "pyproject.toml": PYPROJECT,
            "requirements.txt": "",
            "src/__init__.py": "",
            "src/handlers/__init__.py": "",
            "src/add.py": "def add(a: int, b: int) -> int:\n    return a + b\n",
            "tests/test_add.py": (
                "from src.add import add\n\n\ndef test_add() -> None:\n    assert add(1, 2) == 3\n"
            ),
        },
    )
    return Project(root, Kind.SERVICE)


def stand_in_environment(service: Project) -> None:
    """Give the service a finished `.venv` whose interpreter is the one that runs this test."""
    service.python.parent.mkdir(parents=True)
    service.python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    service.python.chmod(0o755)
    (service.venv / ".requirements").write_text(digest(service.requirements))

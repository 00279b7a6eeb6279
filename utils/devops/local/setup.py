"""Set a project up for work: its environment, its git hooks, and a look at the Python version."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import UnavailableError
from common.output import note
from common.process import run
from local.hooks import Installed, install_hooks
from local.virtualenv import PreparationError, prepare

if TYPE_CHECKING:
    from local.project import Project

LAMBDA_PYTHON = (3, 12)
"""The runtime that services are generated for."""


@dataclass(frozen=True, slots=True)
class SetUp:
    """What a set-up did; `version` is that of the environment's Python."""

    root: Path
    python: Path
    hooks: Installed
    version: tuple[int, int]

    @property
    def matches_lambda(self) -> bool:
        return self.version == LAMBDA_PYTHON


def set_up(project: Project) -> SetUp:
    """Make the project's environment and install its git hooks; twice is the same as once.

    Raises:
        UnavailableError: The environment or the hooks could not be installed.
    """
    python = prepared_python(project)
    return SetUp(project.root, python, install_hooks(project, python), version_of(python))


def version_of(python: Path) -> tuple[int, int]:
    """Major and minor version of an interpreter, which need not be the one that runs this.

    Raises:
        UnavailableError: It cannot be started.
    """
    answer = run([python, "-c", "import sys; print(*sys.version_info[:2])"])
    major, minor = answer.stdout.split()
    return int(major), int(minor)


def prepared_python(project: Project) -> Path:
    """The interpreter of the project's environment, which is made if it is not ready.

    Raises:
        UnavailableError: It could not be made.
    """
    try:
        return prepare(project.venv, project.requirements, note)
    except PreparationError as error:
        raise UnavailableError(str(error), hint=error.hint) from error

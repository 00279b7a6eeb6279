"""The git hooks of `.pre-commit-config.yaml`: installed by `setup`, run by `pre-commit`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import UnavailableError
from common.git import environment, top_level
from common.process import run
from local.checks import Outcome

if TYPE_CHECKING:
    from local.project import Project

_CONFIG = ".pre-commit-config.yaml"


def install_hooks(project: Project, python: Path) -> bool:
    """Install the hooks; false where there is no configuration or no repository of its own."""
    if not (project.root / _CONFIG).is_file() or top_level(project.root) != project.root:
        return False
    run([python, "-m", "pre_commit", "install"], cwd=project.root, env=environment())
    return True


def run_hooks(project: Project, python: Path) -> Outcome:
    """Run every hook over all tracked files.

    Raises:
        UnavailableError: The project has no hooks, or is no git repository.
    """
    if not (project.root / _CONFIG).is_file():
        raise UnavailableError(
            f"{str(project.root)!r} has no {_CONFIG}", hint="run this inside a service repository"
        )
    words = [str(python), "-m", "pre_commit", "run", "--all-files", "--color=never"]
    answer = run(words, cwd=project.root, env=environment(), check=False, timeout=1800)
    if answer.code > 1:
        raise UnavailableError(f"pre-commit could not run: {answer.stdout.strip()[-200:]}")
    return Outcome("pre-commit", not answer.ok, answer.stdout.strip())

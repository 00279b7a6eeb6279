"""The git hooks of `.pre-commit-config.yaml`: installed by `setup`, run by `pre-commit`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import UnavailableError
from common.git import environment, git, top_level
from common.process import run
from local.checks import Outcome

if TYPE_CHECKING:
    from local.project import Project

_CONFIG = ".pre-commit-config.yaml"


@dataclass(frozen=True, slots=True)
class Installed:
    """Whether git runs the hooks from now on; `why_not` where it does not."""

    done: bool
    why_not: str = ""
    by_choice: bool = True
    """False where hooks are configured, and something keeps them from being installed."""


def install_hooks(project: Project, python: Path) -> Installed:
    """Install the hooks of all the types that the configuration names.

    Raises:
        UnavailableError: pre-commit could not install them.
    """
    if not (project.root / _CONFIG).is_file() or top_level(project.root) != project.root:
        return Installed(False, "no git repository of its own, or no hooks in it")
    elsewhere = git("config", "core.hooksPath", cwd=project.root, check=False).stdout.strip()
    if elsewhere:
        # git would not look at what pre-commit installs.
        return Installed(False, f"git's core.hooksPath is {elsewhere!r}", by_choice=False)
    run([python, "-m", "pre_commit", "install"], cwd=project.root, env=environment())
    return Installed(True)


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

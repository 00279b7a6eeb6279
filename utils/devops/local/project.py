"""Which project a command works on: the toolkit itself, or a service repository."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from common.home import HOME, VENV
from local.virtualenv import python_of, requirement_files


class Kind(Enum):
    """The two sorts of projects that `local_runner.py` works on."""

    TOOLKIT = "toolkit"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with Python code, its requirements and the environment that its checks run in."""

    root: Path
    kind: Kind

    @property
    def venv(self) -> Path:
        return VENV if self.root == HOME else self.root / ".venv"

    @property
    def python(self) -> Path:
        return python_of(self.venv)

    @property
    def requirements(self) -> list[Path]:
        return requirement_files(self.root)


def find_project(start: Path) -> Project:
    """The service repository around `start`, else the project that carries this tool."""
    for folder in (start, *start.parents):
        if _is_service(folder):
            return Project(folder, Kind.SERVICE)
        if folder == HOME:
            break
    return Project(HOME, Kind.SERVICE if _is_service(HOME) else Kind.TOOLKIT)


def _is_service(folder: Path) -> bool:
    return (folder / "pyproject.toml").is_file() and (folder / "src" / "handlers").is_dir()

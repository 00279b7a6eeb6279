"""Explains missing dependencies before anything imports them. Standard library only.

Every script imports this module first. When the packages of `requirements.txt` are not there, a
prepared `.venv` of the project takes over; without one the script prints the one command that fixes
it and exits 4, so that nobody meets an ImportError.
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from common.home import STAMP, VENV

PACKAGES = ("click", "yaml", "markdown_it", "jinja2", "requests", "boto3", "rich", "nacl")
"""Import names of what the scripts themselves need at run time."""

MINIMUM_PYTHON = (3, 11)


def missing_packages() -> list[str]:
    """Import names of needed packages that this interpreter does not have."""
    return [name for name in PACKAGES if find_spec(name) is None]


def project_python() -> Path | None:
    """The interpreter of the project's finished `.venv`, unless it is the one running."""
    python = VENV / "bin" / "python"
    finished = (VENV / STAMP).is_file() and python.exists()
    return python if finished and Path(sys.prefix) != VENV else None


def _explain(text: str) -> None:
    sys.stderr.write(text + "\n")
    raise SystemExit(4)


def ensure() -> None:
    """Return when the dependencies are here; else hand over to `.venv`, or explain and exit 4."""
    if sys.version_info < MINIMUM_PYTHON:
        found = ".".join(map(str, sys.version_info[:3]))
        _explain("error: Python 3.11 or newer is needed, this is {}".format(found))  # noqa: UP032
    missing = missing_packages()
    if not missing:
        return
    script = Path(sys.argv[0])
    python = project_python()
    if python and script.suffix == ".py" and script.is_file():
        os.execv(python, [str(python), *sys.argv])  # noqa: S606
    runner = os.path.relpath(Path(__file__).resolve().parents[1] / "local_runner.py")
    _explain(
        f"error: not installed: {', '.join(missing)}\n"
        f"hint: one command installs all that is needed: python3 {runner} setup"
    )


ensure()

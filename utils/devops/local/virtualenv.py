"""Virtual environments that hold exactly what requirement files ask for. Standard library only.

An environment is complete when its stamp holds the digest of the files it was made from. One that
was complete for other files is brought up to date in place, since programs may be running in it;
anything else (interrupted, its Python gone) is made anew. A lock keeps two runs apart.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from common.home import STAMP

REQUIREMENT_FILES = ("requirements.txt", "requirements-dev.txt", "utils/devops/requirements.txt")
CONSTRAINTS = "constraints.txt"
"""Beside a requirement file: the exact versions of what the requirements themselves require."""


class PreparationError(Exception):
    """An environment could not be made; `str()` says why, `hint` what to try."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def requirement_files(project: Path) -> list[Path]:
    """The requirement files of a project that exist."""
    return [path for name in REQUIREMENT_FILES if (path := project / name).is_file()]


def python_of(venv: Path) -> Path:
    """The interpreter inside an environment."""
    return venv / "bin" / "python"


def digest(files: Sequence[Path]) -> str:
    """What an environment made from these files is stamped with."""
    total = hashlib.sha256()
    for path in _with_constraints(files):
        total.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def is_ready(venv: Path, files: Sequence[Path]) -> bool:
    """Whether the environment is complete, runnable and made from these very files."""
    try:
        stamped = (venv / STAMP).read_text(encoding="utf-8")
    except OSError:
        return False
    return stamped == digest(files) and os.access(python_of(venv), os.X_OK)


def prepare(venv: Path, files: Sequence[Path], say: Callable[[str], None]) -> Path:
    """Make the environment unless it is ready, and return its interpreter.

    Raises:
        PreparationError: Python cannot make environments, or pip could not install.
    """
    try:
        with _locked(venv):
            if not is_ready(venv, files):
                stamp = venv / STAMP
                if not (stamp.is_file() and os.access(python_of(venv), os.X_OK)):
                    _create(venv, say)
                stamp.unlink(missing_ok=True)
                _install(venv, files, say)
                stamp.write_text(digest(files), encoding="utf-8")
    except OSError as error:
        raise PreparationError(
            f"{str(venv)!r} cannot be written: {error.strerror}",
            hint="check the folder's owner and the free space on the disk",
        ) from error
    return python_of(venv)


def _with_constraints(files: Sequence[Path]) -> list[Path]:
    beside = [path.with_name(CONSTRAINTS) for path in files]
    return [*files, *dict.fromkeys(path for path in beside if path.is_file())]


@contextmanager
def _locked(venv: Path) -> Iterator[None]:
    venv.parent.mkdir(parents=True, exist_ok=True)
    with venv.with_name(venv.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _create(venv: Path, say: Callable[[str], None]) -> None:
    say(f"creating {venv}")
    made = _call([sys.executable, "-m", "venv", "--clear", str(venv)])
    if made.returncode != 0:
        raise PreparationError(
            f"Python {sys.version.split()[0]} could not create a virtual environment: "
            + _last_line(made),
            hint="on Debian and Ubuntu: apt-get install python3-venv",
        )


def _install(venv: Path, files: Sequence[Path], say: Callable[[str], None]) -> None:
    say(f"installing {' and '.join(str(path) for path in files)} (about a minute)")
    words = [str(python_of(venv)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for path in files:
        words += ["--requirement", str(path)]
    for path in _with_constraints(files)[len(files) :]:
        words += ["--constraint", str(path)]
    installed = _call(words)
    if installed.returncode != 0:
        raise PreparationError(
            f"pip could not install the requirements: {_last_line(installed)}",
            hint="check the network and pip's index settings, then run the same command again",
        )


def _call(words: list[str]) -> subprocess.CompletedProcess[str]:
    # A caller's PYTHONPATH or PIP_TARGET would put the packages somewhere else.
    misleading = ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_USER")
    env = {name: value for name, value in os.environ.items() if name not in misleading}
    return subprocess.run(words, env=env, capture_output=True, text=True, check=False)


def _last_line(completed: subprocess.CompletedProcess[str]) -> str:
    said = (completed.stderr.strip() or completed.stdout.strip()).splitlines()
    errors = [line for line in said if line.startswith("ERROR:")]
    return (errors or said or ["it said nothing"])[-1]

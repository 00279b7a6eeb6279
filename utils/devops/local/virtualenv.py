"""Virtual environments that hold exactly what requirement files ask for. Standard library only.

An environment is complete when its stamp holds the digest of the files it was made from. One that
was made for other files is brought up to date in place, since programs may be running in it; one
that is broken, or whose Python is another one by now, is made anew. What somebody else made is left
alone. A lock keeps two runs apart.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from common.home import STAMP

REQUIREMENT_FILES = ("requirements.txt", "requirements-dev.txt", "utils/devops/requirements.txt")
MADE_WITH = ".made-with"
"""File in an environment of ours, from its first moment on: the real path of its base Python."""

_KEPT = frozenset({"pip", "setuptools", "wheel"})

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
    return stamped == digest(files) and _is_sound(venv)


def prepare(venv: Path, files: Sequence[Path], say: Callable[[str], None]) -> Path:
    """Make the environment unless it is ready, and return its interpreter.

    Raises:
        PreparationError: The folder holds what somebody else made, Python cannot make
            environments, or pip could not install.
    """
    if is_ready(venv, files):
        return python_of(venv)
    try:
        with _locked(venv, say):
            if not is_ready(venv, files):
                _make_ready(venv, files, say)
    except OSError as error:
        raise PreparationError(
            f"{str(venv)!r} cannot be written: {error.strerror}",
            hint="check the folder's owner and the free space on the disk",
        ) from error
    return python_of(venv)


def _make_ready(venv: Path, files: Sequence[Path], say: Callable[[str], None]) -> None:
    stamp = venv / STAMP
    update = stamp.is_file() and _is_sound(venv)
    if not update:
        _check_ours(venv)
        _create(venv, say)
    stamp.unlink(missing_ok=True)
    _install(venv, files, say)
    if update:
        _remove_the_rest(venv, files)
    stamp.write_text(digest(files), encoding="utf-8")


def _is_sound(venv: Path) -> bool:
    """Whether its interpreter runs and is the one that it was made with."""
    python = python_of(venv)
    if not os.access(python, os.X_OK):
        return False
    try:
        made_with = (venv / MADE_WITH).read_text(encoding="utf-8")
    except OSError:
        return True
    return made_with == os.path.realpath(python)


def _check_ours(venv: Path) -> None:
    """Refuse to clear what was not made here: a link, another tool's environment, somebody's files.

    Raises:
        PreparationError: It is not ours.
    """
    ours = (venv / STAMP).is_file() or (venv / MADE_WITH).is_file()
    if venv.is_symlink() or (venv.exists() and not ours and any(venv.iterdir())):
        raise PreparationError(
            f"{str(venv)!r} was not made by this tool, and is left as it is",
            hint="move it away, then run the same command again",
        )


def _with_constraints(files: Sequence[Path]) -> list[Path]:
    beside = [path.with_name(CONSTRAINTS) for path in files]
    return [*files, *dict.fromkeys(path for path in beside if path.is_file())]


@contextmanager
def _locked(venv: Path, say: Callable[[str], None]) -> Iterator[None]:
    venv.parent.mkdir(parents=True, exist_ok=True)
    with venv.with_name(venv.name + ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another run, which is preparing {venv}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _create(venv: Path, say: Callable[[str], None]) -> None:
    say(f"creating {venv}")
    if venv.exists():
        shutil.rmtree(venv)
    venv.mkdir()
    base = os.path.realpath(sys.executable)
    (venv / MADE_WITH).write_text(base, encoding="utf-8")
    made = _call([sys.executable, "-m", "venv", str(venv)])
    if made.returncode != 0:
        raise PreparationError(
            f"Python {sys.version.split()[0]} could not create a virtual environment: "
            + _last_line(made),
            hint="on Debian and Ubuntu: apt-get install python3-venv",
        )
    (venv / MADE_WITH).write_text(os.path.realpath(python_of(venv)), encoding="utf-8")


def _install(venv: Path, files: Sequence[Path], say: Callable[[str], None]) -> None:
    say(f"installing {' and '.join(str(path) for path in files)} (about a minute)")
    installed = _call([*_pip(venv, "install"), "--quiet", *_asked_for(files)])
    if installed.returncode != 0:
        raise PreparationError(
            f"pip could not install the requirements: {_last_line(installed)}",
            hint="check the network and pip's index settings, then run the same command again",
        )


def _remove_the_rest(venv: Path, files: Sequence[Path]) -> None:
    """Uninstall what the files do not ask for any more, directly or in turn."""
    words = ["--quiet", "--dry-run", "--ignore-installed", "--report", "-", *_asked_for(files)]
    resolved = _call([*_pip(venv, "install"), *words])
    listed = _call([*_pip(venv, "list"), "--format", "json"])
    if resolved.returncode or listed.returncode:
        raise PreparationError(
            f"pip could not tell what is needed: {_last_line(resolved)}",
            hint=f"delete {str(venv)!r}, then run the same command again",
        )
    report = json.loads(resolved.stdout) if resolved.stdout.strip() else {"install": []}
    needed = {_normal(one["metadata"]["name"]) for one in report["install"]} | _KEPT
    rest = [one["name"] for one in json.loads(listed.stdout) if _normal(one["name"]) not in needed]
    if rest:
        _call([*_pip(venv, "uninstall"), "--yes", *rest])


def _pip(venv: Path, command: str) -> list[str]:
    return [str(python_of(venv)), "-m", "pip", "--disable-pip-version-check", command]


def _asked_for(files: Sequence[Path]) -> list[str]:
    words = [word for path in files for word in ("--requirement", str(path))]
    for path in _with_constraints(files)[len(files) :]:
        words += ["--constraint", str(path)]
    return words


def _normal(name: str) -> str:
    """A distribution's name as packaging compares it."""
    return name.lower().replace("_", "-").replace(".", "-")


def _call(words: list[str]) -> subprocess.CompletedProcess[str]:
    # A caller's PYTHONPATH or PIP_TARGET would put the packages somewhere else.
    misleading = ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_USER")
    env = {name: value for name, value in os.environ.items() if name not in misleading}
    return subprocess.run(words, env=env, capture_output=True, text=True, check=False)


def _last_line(completed: subprocess.CompletedProcess[str]) -> str:
    said = (completed.stderr.strip() or completed.stdout.strip()).splitlines()
    errors = [line for line in said if line.startswith("ERROR:")]
    return (errors or said or ["it said nothing"])[-1]

"""Which Python runs a function: the one its runtime names, else the sandbox's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from common.errors import UnavailableError

OVERRIDE = "BBWS_SANDBOX_PYTHON"
"""Environment variable that names the interpreter for every function."""

RUNTIME_PACKAGES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")
"""What Lambda's Python brings along; a package that needs more must bring it itself."""

_ASK = (
    "import sys, sysconfig; print(sys.executable, *sys.version_info[:2], sysconfig.get_platform())"
)


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that works, with what decides which compiled packages it can load."""

    path: Path
    version: tuple[int, int]
    platform: str
    asked_for: str

    @property
    def substitute(self) -> bool:
        """Whether it is another Python than the runtime names."""
        return f"python{self.version[0]}.{self.version[1]}" != self.asked_for


@cache
def interpreter(runtime: str) -> Interpreter:
    """The Python for a runtime such as `python3.12`."""
    for candidate in (os.environ.get(OVERRIDE), *_candidates(runtime)):
        found = _ask(candidate, runtime) if candidate else None
        if found:
            return found
    found = _ask(sys.executable, runtime)
    assert found is not None, "the running interpreter runs"
    return found


def ask(path: str) -> Interpreter:
    """What a given interpreter is.

    Raises:
        UnavailableError: It does not run.
    """
    found = _ask(path, "")
    if found is None:
        raise UnavailableError(f"{path!r} is no Python that runs")
    return found


def _candidates(runtime: str) -> list[str]:
    """The command itself and, behind a shim that refuses, the versions pyenv has."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    number = runtime.removeprefix("python")
    installed = sorted(pyenv.glob(f"{number}.*/bin/{runtime}"), reverse=True)
    return [path for path in (shutil.which(runtime), *map(str, installed)) if path]


def _ask(path: str, runtime: str) -> Interpreter | None:
    try:
        said = subprocess.run(
            [path, "-I", "-S", "-c", _ASK], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    executable, major, minor, platform = said.stdout.split()
    return Interpreter(Path(executable), (int(major), int(minor)), platform, runtime)


def runtime_site(folder: Path) -> Path:
    """A folder with the packages of Lambda's own Python, and no others, as links."""
    from importlib.util import find_spec

    folder.mkdir(parents=True, exist_ok=True)
    for name in RUNTIME_PACKAGES:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            continue
        origin = Path(spec.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        link = folder / source.name
        if not link.exists():
            link.unlink(missing_ok=True)
            link.symlink_to(source)
    return folder

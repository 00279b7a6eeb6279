"""Explains missing dependencies before anything imports them. Standard library only.

Every script imports this module first. A prepared `.venv` of the project takes over, since it has
the very versions of `requirements.txt`. Without one, packages that are not there, or a click that
will not do, end in the one command that fixes it and exit 4: nobody meets an ImportError.
"""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from common.asked import wants_json
from common.home import STAMP, VENV

PACKAGES = ("click", "yaml", "markdown_it", "jinja2", "requests", "boto3", "rich", "nacl")
"""Import names of what the scripts themselves need at run time."""

MINIMUM_PYTHON = (3, 11)
_SCRIPTS = Path(__file__).resolve().parents[1]


def missing_packages() -> list[str]:
    """Import names of needed packages that this interpreter does not have."""
    return [name for name in PACKAGES if find_spec(name) is None]


def is_click_usable() -> bool:
    """Whether this interpreter's click can do what the scripts need: a type with a parameter."""
    import click

    usable = hasattr(click.ParamType, "__class_getitem__")
    return usable and hasattr(click.exceptions, "NoArgsIsHelpError")


def project_python() -> Path | None:
    """The interpreter of the project's finished `.venv`, unless it is the one running.

    One without the packages (a service's own, which carries the tools but not what they need) is
    not finished.
    """
    python = VENV / "bin" / "python"
    if Path(sys.executable) == python or Path(sys.prefix).resolve() == VENV.resolve():
        return None
    finished = all((VENV / name).is_file() for name in (STAMP, "pyvenv.cfg", "bin/python"))
    folders = VENV.glob("lib/python3.*/site-packages") if finished else ()
    complete = any(all((folder / name).is_dir() for name in PACKAGES) for folder in folders)
    return python if complete else None


def _hand_over() -> None:
    """Go on in the project's `.venv`; return when there is none, or this is no script of ours."""
    script = Path(sys.argv[0])
    if script.suffix != ".py" or script.resolve().parent != _SCRIPTS or not script.is_file():
        return
    python = project_python()
    if python:
        with suppress(OSError):
            os.execv(python, [str(python), *sys.argv])  # noqa: S606


def _explain(message: str, hint: str) -> None:
    if wants_json(sys.argv[1:]):
        import json

        error = {"code": "unavailable", "message": message, "hint": hint}
        sys.stdout.write(json.dumps({"error": error}) + "\n")
    else:
        sys.stderr.write(f"error: {message}\nhint: {hint}\n")
    raise SystemExit(4)


def ensure() -> None:
    """Return when the dependencies are here; else hand over to `.venv`, or explain and exit 4."""
    if sys.version_info < MINIMUM_PYTHON:
        found = ".".join(map(str, sys.version_info[:3]))
        _explain(
            f"Python 3.11 or newer is needed, this is {found}", "install it and use it to run this"
        )
    _hand_over()
    runner = shlex.quote(os.path.relpath(_SCRIPTS / "local_runner.py"))
    missing = missing_packages()
    if missing:
        hint = f"one command installs all that is needed: python3 {runner} setup"
        _explain(f"not installed: {', '.join(missing)}", hint)
    if not is_click_usable():
        from importlib.metadata import version

        hint = f"one command installs the right one: python3 {runner} setup"
        _explain(f"click {version('click')} is not the version these scripts need", hint)


ensure()

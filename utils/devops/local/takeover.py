"""How `local_runner.py` gets from a bare Python into its own environment. Standard library only.

`setup`, `test`, `lint` and `rehearse` need exactly the pinned packages, so they always run inside
the tools' own `.venv`, which is made on the first call. Importing this module from the running
script is what does it, so that it happens before anything that could be missing is imported.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from common.home import HOME, VENV

SELF_PREPARING = frozenset({"setup", "test", "lint", "rehearse"})


def take_over(argv: list[str]) -> None:
    """Go on inside `.venv` when the command is one that prepares itself; return otherwise.

    Replaces the running process. Ends it with exit code 4 and one line when `.venv` cannot be made.
    """
    command = next((word for word in argv[1:] if not word.startswith("-")), None)
    if command not in SELF_PREPARING or {"-h", "--help"} & set(argv[1:]):
        return
    if sys.version_info < (3, 11):  # noqa: UP036 - started by whatever Python is there
        found = ".".join(map(str, sys.version_info[:3]))
        _explain(f"Python 3.11 or newer is needed, this is {found}", "install it and use it here")
    from local.virtualenv import PreparationError, is_ready, prepare, requirement_files

    files = requirement_files(HOME)
    inside = Path(sys.prefix).resolve() == VENV.resolve()
    if inside and is_ready(VENV, files):
        return
    try:
        python = prepare(VENV, files, lambda text: print(f"… {text}", file=sys.stderr))  # noqa: T201
    except PreparationError as error:
        _explain(str(error), error.hint)
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted\n")
        raise SystemExit(130) from None
    os.execv(python, [str(python), *argv])  # noqa: S606


def _explain(message: str, hint: str) -> None:
    sys.stderr.write(f"error: {message}\nhint: {hint}\n")
    raise SystemExit(4)


if Path(sys.argv[0]).name == "local_runner.py":
    take_over(sys.argv)

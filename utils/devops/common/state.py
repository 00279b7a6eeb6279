"""The user's folder for what outlives a run: the audit log, error logs, caches."""

from __future__ import annotations

import os
from pathlib import Path

from common.errors import UnavailableError

_FOLDER = "bbws-devops"


def state_folder() -> Path:
    """`$XDG_STATE_HOME/bbws-devops`, by default `~/.local/state/bbws-devops`.

    Raises:
        UnavailableError: Neither is known: a user without a home directory.
    """
    return _base("XDG_STATE_HOME", ".local/state") / _FOLDER


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/bbws-devops`, by default `~/.cache/bbws-devops`.

    Raises:
        UnavailableError: Neither is known: a user without a home directory.
    """
    return _base("XDG_CACHE_HOME", ".cache") / _FOLDER


def _base(variable: str, fallback: str) -> Path:
    chosen = os.environ.get(variable)
    if chosen and Path(chosen).is_absolute():
        return Path(chosen)
    try:
        home = Path.home()
    except RuntimeError:
        home = Path()
    if not home.is_absolute():
        raise UnavailableError("this user has no home directory", hint=f"set HOME or {variable}")
    return home / fallback

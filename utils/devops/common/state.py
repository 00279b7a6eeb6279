"""The user's folder for what outlives a run: the audit log, error logs, caches."""

from __future__ import annotations

import os
from pathlib import Path

_FOLDER = "bbws-devops"


def state_folder() -> Path:
    """`$XDG_STATE_HOME/bbws-devops`, by default `~/.local/state/bbws-devops`."""
    return _base("XDG_STATE_HOME", ".local/state") / _FOLDER


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/bbws-devops`, by default `~/.cache/bbws-devops`."""
    return _base("XDG_CACHE_HOME", ".cache") / _FOLDER


def _base(variable: str, fallback: str) -> Path:
    chosen = os.environ.get(variable)
    return Path(chosen) if chosen and Path(chosen).is_absolute() else Path.home() / fallback

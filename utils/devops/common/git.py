"""git, asked for machine-readable answers and shielded from the caller's `GIT_*` variables."""

from __future__ import annotations

import os
from pathlib import Path

from common.process import Completed, run

_INSTALL = "install git"
_KEPT = ("GIT_SSH", "GIT_SSL", "GIT_ASKPASS", "GIT_AUTHOR", "GIT_COMMITTER", "GIT_CONFIG")


def environment() -> dict[str, str]:
    """This process's environment without what would point git at another repository."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k.startswith(_KEPT)}
    return {**kept, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def git(*words: str | Path, cwd: Path, check: bool = True, timeout: float = 120) -> Completed:
    """Run `git WORDS` in `cwd`.

    Raises:
        ProcessFailedError: git failed and `check` is on.
        UnavailableError: git is not installed.
    """
    return run(
        ["git", *words], cwd=cwd, env=environment(), check=check, timeout=timeout, install=_INSTALL
    )


def top_level(folder: Path) -> Path | None:
    """The root of the work tree that `folder` is in, or None outside any repository."""
    answer = git("rev-parse", "--show-toplevel", cwd=folder, check=False)
    return Path(answer.stdout.strip()) if answer.ok else None

"""git, asked for machine-readable answers and shielded from the caller's `GIT_*` variables."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from urllib.parse import urlsplit

from common.masking import register
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


def ask_origin(*words: str, cwd: Path, timeout: float = 120) -> Completed:
    """Run `git WORDS`, which only asks the remote `origin` something, with GitHub's token if it
    belongs there; a job's checkout keeps no credentials of its own.

    Raises:
        UnavailableError: git is not installed.
    """
    url = git("remote", "get-url", "origin", cwd=cwd, check=False).stdout.strip()
    env = {**environment(), **credentials_for(url)}
    return run(["git", *words], cwd=cwd, env=env, check=False, timeout=timeout, install=_INSTALL)


def credentials_for(url: str) -> dict[str, str]:
    """Variables that let git show `GITHUB_TOKEN` to the server of `GITHUB_SERVER_URL`, if `url` is
    there; empty for every other server. The token is in no argument and in no file.
    """
    token = os.environ.get("GITHUB_TOKEN") or os.environ.get("GH_TOKEN") or ""
    server = os.environ.get("GITHUB_SERVER_URL") or "https://github.com"
    here, there = urlsplit(server), urlsplit(url)
    if not token.strip() or (here.scheme, here.netloc) != (there.scheme, there.netloc):
        return {}
    pair = base64.b64encode(f"x-access-token:{token.strip()}".encode()).decode()
    register(pair)
    number = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    return {
        "GIT_CONFIG_COUNT": str(number + 1),
        f"GIT_CONFIG_KEY_{number}": f"http.{here.scheme}://{here.netloc}/.extraHeader",
        f"GIT_CONFIG_VALUE_{number}": f"Authorization: Basic {pair}",
    }


def top_level(folder: Path) -> Path | None:
    """The root of the work tree that `folder` is in, or None outside any repository."""
    answer = git("rev-parse", "--show-toplevel", cwd=folder, check=False)
    return Path(answer.stdout.strip()) if answer.ok else None

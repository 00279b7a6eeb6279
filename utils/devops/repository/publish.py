"""The git side of a new repository: clone it, commit what was generated, push it.

The token goes to git as a header in git's configuration *environment*: never in words, which the
process list shows, never in an address, never in `.git/config`.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from common.errors import RefusedError, UnavailableError
from common.git import environment, git
from common.masking import register
from common.process import Completed, ProcessFailedError, run

if TYPE_CHECKING:
    from pathlib import Path

_NETWORK_SECONDS = 300
_INITIAL = {"README.md", ".github/CODEOWNERS"}
_AUTHOR = ("BBWS DevOps toolkit", "bbws-devops@users.noreply.github.com")


@dataclass(frozen=True, slots=True)
class Origin:
    """The repository on GitHub, and the token that opens it."""

    url: str
    token: str
    branch: str = "main"

    def __repr__(self) -> str:
        return f"Origin({self.url!r})"

    def environment(self) -> dict[str, str]:
        """git's environment with the credentials in it, for this address only."""
        parts = urlsplit(self.url)
        pair = base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
        register(pair)
        settings = {
            f"http.{parts.scheme}://{parts.netloc}/.extraHeader": f"Authorization: Basic {pair}",
            "credential.helper": "",
        }
        entries = {"GIT_CONFIG_COUNT": str(len(settings))}
        for number, (key, value) in enumerate(settings.items()):
            entries |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        return {**environment(), **entries}


def clone(origin: Origin, folder: Path) -> None:
    """Clone into `folder`, which must not exist or be empty."""
    if folder.exists() and any(folder.iterdir()):
        raise RefusedError(f"{str(folder)!r} is not empty: nothing is cloned over it")
    target = folder.absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    _network(origin, ["clone", "--quiet", "--", origin.url, str(target)], target.parent)


@dataclass(frozen=True, slots=True)
class Checkout:
    """A folder that is, or is to be, a clone of the repository."""

    folder: Path
    origin: Origin

    def connect(self) -> None:
        """Make the folder a clone whose history starts where GitHub's branch is.

        Files stay as they are: what differs from GitHub's is what a commit will hold.

        Raises:
            RefusedError: The folder is a clone of something else.
        """
        fresh = not (self.folder / ".git").exists()
        if fresh:
            self.folder.mkdir(parents=True, exist_ok=True)
            git("init", "--quiet", f"--initial-branch={self.origin.branch}", cwd=self.folder)
        self._set_remote()
        self.fetch()
        if not self._head() and self.remote_head():
            git("reset", "--quiet", "--mixed", f"origin/{self.origin.branch}", cwd=self.folder)
            if not self._only_initial():
                self.restore_deleted()

    def _only_initial(self) -> bool:
        """Whether GitHub's branch has no more than what creating the repository put there."""
        listed = git("ls-tree", "-r", "-z", "--name-only", "HEAD", cwd=self.folder).stdout
        return {name for name in listed.split("\0") if name} <= _INITIAL

    def _set_remote(self) -> None:
        known = git("config", "--get", "remote.origin.url", cwd=self.folder, check=False)
        if not known.ok:
            git("remote", "add", "origin", self.origin.url, cwd=self.folder)
        elif known.stdout.strip() != self.origin.url:
            raise RefusedError(
                f"{str(self.folder)!r} is a clone of {known.stdout.strip()!r}, "
                f"not of {self.origin.url!r}",
                hint="name another folder with --path",
            )

    def restore_deleted(self) -> None:
        """Bring back what the last commit has and the folder has not."""
        listed = git("ls-files", "--deleted", "-z", cwd=self.folder).stdout
        missing = [name for name in listed.split("\0") if name]
        if missing:
            git("checkout", "--quiet", "--", *missing, cwd=self.folder)

    def fetch(self) -> None:
        """Learn where GitHub's branch is."""
        _network(self.origin, ["fetch", "--quiet", "origin"], self.folder)

    def _head(self) -> str | None:
        return self._commit("HEAD")

    def remote_head(self) -> str | None:
        """The commit of GitHub's branch, as last fetched."""
        return self._commit(f"refs/remotes/origin/{self.origin.branch}")

    def _commit(self, name: str) -> str | None:
        words = ("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        answer = git(*words, cwd=self.folder, check=False)
        return answer.stdout.strip() if answer.ok else None

    def uncommitted(self) -> list[str]:
        """Paths that differ from the last commit."""
        answer = git("status", "--porcelain", "-z", "--untracked-files=all", cwd=self.folder)
        return [entry[3:] for entry in answer.stdout.split("\0") if entry]

    def is_pushed(self) -> bool:
        """Whether GitHub's branch holds the last commit, and nothing is uncommitted."""
        head, remote = self._head(), self.remote_head()
        if head is None or remote is None or self.uncommitted():
            return False
        words = ("merge-base", "--is-ancestor", head, remote)
        return git(*words, cwd=self.folder, check=False).ok

    def commit_all(self, message: str) -> bool:
        """Commit everything that differs; False where nothing does."""
        if not self.uncommitted():
            return False
        git("add", "--all", cwd=self.folder)
        git(*self._identity(), "commit", "--quiet", "-m", message, cwd=self.folder)
        return True

    def _identity(self) -> list[str]:
        known = git("config", "--get", "user.email", cwd=self.folder, check=False)
        if known.ok and known.stdout.strip():
            return []
        return ["-c", f"user.name={_AUTHOR[0]}", "-c", f"user.email={_AUTHOR[1]}"]

    def push(self) -> None:
        """Push the last commit to GitHub's branch, and see that it arrived.

        Raises:
            UnavailableError: GitHub refused, or has something else now.
        """
        target = f"HEAD:refs/heads/{self.origin.branch}"
        _network(self.origin, ["push", "--quiet", "origin", target], self.folder)
        self.fetch()
        if self._head() != self.remote_head():
            raise UnavailableError(f"{self.origin.branch} on GitHub is not what was pushed")


def _network(origin: Origin, words: list[str], cwd: Path) -> Completed:
    """Run git with the credentials; what it says is masked by the process boundary."""
    try:
        return run(["git", *words], cwd=cwd, env=origin.environment(), timeout=_NETWORK_SECONDS)
    except ProcessFailedError as error:
        raise UnavailableError(
            f"git {words[0]} {origin.url}: {_reason(error)}",
            hint="the same command again goes on from here",
        ) from error


def _reason(error: ProcessFailedError) -> str:
    lines = [line.strip() for line in error.completed.stderr.splitlines() if line.strip()]
    telling = [line for line in lines if "GH0" in line or line.startswith(("fatal:", "error:"))]
    return (telling or lines or ["it said nothing"])[0]

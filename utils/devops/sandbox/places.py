"""Where a sandbox keeps its files, and the record of the one that runs."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from common.errors import UsageProblemError
from common.state import state_folder

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT = "default"
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of one sandbox."""

    name: str
    folder: Path

    @property
    def record(self) -> Path:
        return self.folder / "running.json"

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    @property
    def log(self) -> Path:
        return self.folder / "sandbox.log"

    @property
    def requests(self) -> Path:
        return self.folder / "requests.jsonl"

    @property
    def kept(self) -> Path:
        """The state of AWS that a stop with `--keep-state` left."""
        return self.folder / "kept"

    @property
    def work(self) -> Path:
        """What only a running sandbox needs: unpacked code, workers, certificates."""
        return self.folder / "work"

    @property
    def github(self) -> Path:
        return self.folder / "github"

    @property
    def aws_config(self) -> Path:
        return self.folder / "aws-config"

    @property
    def aws_credentials(self) -> Path:
        return self.folder / "aws-credentials"

    @property
    def authorities(self) -> Path:
        """Certificates to trust: the usual ones and the sandbox's own."""
        return self.folder / "authorities.pem"


def all_places() -> Path:
    """The folder that holds a folder for each sandbox."""
    return state_folder() / "sandbox"


def place(name: str) -> Place:
    """The place of a sandbox.

    Raises:
        UsageProblemError: That is no name for one.
    """
    if not _NAME.fullmatch(name):
        raise UsageProblemError(
            f"{name!r} is no name for a sandbox",
            hint="1 to 32 lowercase letters, digits and inner hyphens",
        )
    return Place(name, all_places() / name)


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox that runs: its process, and where it answers."""

    name: str
    pid: int
    token: str
    started: str
    endpoint: str
    proxy: str
    github: str | None

    def write(self, path: Path) -> None:
        """Leave the record where others look for it; it appears whole or not at all."""
        staging = path.with_suffix(".new")
        descriptor = os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(self), file)
        staging.replace(path)


def read_record(path: Path) -> Running | None:
    """The record of a sandbox, which may have ended since; None when there is none."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Running(**content)
    except (OSError, ValueError, TypeError):
        return None

"""The log of a job: written as it happens, secrets masked."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_ADD_MASK = "::add-mask::"
_MASK = "***"


class JobLog:
    """A log file that only this user can read."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._file: IO[str] = os.fdopen(descriptor, "w", encoding="utf-8", buffering=1)
        self._secrets: set[str] = set()

    def hide(self, secret: str) -> None:
        """Mask this from now on, each of its lines for itself."""
        self._secrets |= {line for line in secret.splitlines() if line.strip()}

    def say(self, line: str) -> None:
        """Write one line."""
        if line.startswith(_ADD_MASK):
            self.hide(line[len(_ADD_MASK) :])
            return
        for secret in sorted(self._secrets, key=len, reverse=True):
            line = line.replace(secret, _MASK)
        self._file.write(line + "\n")

    def close(self) -> None:
        self._file.close()

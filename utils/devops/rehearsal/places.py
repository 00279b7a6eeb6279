"""Where logs and reports of a run go."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from common.errors import UnavailableError
from common.state import state_folder


def reports_folder(command: str, chosen: Path | None) -> Path:
    """The chosen folder, else a new one for this run in the user's state folder.

    Raises:
        UnavailableError: It cannot be made.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    folder = chosen or state_folder() / command / stamp
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UnavailableError(f"making {str(folder)!r}: {problem.strerror}") from problem
    return folder.resolve()

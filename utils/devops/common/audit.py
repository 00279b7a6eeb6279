"""The audit log: one JSON line for every account validation and every safety decision."""

from __future__ import annotations

import getpass
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from common.errors import UnavailableError
from common.state import state_folder


def audit_path() -> Path:
    """Where the log is: `BBWS_AUDIT_LOG`, else `audit.jsonl` in the user's state folder.

    Raises:
        UnavailableError: There is neither.
    """
    chosen = os.environ.get("BBWS_AUDIT_LOG")
    if chosen:
        return Path(chosen)
    try:
        return state_folder() / "audit.jsonl"
    except UnavailableError as error:
        raise UnavailableError(
            f"the audit log has no place: {error.message}",
            hint="set BBWS_AUDIT_LOG to a file that can be written",
        ) from error


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def record(event: str, outcome: str, **details: str | None) -> None:
    """Append one event; it is on disk when this returns.

    Raises:
        UnavailableError: The log cannot be written. What cannot be audited must not go on.
    """
    entry = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "event": event,
        "outcome": outcome,
        "user": _user(),
        "tool": Path(sys.argv[0]).name,
        "pid": os.getpid(),
        **details,
    }
    path = audit_path()
    line = json.dumps(entry, ensure_ascii=False) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, line.encode(errors="backslashreplace"))
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise UnavailableError(
            f"the audit log {str(path)!r} cannot be written: {error.strerror}",
            hint="set BBWS_AUDIT_LOG to a file that can be",
        ) from error

"""The errors a user can meet, and the exit code each one ends in.

One base class and one subclass for each exit code that a caller treats differently. Code below the
command line raises these; `common.boundary` alone turns them into text and a process exit.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The documented exit codes of every script."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    UNAVAILABLE = 4
    BUG = 70
    INTERRUPTED = 130


class DevopsError(Exception):
    """An expected failure: what failed and on which thing, why, and what to try next.

    Args:
        message: One line, with the offending value quoted.
        hint: The command or option that would help, when there is one.
    """

    exit_code = ExitCode.UNAVAILABLE
    code = "unavailable"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class FailedError(DevopsError):
    """The work was done and the answer is bad: findings, failed tests, an unhealthy service."""

    exit_code = ExitCode.FAILED
    code = "failed"


class UsageProblemError(DevopsError):
    """The command was called with values that cannot work together or do not exist."""

    exit_code = ExitCode.USAGE
    code = "usage"


class RefusedError(DevopsError):
    """A safety rule said no, and nothing was changed."""

    exit_code = ExitCode.REFUSED
    code = "refused"


class UnavailableError(DevopsError):
    """Something needed is missing, unreachable or unreadable: a tool, credentials, a file."""

    exit_code = ExitCode.UNAVAILABLE
    code = "unavailable"

"""Findings: an error is what nobody could build from or must not stay; the rest are warnings."""

from __future__ import annotations

from lld.model import Problem, Severity


def error(code: str, message: str, line: int | None, fix: str) -> Problem:
    """A finding that must be settled before anything is built; `fix` says what to write."""
    return Problem(Severity.ERROR, code, message, line, fix)


def warning(code: str, message: str, line: int | None, fix: str) -> Problem:
    """A finding that `--strict` alone refuses; `fix` says what to write instead."""
    return Problem(Severity.WARNING, code, message, line, fix)

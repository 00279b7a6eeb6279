"""What the words of a command line ask for, whether they parse or not. Standard library only."""

from __future__ import annotations

from collections.abc import Sequence


def wants_json(words: Sequence[str]) -> bool:
    """Whether the words ask for JSON; asked of the words, so that it works when parsing fails."""
    for flag in ("-o", "--output", "--format"):
        if f"{flag}=json" in words or "-ojson" in words:
            return True
        if flag in words[:-1] and words[list(words).index(flag) + 1] == "json":
            return True
    return False

"""What stands before a path that is written shortened: `.../{groupId}/teams`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAMES = re.compile(r"\{[^{}]*\}")


def folded(path: str) -> str:
    """A path without the names of its parameters."""
    return _NAMES.sub("{}", path)


class Ends:
    """The last segments of known paths -> the shortest path that ends in them."""

    LONGEST = 4

    def __init__(self, paths: Iterable[str]) -> None:
        self._found: dict[str, str] = {}
        for path in paths:
            self.note(path)

    def note(self, path: str) -> None:
        """Remember how a path ends, with its parameters' names and without."""
        parts = path.strip("/").split("/")
        for length in range(1, min(self.LONGEST, len(parts)) + 1):
            end = "/".join(parts[-length:])
            for key in (end, folded(end)):
                if key not in self._found or len(path) < len(self._found[key]):
                    self._found[key] = path

    def complete(self, rest: str) -> str | None:
        """The whole path of `{groupId}/teams`: what ends in its longest known beginning, and the
        segments that remain."""
        parts = rest.split("/")
        for length in range(min(self.LONGEST, len(parts)), 0, -1):
            known = "/".join(parts[:length])
            path = self._found.get(known) or (
                self._found.get(folded(known)) if length > 1 or "{" not in known else None
            )
            if path:
                return "/".join((path, *parts[length:]))
        return None

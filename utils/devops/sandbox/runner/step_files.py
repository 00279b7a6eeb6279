"""The files through which a step tells its job things: outputs, variables, paths, summary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAMES = ("output", "env", "path", "step_summary")


class StepFileError(Exception):
    """A step wrote something that is no such file."""


@dataclass(frozen=True, slots=True)
class StepFiles:
    """The files of one step, in a folder of their own."""

    folder: Path

    def create(self) -> None:
        """Make them, empty."""
        self.folder.mkdir(parents=True)
        for name in _NAMES:
            (self.folder / name).touch()

    def variables(self) -> dict[str, str]:
        """`GITHUB_OUTPUT` and its like."""
        return {f"GITHUB_{name.upper()}": str(self.folder / name) for name in _NAMES}

    def outputs(self) -> dict[str, str]:
        return _pairs(self._text("output"))

    def environment(self) -> dict[str, str]:
        return _pairs(self._text("env"))

    def paths(self) -> list[str]:
        """Folders for the front of PATH, the last one first."""
        return [line for line in reversed(self._text("path").splitlines()) if line.strip()]

    def summary(self) -> str:
        return self._text("step_summary")

    def _text(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8", errors="replace")


def _pairs(text: str) -> dict[str, str]:
    """`name=value` lines, and `name<<END` … `END` blocks."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        if not line.strip():
            continue
        name, sign, rest = line.partition("=")
        block, mark, end = line.partition("<<")
        if mark and (not sign or len(block) < len(name)):
            found[block] = "\n".join(_until(end, lines))
        elif sign:
            found[name] = rest
        else:
            raise StepFileError(f"Invalid format {line!r}")
    return found


def _until(end: str, lines: Iterator[str]) -> list[str]:
    kept: list[str] = []
    for line in lines:
        if line == end:
            return kept
        kept.append(line)
    raise StepFileError(f"Matching delimiter not found {end!r}")

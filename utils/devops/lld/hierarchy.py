"""HLDs and LLDs as a hierarchy of files: parents, versions, listings and the next free number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.errors import DevopsError, UsageProblemError
from lld.naming import design_number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PREFIX = re.compile(r"\d+(?:\.\d+)+\Z")
_LARGEST = 8 * 1024 * 1024
_MOST_FILES = 5000


@dataclass(frozen=True, slots=True)
class Hld:
    """A high-level design as far as its LLDs need it."""

    path: Path
    number: str | None
    version: str | None
    text: str

    def lists(self, file_name: str, number: str | None) -> bool:
        """Whether the document names this LLD, by file or by number."""
        if file_name in self.text or file_name.removesuffix(".md") in self.text:
            return True
        return bool(number and re.search(rf"(?<![\d.]){re.escape(number)}(?![\d.]*\d)", self.text))


def _markdown(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.glob("*.md") if path.is_file())[:_MOST_FILES]


def lld_files(folder: Path) -> list[Path]:
    """The designs of a folder: every Markdown file named as an LLD, else every other than HLDs."""
    files = [path for path in _markdown(folder) if "_HLD" not in path.name.upper()]
    return [path for path in files if "LLD" in path.name.upper()] or files


def find_hlds(folder: Path) -> list[Hld]:
    """HLDs in the folder, in its `HLDs` folder, and in the `HLDs` folder beside it."""
    places = (folder, folder / "HLDs", folder.parent / "HLDs", folder.parent)
    paths: dict[Path, None] = {}
    for place in places:
        for path in _markdown(place):
            if "HLD" in path.name.upper() and "LLD" not in path.name.upper():
                paths.setdefault(path.resolve())
    return [hld for path in paths if (hld := _read(path))]


def _read(path: Path) -> Hld | None:
    try:
        if path.stat().st_size > _LARGEST:
            return None
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    version = re.search(r"(?im)^\W{0,6}version\W{1,6}v?(\d+(?:\.\d+)*)", text[:20_000])
    return Hld(path, design_number(path.name), version[1] if version else None, text)


def parent_of(file_name: str, parent_text: str | None, hlds: list[Hld]) -> Hld | None:
    """The HLD an LLD derives from: the one it names, else the one whose number begins its own."""
    number = design_number(file_name)
    stated = re.search(r"\d+(?:\.\d+)+", parent_text or "")
    for wanted in (stated[0] if stated else None, number, (number or "").rpartition(".")[0]):
        for hld in hlds:
            if wanted and hld.number == wanted:
                return hld
    return None


# --- numbers -------------------------------------------------------------------------------------


def next_number(prefix: str, folder: Path) -> str:
    """The number after the highest one ever used below an HLD: `3.1.5`.

    Numbers count when a file in the folder has them, when git's history of the folder had them, or
    when the HLD lists them. Deleted ones are never used again.

    Raises:
        UsageProblemError: The prefix is not a number like `3.1`, or the folder does not exist.
    """
    if not _PREFIX.match(prefix):
        raise UsageProblemError(
            f"{prefix!r} is not the number of an HLD", hint="write phase.sub-phase, such as 3.1"
        )
    if not folder.is_dir():
        raise UsageProblemError(
            f"no such folder: {str(folder)!r}", hint="name the designs' folder with --lld-dir"
        )
    return f"{prefix}.{max(used_numbers(prefix, folder), default=0) + 1}"


def used_numbers(prefix: str, folder: Path) -> set[int]:
    """The last parts of all numbers that were ever used below this prefix."""
    own = re.compile(rf"(?<![\d.]){re.escape(prefix)}\.(\d{{1,6}})(?![\d.]*\d)")
    named = re.compile(rf"(?<![\d.]){re.escape(prefix)}\.(\d{{1,6}})[_ -]LLD", re.I)
    used: set[int] = set()
    for path in folder.rglob("*.md"):
        used |= {int(number) for number in named.findall(path.name)}
    for name in _history(folder):
        used |= {int(number) for number in named.findall(name)}
    for hld in find_hlds(folder):
        used |= {int(number) for number in named.findall(hld.text)}
        if hld.number == prefix:
            used |= {int(n) for line in _rows(hld.text) for n in own.findall(line)}
    return used


def _rows(text: str) -> Iterator[str]:
    """Lines that list designs: rows of tables, list items and trees."""
    return (
        line for line in text.split("\n") if line.lstrip().startswith(("|", "-", "*", "├", "└"))
    )


def _history(folder: Path) -> list[str]:
    """Every file name that git's history ever had in this folder; none outside a repository."""
    from common.git import git

    try:
        answer = git(
            "log",
            "--all",
            "--full-history",
            "--no-renames",
            "--name-only",
            "-z",
            "--format=",
            "--",
            ".",
            cwd=folder,
            check=False,
            timeout=60,
        )
    except DevopsError:
        return []
    return [name for name in answer.stdout.split("\0") if "LLD" in name] if answer.ok else []

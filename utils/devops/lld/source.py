"""Reading a design's file: what cannot be a Markdown text is refused with one clear line."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from common.errors import UnavailableError, UsageProblemError

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_BYTES = 64 * 1024 * 1024


def read_document(path: Path) -> str:
    """The text of a design.

    Raises:
        UsageProblemError: The path does not exist, or is a folder.
        UnavailableError: The file cannot be read as a text.
    """
    if path.is_dir():
        raise UsageProblemError(
            f"{str(path)!r} is a folder, not a design",
            hint="give one Markdown file; `validate` also takes a folder",
        )
    if not path.exists():
        raise UsageProblemError(f"no such file: {str(path)!r}", hint=_near(path))
    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise UnavailableError(
                f"{str(path)!r} is too large for a design ({size} bytes)", hint="split the document"
            )
        data = path.read_bytes()
    except OSError as error:
        raise UnavailableError(
            f"reading {str(path)!r}: {error.strerror or error}", hint="check the file's permissions"
        ) from error
    return _decoded(data, path)


def _decoded(data: bytes, path: Path) -> str:
    if not data.strip():
        raise UnavailableError(f"{str(path)!r} is empty", hint="export the design again")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnavailableError(
            f"{str(path)!r} is not UTF-8 text (byte {error.start})",
            hint="save the design as UTF-8 Markdown",
        ) from error
    control = sum(1 for byte in data[:4096] if byte < 9 or 13 < byte < 27)
    if control > 16 and control * 20 > min(len(data), 4096):
        raise UnavailableError(
            f"{str(path)!r} is a binary file", hint="give the design's Markdown file"
        )
    return text


def _near(path: Path) -> str:
    """Names like the one that was not found."""
    folder = path.parent
    if not folder.is_dir():
        return f"the folder {str(folder)!r} does not exist either"
    names = [one.name for one in folder.glob("*.md")][:2000]
    close = get_close_matches(path.name, names, n=3, cutoff=0.5)
    if close:
        return f"did you mean {', '.join(str(folder / name) for name in close)}?"
    return (
        f"{len(names)} Markdown files are in {str(folder)!r}"
        if names
        else (f"no Markdown file is in {str(folder)!r}")
    )

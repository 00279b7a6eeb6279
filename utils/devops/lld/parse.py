"""The parser's public face: a design document in, one `Design` out.

The stages, in order: `tokens` (markdown-it-py's blocks, one at a time), `document` (sections,
tables, fences, lines), `reading` with `readers/` (facts with lines), `merge/` (one design,
contradictions as problems). Nothing in a document is executed, and nothing stops the reading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lld.merge.design import merge
from lld.reading import read
from lld.source import read_document

if TYPE_CHECKING:
    from pathlib import Path

    from lld.model import Design


def parse_file(path: Path) -> Design:
    """Parse a design file.

    Raises:
        DevopsError: When the file is missing, unreadable or not a text.
    """
    return parse_text(read_document(path), path.name)


def parse_text(text: str, name: str) -> Design:
    """Parse the text of a design; `name` is its file name."""
    return merge(read(text), name)

"""The parser's public face: a design document in, one `Design` out.

The stages, in order: `tokens` (markdown-it-py's blocks, one at a time), `document` (sections,
tables, fences, lines), `reading` with `readers/` (facts with lines), `merge/` (one design,
contradictions as problems). Nothing in a document is executed, and nothing stops the reading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.errors import UnavailableError
from lld.merge.design import merge
from lld.reading import read
from lld.source import read_document

if TYPE_CHECKING:
    from pathlib import Path

    from lld.model import Design


def parse_file(path: Path) -> Design:
    """Parse a design file.

    Raises:
        DevopsError: When the file is missing, unreadable, not a text or not a design.
    """
    design = parse_text(read_document(path), path.name)
    if not _is_design(design):
        raise UnavailableError(
            f"{str(path)!r} is not a low-level design: no function, endpoint, table or model",
            hint="give a design named like 3.1.2_LLD_Auth_Lambda.md",
        )
    return design


def _is_design(design: Design) -> bool:
    """A design states something to build, or at least calls itself one."""
    named = f"{design.document} {design.title or ''}".lower()
    says_so = "lld" in named or "low-level" in named or "low level design" in named
    facts = (
        design.functions,
        design.endpoints,
        design.tables,
        design.models,
        design.test_scenarios,
    )
    return any(facts) or says_so


def parse_text(text: str, name: str) -> Design:
    """Parse the text of a design; `name` is its file name."""
    return merge(read(text), name)

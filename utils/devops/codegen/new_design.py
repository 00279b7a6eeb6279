"""A new design below an HLD: the next free number, the HLD's version, and its row in the HLD.

Stages: find the HLD, take the number, render `templates/lld/design.md.j2`, add the row to the HLD's
table of designs. Both files are written or neither.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from codegen.naming import pascal, plural, snake
from common.errors import RefusedError, UnavailableError, UsageProblemError
from common.home import HOME
from lld.blocks import Heading, Table
from lld.document import read_blocks
from lld.hierarchy import find_hlds, used_numbers
from lld.naming import default_repository, service_of

if TYPE_CHECKING:
    from lld.hierarchy import Hld

_TEMPLATES = HOME / "templates" / "lld"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*")
_NUMBER = re.compile(r"\d+(?:\.\d+)+")
_TITLE_END = re.compile(r"\s*[-–:]\s*(?:HLD|High[- ]Level Design)\s*\Z", re.I)
_TABLE_HEAD = (
    "\n## Derived Low-Level Designs\n\n"
    "| LLD | Component | Repository | LLD Version | Status |\n"
    "|-----|-----------|------------|-------------|--------|\n"
)
_END = "**End of Document**"


@dataclass(frozen=True, slots=True)
class Draft:
    """A design that could be written, and its HLD with the new row."""

    number: str
    lld: Path
    lld_text: str
    hld: Path
    hld_text: str


def draft_design(hld_number: str, name: str, root: Path, *, today: date) -> Draft:
    """Plan a new design below `root`'s `HLDs` and `LLDs`; writes nothing.

    Args:
        hld_number: Phase and sub-phase, such as `3.1`.
        name: Name of the component in words joined by underscores, such as `Product_Lambda`.

    Raises:
        UsageProblemError: A malformed number or name.
        UnavailableError: There is no such HLD.
        RefusedError: There are several, or it has no version to inherit.
    """
    if not _NUMBER.fullmatch(hld_number):
        raise UsageProblemError(f"{hld_number!r} is no HLD number", hint="such as --hld 3.1")
    if not _NAME.fullmatch(name) or len(name) > 80:
        raise UsageProblemError(
            f"{name!r} is no name of a component", hint="such as --name Product_Lambda"
        )
    hld = _find_hld(hld_number, root / "HLDs")
    folder = root / "LLDs"
    used = used_numbers(hld_number, folder if folder.is_dir() else hld.path.parent)
    number = f"{hld_number}.{max(used, default=0) + 1}"
    lld = folder / f"{number}_LLD_{name}.md"
    words = _words(lld.name, hld, hld_number, today)
    return Draft(number, lld, _render(words), hld.path, _with_row(hld.text, lld, number, words))


def write_draft(draft: Draft) -> None:
    """Write the design and its HLD's row; a failure leaves both as they were.

    Raises:
        UnavailableError: A file cannot be written, or the design exists by now.
    """
    beside = draft.hld.with_name(f".{draft.hld.name}.new")
    try:
        draft.lld.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(draft.hld_text, encoding="utf-8")
        with draft.lld.open("x", encoding="utf-8") as file:
            file.write(draft.lld_text)
        beside.replace(draft.hld)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise UnavailableError(
            f"{error.filename or str(draft.lld)!r} cannot be written: {error.strerror}"
        ) from error


def _find_hld(number: str, folder: Path) -> Hld:
    found = [hld for hld in find_hlds(folder) if hld.number == number]
    if not found:
        raise UnavailableError(
            f"there is no {number}_HLD_*.md in {str(folder)!r}",
            hint="run this in the folder that holds HLDs and LLDs, or name it with --root",
        )
    if len(found) > 1:
        names = ", ".join(hld.path.name for hld in found)
        raise RefusedError(f"several HLDs have number {number}: {names}", hint="keep one of them")
    if not found[0].version:
        raise RefusedError(
            f"{found[0].path.name} states no version that its designs could inherit",
            hint="add a line '**Version**: 1.0.0' to it",
        )
    return found[0]


def _words(file_name: str, hld: Hld, hld_number: str, today: date) -> dict[str, str]:
    """What the template is filled with; all of it safe in Markdown and in names of code."""
    service = service_of(file_name) or "service"
    name = snake(service)
    noun = name.replace("_", " ")
    version = hld.version or "1.0"
    entity = pascal(name)
    return {
        "title": noun.title(),
        "repository": default_repository(name),
        "version": ".".join(version.split(".")[:2]),
        "today": today.isoformat(),
        "hld_number": hld_number,
        "hld_title": _title(hld),
        "hld_link": f"../HLDs/{hld.path.name}",
        "hld_version": version,
        "noun": noun,
        "nouns": plural(noun),
        "name": name,
        "names": plural(name),
        "path": plural(name).replace("_", "-"),
        "slugs": plural(name).replace("_", "-"),
        "key": name.upper(),
        "entity": entity,
        "entities": plural(entity),
        "id": f"{entity[0].lower()}{entity[1:]}Id",
        "id_in_path": f"{{{entity[0].lower()}{entity[1:]}Id}}",
        "code": re.sub(r"[^A-Z]", "", name.upper())[:3] or "SVC",
    }


def _title(hld: Hld) -> str:
    headings = (block for block in read_blocks(hld.text) if isinstance(block, Heading))
    first = next(headings, None)
    return _TITLE_END.sub("", first.section.title) if first else f"HLD {hld.number}"


def _render(words: dict[str, str]) -> str:
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # nosec B701 - this makes Markdown; every value is checked in _words
        keep_trailing_newline=True,
    )
    return environment.get_template("design.md.j2").render(words)


def _with_row(hld_text: str, lld: Path, number: str, words: dict[str, str]) -> str:
    """The HLD with a row for the design in its table of designs, which is added if it has none."""
    table = _table_of_designs(hld_text)
    if table is None:
        row = _row(("LLD", "Component", "Repository", "Version", "Status"), lld, number, words)
        body, end, rest = hld_text.rstrip().partition(_END)
        return f"{body.rstrip()}\n{_TABLE_HEAD}{row}\n" + (f"\n{end}{rest}\n" if end else "")
    lines = hld_text.splitlines(keepends=True)
    last = table.rows[-1].line if table.rows else table.line + 1
    if not lines[last - 1].endswith("\n"):
        lines[last - 1] += "\n"
    lines.insert(last, _row(table.header, lld, number, words) + "\n")
    return "".join(lines)


def _table_of_designs(text: str) -> Table | None:
    tables = [block for block in read_blocks(text) if isinstance(block, Table)]
    naming = [table for table in tables if any("LLD" in row.cells[0] for row in table.rows)]
    headed = [table for table in tables if any("LLD" in head.upper() for head in table.header)]
    return next(iter([*naming, *headed]), None)


def _row(header: tuple[str, ...], lld: Path, number: str, words: dict[str, str]) -> str:
    """A row in the order of this table's own columns; what it does not know stays empty."""
    link = f"[{lld.name}](../LLDs/{lld.name})"
    known = {
        "version": words["version"],
        "status": "Draft",
        "repo": f"`{words['repository']}`",
        "component": f"{words['title']} service",
        "name": f"{words['title']} service",
        "service": f"{words['title']} service",
        "number": number,
        "id": number,
        "#": number,
    }

    def cell(head: str, position: int) -> str:
        lowered = head.lower()
        for word, value in known.items():
            if word in lowered:
                return value
        return link if position == 0 or "lld" in lowered or "document" in lowered else ""

    cells = [cell(head, position) for position, head in enumerate(header)]
    if link not in cells:
        cells[0] = link
    return f"| {' | '.join(cells)} |"

"""Designs in their folder: numbers used twice, missing parents, HLDs that do not list them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.errors import DevopsError
from lld.hierarchy import find_hlds, lld_files, parent_of
from lld.model import Problem, Severity
from lld.naming import design_number
from lld.parse import parse_file
from lld.validate import Report, validate

if TYPE_CHECKING:
    from pathlib import Path

    from lld.hierarchy import Hld
    from lld.model import Design


def validate_file(path: Path) -> tuple[Design, Report]:
    """Validate one design, with what can be known from the files around it.

    Raises:
        DevopsError: When the file is missing, unreadable or no design.
    """
    design = parse_file(path)
    return design, validate(design, _place(path, design, find_hlds(path.parent), _numbers(path)))


def validate_folder(folder: Path) -> list[Report]:
    """Validate every design of a folder; one that cannot be read is a report with that error."""
    reports = []
    hlds = find_hlds(folder)
    files = lld_files(folder)
    numbers: dict[str, list[str]] = {}
    for path in files:
        numbers.setdefault(design_number(path.name) or "", []).append(path.name)
    for path in files:
        try:
            design = parse_file(path)
        except DevopsError as error:
            unread = Problem(Severity.ERROR, "unreadable", error.message, None, error.hint)
            reports.append(Report(path.name, (unread,)))
            continue
        reports.append(validate(design, _place(path, design, hlds, numbers)))
    return reports


def _numbers(path: Path) -> dict[str, list[str]]:
    number = design_number(path.name)
    twins = [other.name for other in path.parent.glob(f"{number}_*.md")] if number else []
    same = [name for name in twins if design_number(name) == number and "HLD" not in name.upper()]
    return {number or "": same}


def _place(
    path: Path, design: Design, hlds: list[Hld], numbers: dict[str, list[str]]
) -> list[Problem]:
    found = []
    number = design_number(path.name)
    twins = [name for name in numbers.get(number or "", []) if name != path.name]
    if number and twins:
        found.append(
            Problem(
                Severity.ERROR,
                "duplicate_number",
                f"number {number} is also that of {twins[0]}",
                None,
                "give one of them the next free number",
            )
        )
    if not hlds or not design.parent_hld:
        return found
    parent = parent_of(path.name, design.parent_hld, hlds)
    if parent is None:
        found.append(
            Problem(
                Severity.ERROR,
                "orphan",
                f"no HLD here is the parent {design.parent_hld!r}",
                None,
                "correct the parent's number, or add the HLD",
            )
        )
        return found
    return found + _inheritance(path, design, parent)


def _inheritance(path: Path, design: Design, parent: Hld) -> list[Problem]:
    found = []
    if not parent.lists(path.name, design_number(path.name)):
        found.append(
            Problem(
                Severity.WARNING,
                "not_listed_in_hld",
                f"{parent.path.name} does not list this design",
                None,
                "add it to the HLD's table of derived LLDs",
            )
        )
    if parent.version and design.version:
        wanted = ".".join(parent.version.split(".")[:2])
        if ".".join(design.version.split(".")[:2]) != wanted:
            found.append(
                Problem(
                    Severity.WARNING,
                    "version_inheritance",
                    f"version {design.version} does not follow the HLD's {parent.version}",
                    None,
                    f"an LLD has its HLD's major.minor version: {wanted}",
                )
            )
    return found

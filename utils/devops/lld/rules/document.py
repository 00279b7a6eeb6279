"""The document: its header, its number, its sections."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lld.model import Trigger
from lld.rules.finding import error, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.model import Design, Problem

_SECTIONS = (
    ("introduction", ("introduction", "overview", "purpose")),
    ("user stories", ("user stor", "epic", "requirements", "use case")),
    ("component diagram", ("component", "class", "architecture")),
    ("data models", ("data model", "dynamodb", "schema", "database", "storage")),
    ("API", ("api", "endpoint", "operations", "interface", "functions", "lambda")),
    ("NFRs", ("nfr", "non-functional", "performance")),
    ("security", ("security", "authentication", "authorization")),
    ("tagging", ("tag",)),
    ("troubleshooting", ("troubleshoot", "runbook", "playbook", "operations")),
)


def sections(design: Design) -> Iterator[Problem]:
    """The sections that every design has, under any of their usual titles."""
    titles = [headline.title.lower() for headline in design.headings]
    has_api = bool(design.endpoints) or any(f.trigger is Trigger.API for f in design.functions)
    for name, signs in _SECTIONS:
        if name == "API" and not has_api:
            continue
        if not any(sign in title for title in titles for sign in signs):
            yield warning(
                "section_missing",
                f"there is no section on {name}",
                None,
                f"add a section on {name}",
            )


def header(design: Design) -> Iterator[Problem]:
    """Parent, version, number and repository, and how they are written."""
    if not design.parent_hld:
        yield error(
            "parent_missing",
            "the design names no parent HLD",
            1,
            "write **Parent HLD**: with a link to it below the title",
        )
    if not design.version:
        yield warning("version_missing", "the design has no version", 1, "write **Version**: 1.0")
    if not design.lld_id:
        yield warning(
            "name_pattern",
            f"{design.document!r} has no number",
            None,
            "name it <phase>.<sub-phase>.<number>_LLD_<Name>.md",
        )
    elif not re.match(r"\d+\.\d+\.\d+_LLD_[A-Za-z]\w*\.md\Z", design.document):
        yield warning(
            "name_pattern",
            f"{design.document!r} is not named <phase>.<sub-phase>.<number>_LLD_<Name>.md",
            None,
            "rename the file",
        )
    if not design.repository_stated:
        yield warning(
            "repository_missing",
            f"the design names no repository; {design.repository or 'none'} is assumed",
            None,
            "write the repository in the component overview",
        )
    elif not re.match(r"\d(?:_\d+)*_bbws_[a-z0-9_]+\Z", design.repository or ""):
        yield warning(
            "repository_name",
            f"repository {design.repository!r} is not named 2_bbws_<service>_lambda",
            None,
            "follow the naming convention of repositories",
        )


def parent_number(design: Design) -> Iterator[Problem]:
    """The number of a design is below the number of its parent."""
    stated = re.search(r"\d+(?:\.\d+)+", design.parent_hld or "")
    if not stated or not design.lld_id:
        return
    if design.lld_id != stated[0] and not design.lld_id.startswith(stated[0] + "."):
        yield warning(
            "parent_number",
            f"LLD {design.lld_id} is not below its parent HLD {stated[0]}",
            None,
            f"number it {stated[0]}.<next>, or name its own parent",
        )


def content(design: Design) -> Iterator[Problem]:
    """A design without functions or models states nothing to build."""
    for name, found in (("Lambda function", design.functions), ("data model", design.models)):
        if not found:
            yield error(
                "nothing_to_build",
                f"the design states no {name}",
                None,
                f"add at least one {name}",
            )

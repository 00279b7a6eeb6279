"""JUnit XML, the form in which CI servers show results of tests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as Xml  # nosec B405 - only written, never read

from common.errors import UnavailableError
from common.masking import mask

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Case:
    """One test; it passed unless `failure` or `skipped` says why not."""

    name: str
    seconds: float = 0.0
    failure: str = ""
    skipped: str = ""
    output: str = ""


@dataclass(frozen=True, slots=True)
class Suite:
    """Tests that belong together."""

    name: str
    cases: tuple[Case, ...]


def as_junit(suites: Iterable[Suite]) -> str:
    """The document, with every text masked and free of what XML does not allow."""
    root = Xml.Element("testsuites")
    for suite in suites:
        node = Xml.SubElement(root, "testsuite", _counts(suite))
        for case in suite.cases:
            _add(node, suite.name, case)
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def write_text(path: Path, text: str) -> Path:
    """Write a report, and the folder it goes to.

    Raises:
        UnavailableError: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise UnavailableError(f"writing {str(path)!r}: {problem.strerror}") from problem
    return path


def _counts(suite: Suite) -> dict[str, str]:
    return {
        "name": _clean(suite.name),
        "tests": str(len(suite.cases)),
        "failures": str(sum(bool(case.failure) for case in suite.cases)),
        "skipped": str(sum(bool(case.skipped) for case in suite.cases)),
        "time": f"{sum(case.seconds for case in suite.cases):.3f}",
    }


def _add(parent: Xml.Element, suite: str, case: Case) -> None:
    node = Xml.SubElement(
        parent,
        "testcase",
        {"classname": _clean(suite), "name": _clean(case.name), "time": f"{case.seconds:.3f}"},
    )
    if case.failure:
        text = _clean(case.failure)
        Xml.SubElement(node, "failure", {"message": text.splitlines()[0]}).text = text
    elif case.skipped:
        Xml.SubElement(node, "skipped", {"message": _clean(case.skipped)})
    if case.output:
        Xml.SubElement(node, "system-out").text = _clean(case.output)


def _clean(text: str) -> str:
    return _NOT_XML.sub("�", mask(text))

"""The corpus of faulty workflows: each file holds one planted fault and how it would be right.

The faulty line ends with `#~ rule => right text`. The right text takes the line's place in the
correct twin, at the same indentation; `\\n` begins another line and `-` takes the line away.
`rule@+1` says that the finding belongs on another line. A second comment line such as
`# without: rollback.yml` removes a file of the repository that all cases share (`_repository`).
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

CORPUS = Path(__file__).with_name("corpus")

_MARK = re.compile(r"\s*#~ (?P<rule>[\w/-]+?)(?:@(?P<shift>[+-]\d+))? => (?P<right>.*)$")
_WITHOUT = re.compile(r"^# without: (\S+)$", re.M)


@dataclass(frozen=True)
class Case:
    """One planted fault."""

    name: str
    rule: str
    line: int
    faulty: str
    twin: str
    without: str | None


def read_case(path: Path) -> Case:
    """Read one file of the corpus."""
    faulty: list[str] = []
    twin: list[str] = []
    rule, line = "", 0
    text = path.read_text(encoding="utf-8")
    for number, row in enumerate(text.splitlines(), 1):
        mark = _MARK.search(row)
        if mark is None:
            faulty.append(row)
            twin.append(row)
            continue
        assert not rule, f"{path.name} has two marks"
        rule, line = mark["rule"], number + int(mark["shift"] or 0)
        wrong = row[: mark.start()]
        faulty.append(wrong)
        twin += _right(wrong, mark["right"])
    assert rule, f"{path.name} has no mark"
    without = _WITHOUT.search(text)
    return Case(
        path.stem,
        rule,
        line,
        "\n".join(faulty) + "\n",
        "\n".join(twin) + "\n",
        without[1] if without else None,
    )


def _right(wrong: str, text: str) -> list[str]:
    indentation = wrong[: len(wrong) - len(wrong.lstrip())]
    return [] if text == "-" else [indentation + row for row in text.split("\\n")]


def all_cases() -> list[Case]:
    """Every case of the corpus."""
    return [read_case(path) for path in sorted(CORPUS.glob("*.yml"))]


def write_case(case: Case, folder: Path, text: str) -> Path:
    """A repository with this text as one of its workflows; returns the workflow's path."""
    shutil.copytree(CORPUS / "_repository", folder, dirs_exist_ok=True)
    workflows = folder / ".github" / "workflows"
    if case.without:
        (workflows / case.without).unlink()
    path = workflows / "case.yml"
    path.write_text(text, encoding="utf-8")
    return path

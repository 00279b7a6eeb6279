"""The coverage that a run measured: in its artifacts, its job summaries, or what pytest printed."""

from __future__ import annotations

import json
import re
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_TOTAL = re.compile(r"^TOTAL\s+\d+\s+.*?(\d+(?:\.\d+)?)%\s*$")
_LINE_RATE = re.compile(r"<coverage\b[^>]*\bline-rate=\"([0-9.]+)\"")
_OBJECT = re.compile(r"\{.*\}", re.S)
_LARGEST = 20_000_000


@dataclass(frozen=True, slots=True)
class Coverage:
    """Percent of the code that tests ran, and where that was read."""

    percent: float
    source: str


def find_coverage(
    artifacts: Path, summaries: Sequence[str], printed: Sequence[str]
) -> Coverage | None:
    """The lowest figure of the first source that has any; None where nothing was measured."""
    for found in (
        list(_in_artifacts(artifacts)),
        [c for text in summaries for c in _in_json(_OBJECT.findall(text), "a job summary")],
        list(_in_output(printed)),
    ):
        if found:
            return min(found, key=lambda one: one.percent)
    return None


def _in_artifacts(folder: Path) -> Iterator[Coverage]:
    for name, text in _files(folder):
        if name.endswith(".json"):
            yield from _in_json([text], f"artifact {name}")
        elif name.endswith(".xml") and (rate := _LINE_RATE.search(text[:4000])):
            yield Coverage(round(100 * float(rate[1]), 2), f"artifact {name}")


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.stat().st_size > _LARGEST:
            continue
        if path.suffix == ".zip":
            with suppress(zipfile.BadZipFile), zipfile.ZipFile(path) as archive:
                for item in archive.infolist():
                    if item.file_size <= _LARGEST and item.filename.endswith((".json", ".xml")):
                        yield item.filename, archive.read(item).decode(errors="replace")
        elif path.suffix in (".json", ".xml"):
            yield path.name, path.read_text(encoding="utf-8", errors="replace")


def _in_json(texts: Iterable[str], source: str) -> Iterator[Coverage]:
    for text in texts:
        try:
            found: Any = json.loads(text)
        except ValueError:
            continue
        if not isinstance(found, dict):
            continue
        totals = found.get("totals")
        percent = totals.get("percent_covered") if isinstance(totals, dict) else None
        percent = found.get("coverage") if percent is None else percent
        if isinstance(percent, (int, float)) and not isinstance(percent, bool):
            yield Coverage(round(float(percent), 2), source)


def _in_output(lines: Sequence[str]) -> Iterator[Coverage]:
    for line in lines:
        if match := _TOTAL.match(line.strip()):
            yield Coverage(float(match[1]), "the tests' output")

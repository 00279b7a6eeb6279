"""Golden cases: `golden/<case>.md` beside `golden/<case>.json`; a new case needs no Python.

The JSON holds only what the case is about: keys it leaves out are not compared. Lists are compared
whole and in order, except `problems`, of which each one listed must be found.
"""

import json
from pathlib import Path

import pytest

from lld.parse import parse_text
from lld.summary import as_json

CASES = sorted((Path(__file__).parent / "golden").glob("*.md"))


def differences(expected, found, where="$"):
    if where == "$.problems":
        return [
            f"{where}: no problem like {one}"
            for one in expected
            if not any(not differences(one, other) for other in found)
        ]
    if isinstance(expected, dict):
        missing = [f"{where}.{key}: missing" for key in expected if key not in found]
        return missing + [
            line
            for key in expected
            if key in found
            for line in differences(expected[key], found[key], f"{where}.{key}")
        ]
    if isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            return [f"{where}: expected {len(expected)} items, found {found}"]
        return [
            line
            for position, (one, other) in enumerate(zip(expected, found, strict=True))
            for line in differences(one, other, f"{where}[{position}]")
        ]
    return [] if expected == found else [f"{where}: expected {expected!r}, found {found!r}"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_case_reads_as_its_golden_file_says(case):
    expected = json.loads(case.with_suffix(".json").read_text())
    found = as_json(parse_text(case.read_text(), case.name))
    assert differences(expected, found) == []

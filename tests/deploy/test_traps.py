"""Every trap of canaries (20) and of abort, rollback and promotion (10) has a test that names it."""

from __future__ import annotations

import re

from tests.conftest import ROOT

_NAMED = re.compile(r"def test_trap_([12])_(\d+)_\w+")


def test_every_trap_has_a_test():
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    named = {(int(a), int(b)) for text in texts for a, b in _NAMED.findall(text)}
    wanted = {(1, n) for n in range(1, 21)} | {(2, n) for n in range(1, 11)}
    assert sorted(wanted - named) == []

"""Which workflow deploys what Terraform declares, and which one runs the tests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codegen.drift.facts import Column, Fact, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from codegen.drift.facts import Thing, Tree

_DEPLOYS = re.compile(r"deploy_cli\.py dev\b")
_TESTS = re.compile(r"local_runner\.py test\b|\bpytest\b")
_TESTED = frozenset({Kind.MODEL, Kind.SCENARIO})


def read_workflows(tree: Tree, things: Iterable[Thing]) -> Iterator[Fact]:
    """The workflow that each of these things goes through, where there is one."""
    deploys, tests = _place(tree, _DEPLOYS), _place(tree, _TESTS)
    for thing in things:
        place = tests if thing.kind in _TESTED else deploys
        if place:
            yield Fact(thing, Column.WORKFLOW, place)


def _place(tree: Tree, wanted: re.Pattern[str]) -> str | None:
    for path in sorted(tree):
        if path.startswith(".github/workflows/"):
            for number, line in enumerate(tree[path].splitlines(), start=1):
                if wanted.search(line) and not line.lstrip().startswith("#"):
                    return f"{path}:{number}"
    return None

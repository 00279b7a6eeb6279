"""Test scenarios."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lld.model import Trigger
from lld.rules.finding import error, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lld.model import Design, Problem


def scenarios(design: Design) -> Iterator[Problem]:
    """Scenarios exist, say what must happen, and are not far too few."""
    if not design.test_scenarios:
        yield error(
            "tests_missing",
            "the design has no user story or test scenario",
            None,
            "write one scenario an endpoint and one an error, each with an id",
        )
        return
    untested = [one for one in design.test_scenarios if not one.scenario and one.story]
    for one in untested[:20]:
        yield warning(
            "scenario_missing",
            f"{one.id} has no test scenario",
            one.line,
            "write Given …, when …, then …",
        )
    needed = len(design.endpoints) + sum(f.trigger is not Trigger.API for f in design.functions)
    if len(design.test_scenarios) * 2 < needed:
        yield warning(
            "tests_few",
            f"{len(design.test_scenarios)} scenarios for {needed} endpoints and event functions",
            design.test_scenarios[0].line,
            "write at least one scenario for each",
        )

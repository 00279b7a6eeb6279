"""What a rehearsal would do, for `--dry-run`: lines for people, the same for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pipelines.simulation.simulate_report import not_exercised

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.simulation.fidelity import Gap


def as_text(lines: Sequence[str], gaps: Sequence[Gap]) -> str:
    """What would be done, in order, and what working that out leaves out."""
    return "\n".join([*lines, "", *not_exercised(gaps)])


def as_data(lines: Sequence[str], gaps: Sequence[Gap]) -> dict[str, Any]:
    """What would be done, for programs."""
    return {
        "dry_run": True,
        "would": list(lines),
        "not_exercised": [asdict(gap) for gap in gaps],
    }

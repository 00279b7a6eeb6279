"""What was changed by hand: the state against what AWS says, with no look at the configuration."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from infra.changes import Action, Change, read_changes
from infra.plan_run import run_plan
from infra.planning import tell_leftover, variable_words

if TYPE_CHECKING:
    from infra.site import Site


@dataclass(frozen=True, slots=True)
class Drift:
    """Resources that are not any more as Terraform left them."""

    changes: tuple[Change, ...]

    @property
    def found(self) -> bool:
        return bool(self.changes)


def find_drift(site: Site) -> Drift:
    """Compare; nothing is written, neither to the state nor to a plan that could be applied.

    Raises:
        RefusedError: The state is locked.
        FailedError: Terraform could not compare.
    """
    tell_leftover(site)
    file = site.folder.private / "drift.tfplan"
    words = ["-refresh-only", *variable_words(site)]
    try:
        shown = run_plan(site, words, out=file, doing="looking for drift")
        return Drift(_real(read_changes(shown, "resource_drift")))
    finally:
        file.unlink(missing_ok=True)


def _real(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """Without what AWS merely writes differently: no tags as an empty map of tags, and the like."""
    return tuple(c for c in changes if c.attributes or c.action is Action.DELETE)


def to_json(drift: Drift) -> dict[str, Any]:
    """The drift as a document."""
    return {
        "drift": drift.found,
        "resources": [
            {**asdict(change), "action": _verb(change), "stateful": change.stateful}
            for change in drift.changes
        ],
    }


def to_text(drift: Drift) -> str:
    """The drift for a terminal."""
    if not drift.found:
        return "no drift: everything is as Terraform left it"
    lines = [f"{len(drift.changes)} resources were changed outside Terraform:"]
    for change in drift.changes:
        lines.append(f"  {change.address}: {_verb(change)}")
        lines.extend(f"      {a.path}: {a.before} → {a.after}" for a in change.attributes[:25])
    return "\n".join(lines)


def _verb(change: Change) -> str:
    return "deleted" if change.action is Action.DELETE else "changed"

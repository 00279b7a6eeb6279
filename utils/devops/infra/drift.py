"""What was changed by hand: where AWS is not as Terraform left it, and a plan would put it back.

Terraform calls more than that drift: what AWS fills in after the resource was made (the inline
policies that a role got from resources of their own), and what the configuration leaves to others
(`ignore_changes`: a function's code, an alias's version). That is told apart, as not managed here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from infra.changes import Action, Change, read_changes
from infra.plan_run import run_plan
from infra.planning import tell_leftover, variable_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from infra.site import Site

_SHOWN_ATTRIBUTES = 25


@dataclass(frozen=True, slots=True)
class Drift:
    """Resources that are not any more as Terraform left them.

    `changes` is what the next apply would put back, `unmanaged` what it would leave as it is.
    """

    changes: tuple[Change, ...]
    unmanaged: tuple[Change, ...] = ()

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
    try:
        shown = run_plan(site, variable_words(site), out=file, doing="looking for drift")
        return told_apart(read_changes(shown, "resource_drift"), read_changes(shown))
    finally:
        file.unlink(missing_ok=True)


def told_apart(drifted: Iterable[Change], planned: Iterable[Change]) -> Drift:
    """Divide what differs into what the plan puts back and what it leaves."""
    plans = {change.address: change for change in planned}
    back, left = [], []
    for change in drifted:
        plan = plans.get(change.address)
        if change.action is Action.DELETE:
            back.append(change)
        elif not change.attributes:
            # AWS merely writes it differently: no tags as an empty map of tags, and the like.
            continue
        elif plan is None:
            left.append(change)
        else:
            back.append(_put_back(change, plan))
    return Drift(tuple(back), tuple(left))


def _put_back(change: Change, plan: Change) -> Change:
    """The change with what the plan touches of it; whole where that cannot be told."""
    touched = {attribute.path for attribute in plan.attributes}
    both = tuple(attribute for attribute in change.attributes if attribute.path in touched)
    return replace(change, attributes=both) if both else change


def to_json(drift: Drift) -> dict[str, Any]:
    """The drift as a document."""
    return {
        "drift": drift.found,
        "resources": [
            {**asdict(change), "action": _verb(change), "stateful": change.stateful}
            for change in drift.changes
        ],
        "unmanaged": [
            {"address": change.address, "attributes": _roots(change)} for change in drift.unmanaged
        ],
    }


def to_text(drift: Drift) -> str:
    """The drift for a terminal."""
    return "\n".join(_lines(drift))


def _lines(drift: Drift) -> Iterator[str]:
    if drift.found:
        yield f"{len(drift.changes)} {_were(drift.changes)} changed outside Terraform:"
    else:
        yield "no drift: everything is as Terraform left it"
    for change in drift.changes:
        yield f"  {change.address}: {_verb(change)}"
        shown = [] if change.action is Action.DELETE else change.attributes
        for attribute in shown[:_SHOWN_ATTRIBUTES]:
            yield f"      {attribute.path}: {attribute.before} → {attribute.after}"
    if drift.unmanaged:
        yield "not as in the state, and not managed by this configuration:"
    for change in drift.unmanaged:
        yield f"  {change.address}: {', '.join(_roots(change))}"


def _were(changes: tuple[Change, ...]) -> str:
    return "resource was" if len(changes) == 1 else "resources were"


def _roots(change: Change) -> list[str]:
    """The attributes that differ, by their first names."""
    paths = [attribute.path for attribute in change.attributes]
    return sorted({path.partition("[")[0].partition(".")[0] for path in paths})


def _verb(change: Change) -> str:
    return "deleted" if change.action is Action.DELETE else "changed"

"""The states of a deployment and the moves between them: pure data, no I/O.

requested → checked → backed-up → applied → canary → shift … shift(100) → smoke → succeeded
any failure or abort → rolling-back → rolled-back; a rollback that fails → blocked
blocked → rolling-back, or for a rollback that a person asked for → checked, to be tried again
a safety rule says no before anything was changed → refused
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """Where a deployment is. The value is how the ledger and people spell it."""

    REQUESTED = "requested"
    CHECKED = "checked"
    BACKED_UP = "backed-up"
    APPLIED = "applied"
    CANARY = "canary"
    SHIFT = "shift"
    SMOKE = "smoke"
    SUCCEEDED = "succeeded"
    ROLLING_BACK = "rolling-back"
    ROLLED_BACK = "rolled-back"
    BLOCKED = "blocked"
    REFUSED = "refused"


FINAL = frozenset({State.SUCCEEDED, State.ROLLED_BACK, State.REFUSED})
"""Nothing more will happen by itself; the lock is free."""

_NEXT = {
    State.REQUESTED: frozenset({State.CHECKED}),
    # A rollback goes to its version at once: it has been tested, and time matters.
    State.CHECKED: frozenset({State.BACKED_UP, State.APPLIED, State.SHIFT}),
    State.BACKED_UP: frozenset({State.APPLIED}),
    State.APPLIED: frozenset({State.CANARY, State.SHIFT, State.SMOKE}),
    State.CANARY: frozenset({State.SHIFT}),
    # A full rollback moves the traffic first, then what is slower.
    State.SHIFT: frozenset({State.SHIFT, State.APPLIED, State.SMOKE}),
    State.SMOKE: frozenset({State.SUCCEEDED}),
}
_UNTOUCHED = frozenset({State.REQUESTED, State.CHECKED})
_RECOVERY = {
    State.ROLLING_BACK: frozenset({State.ROLLED_BACK, State.BLOCKED}),
    State.BLOCKED: frozenset({State.ROLLING_BACK, State.CHECKED}),
}


@dataclass(frozen=True, slots=True)
class Position:
    """A state, the weight of the new version it stands for, and whether its work is verified."""

    state: State
    percent: int = 0
    done: bool = False

    def __str__(self) -> str:
        weight = f"({self.percent} %)" if self.state in (State.CANARY, State.SHIFT) else ""
        return f"{self.state.value}{weight}"


def is_untouched(position: Position) -> bool:
    """Whether nothing was changed yet; backups that are being made change nothing."""
    saving = position.state is State.BACKED_UP and not position.done
    return saving or position.state in _UNTOUCHED


def can_move(source: Position, target: Position) -> bool:
    """Whether a deployment may go from `source` to `target` in one transition.

    Work is begun (`done=False`) and then recorded as done before the next state is entered. Some
    states may be left out (dev has no canary), none is entered twice, and a shift only grows.
    """
    if source.state in FINAL:
        return False
    if target.state is source.state and target.percent == source.percent:
        return target.done and not source.done
    if target.state is State.REFUSED:
        return is_untouched(source)
    if source.state in _RECOVERY:
        return target.state in _RECOVERY[source.state]
    if target.state is State.ROLLING_BACK:
        return True
    if not source.done or target.state not in _NEXT[source.state]:
        return False
    grows = target.percent > source.percent
    return grows if target.state is source.state else target.percent >= source.percent

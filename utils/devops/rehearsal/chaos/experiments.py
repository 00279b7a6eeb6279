"""The experiments there are: what each does, and what we expect of the service."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from common.errors import RefusedError
from rehearsal.chaos.faults import BadVersion, DeniedTable, Fault, Hands, Throttle, variables_of

_TABLE = re.compile(r"TABLE", re.IGNORECASE)
_NO_TABLE = "bbws-chaos-no-such-table"
_NOWHERE = "http://192.0.2.1:8000"
"""An address of TEST-NET-1 (RFC 5737): nothing answers there, ever."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is experimented on."""

    function: str
    tables: tuple[str, ...]
    variable: str | None = None
    longest_call_s: float | None = None
    """What a call may take at most: the function's time limit and the way there; None: unknown."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """A fault and the hypothesis about it."""

    name: str
    action: str
    hypothesis: str
    fault: Callable[[Hands, Subject], Fault]
    silent: str = ""
    """Why it may have no effect, for people who see none."""
    is_slow: bool = False
    """Whether calls have to take long before they fail."""


def _broken_variable(hands: Hands, subject: Subject) -> Fault:
    names = sorted(variables_of(hands, subject.function))
    chosen = subject.variable or next((name for name in names if _TABLE.search(name)), None)
    if chosen is None or chosen not in names:
        raise RefusedError(
            f"{subject.function} has no variable {chosen or 'that names a table'}",
            hint=f"--variable, one of: {', '.join(names) or 'none'}",
        )
    return BadVersion(hands, subject.function, chosen, _NO_TABLE)


_ALL = (
    Experiment(
        "throttle",
        "reserved concurrency 0: no instance may run",
        "callers are refused, the alarm for throttles rings, and calls succeed again as soon as "
        "the limit is gone",
        lambda hands, subject: Throttle(hands, subject.function),
    ),
    Experiment(
        "broken-variable",
        "a new version with one environment variable broken takes the traffic",
        "calls fail, an alarm rings, and the alias goes back to the version before in one step",
        _broken_variable,
        "the calls that were made do not read this variable",
    ),
    Experiment(
        "denied-table",
        "the function's role is denied its tables",
        "calls fail, an alarm rings, and calls succeed again once allowed",
        lambda hands, subject: DeniedTable(hands, subject.function, subject.tables),
        "the calls that were made use no table, or IAM is not enforced here, as in an emulation "
        "of AWS",
    ),
    Experiment(
        "slow-dependency",
        "a new version whose DynamoDB never answers takes the traffic",
        "calls end within the function's time limit, an alarm rings, and the alias goes back",
        lambda hands, subject: BadVersion(
            hands, subject.function, "AWS_ENDPOINT_URL_DYNAMODB", _NOWHERE
        ),
        "the calls that were made use no table",
        is_slow=True,
    ),
)

EXPERIMENTS: Mapping[str, Experiment] = {one.name: one for one in _ALL}

"""What the strict backends share: the runtime, and how asynchronous invocations go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.runtime.asynchronous import Asynchronous
    from sandbox.runtime.execution import Execution


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of a running sandbox that AWS's services reach into."""

    execution: Execution
    asynchronous: Asynchronous

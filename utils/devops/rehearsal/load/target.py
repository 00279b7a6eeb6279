"""What may be put under load: a service of dev or sit, or something on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.environments import environments
from common.errors import RefusedError, UsageProblemError
from rehearsal.addresses import require_address

if TYPE_CHECKING:
    from rehearsal.load.config import Config

ALLOWED = ("dev", "sit")


def require_loadable(config: Config) -> None:
    """Let only dev, sit and this machine through; what cannot be told from production is refused.

    Raises:
        RefusedError: It is, or may be, production.
        UsageProblemError: There is no such environment, or the address is none.
    """
    if config.environment is not None:
        if config.environment not in environments():
            known = ", ".join(ALLOWED)
            raise UsageProblemError(
                f"unknown environment {config.environment!r}", hint=f"choose one of: {known}"
            )
        if config.environment not in ALLOWED:
            raise RefusedError(
                f"{config.environment} is never put under load", hint="load dev or sit"
            )
        return
    require_address(config.url or "", [environments()[name] for name in ALLOWED])

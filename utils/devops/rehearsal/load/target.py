"""What may be put under load: a service of dev or sit, or something on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from common.environments import environments
from common.errors import RefusedError, UsageProblemError

if TYPE_CHECKING:
    from rehearsal.load.config import Config

ALLOWED = ("dev", "sit")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


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
    _require_address(config.url or "")


def _require_address(url: str) -> None:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host:
        raise UsageProblemError(f"target.url {url!r} is no address", hint="http://127.0.0.1:8000")
    if parts.username or parts.password:
        raise UsageProblemError("target.url holds credentials; use BBWS_TEST_TOKEN")
    if host in _LOOPBACK:
        return
    domains = [environments()[name].tenant_domain.split(".", 1)[1] for name in ALLOWED]
    if parts.scheme == "https" and any(host.endswith(f".{domain}") for domain in domains):
        return
    raise RefusedError(
        f"{host} cannot be told from production",
        hint="name the target as environment and service: its account is then checked",
    )

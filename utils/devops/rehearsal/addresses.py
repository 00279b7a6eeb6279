"""Whose address a URL is: of this machine or of an environment, where its name proves it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from common.errors import RefusedError, UsageProblemError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from common.environments import Environment

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_HINT = "name the target as environment and service: its account is then checked"


def require_address(url: str, allowed: Iterable[Environment]) -> None:
    """Let only this machine and the platform's hosts of these environments through.

    What cannot be told from another environment is refused: an address of API Gateway does not say
    whose account it is in.

    Raises:
        RefusedError: It is, or may be, somewhere else.
        UsageProblemError: It is no address, or holds credentials.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host:
        raise UsageProblemError(f"{url!r} is no address", hint="such as http://127.0.0.1:8000")
    if parts.username or parts.password:
        raise UsageProblemError("the address holds credentials; use BBWS_TEST_TOKEN")
    if host in _LOOPBACK:
        return
    domains = [row.tenant_domain.split(".", 1)[1] for row in allowed]
    if parts.scheme == "https" and any(host.endswith(f".{domain}") for domain in domains):
        return
    raise RefusedError(f"{host} cannot be told from production", hint=_HINT)

"""Webhooks: one for each address, https only, signed with a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from common.errors import UsageProblemError
from repository.changes import Change, Verb, differences

if TYPE_CHECKING:
    from common.github_errors import Record
    from repository.model import Slug
    from repository.vault import SecretValue

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def check_url(url: str) -> str:
    """`url`, if events may be sent there.

    Raises:
        UsageProblemError: It is not https, or holds credentials.
    """
    parts = urlsplit(url)
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if secure and parts.hostname and not parts.username:
        return url
    raise UsageProblemError(f"{url!r} is not an https address without credentials")


def plan_webhook(
    slug: Slug,
    url: str,
    events: tuple[str, ...],
    secret: SecretValue | None,
    now: list[Record],
    *,
    rotate: bool = False,
) -> list[Change]:
    """The change that makes the hook for `url` what it has to be.

    An existing secret cannot be read, so it is only replaced when it is to be rotated.
    """
    held = next((hook for hook in now if hook["config"].get("url") == url), None)
    config: dict[str, Any] = {"url": url, "content_type": "json", "insecure_ssl": "0"}
    if secret is not None:
        config["secret"] = secret.value
    what = f"webhook {url}"
    path = f"{slug.path}/hooks"
    if held is None:
        body = {"name": "web", "active": True, "events": list(events), "config": config}
        details = (f"events: {', '.join(events)}", f"signed: {'yes' if secret else 'no'}")
        return [Change(Verb.CREATE, what, "POST", path, body, details=details)]
    pairs = {
        "events": (frozenset(held["events"]), frozenset(events)),
        "active": (held["active"], True),
        "content type": (held["config"].get("content_type"), "json"),
        "TLS not verified": (str(held["config"].get("insecure_ssl", "0")) == "1", False),
    }
    signing = secret is not None and (rotate or "secret" not in held["config"])
    details = (*differences(pairs), *(("secret: set",) if signing else ()))
    if not details:
        return []
    if not signing:
        # GitHub keeps the secret when its own mask is sent back, and drops it when it is left out.
        config |= {key: held["config"][key] for key in ("secret",) if key in held["config"]}
    body = {"active": True, "events": list(events), "config": config}
    return [Change(Verb.UPDATE, what, "PATCH", f"{path}/{held['id']}", body, details=details)]


def removal(slug: Slug, url: str, now: list[Record]) -> list[Change]:
    """The change that removes the hook for `url`."""
    return [
        Change(Verb.DELETE, f"webhook {url}", "DELETE", f"{slug.path}/hooks/{hook['id']}")
        for hook in now
        if hook["config"].get("url") == url
    ]

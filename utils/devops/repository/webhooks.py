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
    if held is not None:
        return _update(what, f"{path}/{held['id']}", events, config, held, rotate=rotate)
    body = {"name": "web", "active": True, "events": list(events), "config": config}
    details = (f"events: {', '.join(events)}", f"signed: {'yes' if secret else 'no'}")
    return [Change(Verb.CREATE, what, "POST", path, body, details=details)]


def _update(
    what: str,
    path: str,
    events: tuple[str, ...],
    config: dict[str, Any],
    held: Record,
    *,
    rotate: bool,
) -> list[Change]:
    signed = "secret" in held["config"]
    signing = "secret" in config and (rotate or not signed)
    plain = {key: value for key, value in config.items() if key != "secret"}
    config_pairs: dict[str, tuple[object, object]] = {
        key: (str(held["config"].get(key, "0")), plain[key]) for key in plain
    }
    send_config = signing or bool(differences(config_pairs))
    if send_config and signed and "secret" not in config:
        # GitHub drops the secret of a hook when its configuration is sent without it.
        raise UsageProblemError(f"{what}: its settings change only together with its secret")
    pairs: dict[str, tuple[object, object]] = {
        "events": (frozenset(held["events"]), frozenset(events)),
        "active": (bool(held["active"]), True),
        **config_pairs,
    }
    details = (*differences(pairs), *(("secret: set",) if signing else ()))
    if not details:
        return []
    body = {"active": True, "events": list(events), **({"config": config} if send_config else {})}
    return [Change(Verb.UPDATE, what, "PATCH", path, body, details=details)]


def removal(slug: Slug, url: str, now: list[Record]) -> list[Change]:
    """The change that removes the hook for `url`."""
    return [
        Change(Verb.DELETE, f"webhook {url}", "DELETE", f"{slug.path}/hooks/{hook['id']}")
        for hook in now
        if hook["config"].get("url") == url
    ]

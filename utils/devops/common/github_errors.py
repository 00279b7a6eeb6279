"""What GitHub's refusals mean, and answers that name the key they lack."""

from __future__ import annotations

import json
from typing import Any

from common.errors import UnavailableError
from common.masking import mask

_PLAN_WORDS = ("upgrade to github", "billing plan supports", "make this repository public")
_KEY_WORDS = "is not a permitted key"


class GitHubError(UnavailableError):
    """GitHub answered, and the answer is no. `status` is HTTP's, `reason` GitHub's own words."""

    def __init__(
        self, message: str, *, status: int, reason: str = "", hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.reason = reason


class PlanLimitError(GitHubError):
    """The plan of the owner does not have the feature: what was asked for is NOT in force."""

    code = "plan"


class UnknownKeyError(GitHubError):
    """This server (an older Enterprise Server) does not know a key of the request."""

    code = "unsupported"


class MalformedAnswerError(UnavailableError):
    """An answer that cannot be GitHub's: no JSON, or without a key that is always there."""


class Record(dict[str, Any]):
    """An object of an answer; a missing key is the other side's error and is named."""

    def __missing__(self, key: str) -> Any:
        known = ", ".join(sorted(self)[:8])
        raise MalformedAnswerError(f"GitHub's answer has no {key!r} (it has: {known or 'nothing'})")


def records(value: Any, where: str) -> list[Record]:
    """`value` as a list of objects.

    Raises:
        MalformedAnswerError: It is something else.
    """
    if isinstance(value, list) and all(isinstance(entry, Record) for entry in value):
        return value
    raise MalformedAnswerError(f"{where} answered with something else than a list of objects")


def failure(method: str, path: str, status: int, text: str, again: str) -> GitHubError:
    """The error for an answer of 400 or more."""
    reason = mask(_words(text))
    about = f"{method} {path}: {status}{' ' + reason if reason else ''}"
    lowered = reason.lower()
    if status in {402, 403, 422} and any(words in lowered for words in _PLAN_WORDS):
        return PlanLimitError(
            f"NOT applied, the plan of this account does not have it: {about}",
            status=status,
            reason=reason,
            hint="upgrade the plan; until then this is not enforced",
        )
    if status == 422 and _KEY_WORDS in lowered:
        return UnknownKeyError(
            f"NOT applied, this server does not know the setting: {about}",
            status=status,
            reason=reason,
            hint="update GitHub Enterprise Server; nothing was silently left out",
        )
    return GitHubError(about, status=status, reason=reason, hint=_hint(status, again))


def _hint(status: int, again: str) -> str | None:
    if status == 401:
        return "the token is not valid (any more): set GITHUB_TOKEN"
    if status in {403, 404}:
        return "it does not exist, or the token lacks the right to it"
    return again if status >= 500 else None


def _words(text: str) -> str:
    """GitHub's message and the messages of its list of errors, on one line."""
    try:
        body = json.loads(text)
    except ValueError:
        return ""
    if not isinstance(body, dict):
        return ""
    parts = [body.get("message")]
    errors = body.get("errors")
    for entry in errors if isinstance(errors, list) else [errors]:
        if isinstance(entry, dict):
            parts.append(entry.get("message") or " ".join(_named(entry)))
        else:
            parts.append(entry)
    return " ".join("; ".join(str(part) for part in parts if part).split())[:400]


def _named(entry: dict[str, Any]) -> list[str]:
    return [str(entry[key]) for key in ("resource", "field", "code") if entry.get(key)]

"""The identity token that GitHub gives a job: who it is, for AWS to trust or not.

The form is GitHub's; the signature is none, as nobody checks it inside a sandbox.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

ISSUER = "https://token.actions.githubusercontent.com"
_LIFETIME_S = 300


def subject(prefix: str, *, environment: str | None, ref: str) -> str:
    """The `sub` of a job: its environment where it has one, else what it runs for."""
    if environment:
        return f"{prefix}:environment:{environment}"
    return f"{prefix}:pull_request" if ref.startswith("refs/pull/") else f"{prefix}:ref:{ref}"


def id_token(claims: Mapping[str, Any], *, audience: str, now: float) -> str:
    """A token with these claims, good for five minutes."""
    whole = {
        **claims,
        "iss": ISSUER,
        "aud": audience,
        "iat": int(now),
        "nbf": int(now),
        "exp": int(now) + _LIFETIME_S,
    }
    head = _part({"alg": "none", "typ": "JWT"})
    return f"{head}.{_part(whole)}."


def _part(content: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()

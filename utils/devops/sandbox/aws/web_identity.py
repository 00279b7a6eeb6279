"""Who may assume a role with a token of GitHub's: what the role's trust policy says, no more.

Moto gives credentials to anybody. Here the role must exist, and a statement of its policy must
allow this token's issuer, audience and subject. A token's signature is not checked: the sandbox's
GitHub and its AWS are the same process.
"""

from __future__ import annotations

import base64
import fnmatch
import json
from typing import Any
from urllib.parse import unquote

from moto.iam.models import iam_backends
from moto.sts.exceptions import STSClientError
from moto.sts.responses import TokenResponse

from sandbox.aws.errors import MOTO_ERRORS

_ACTION = "sts:AssumeRoleWithWebIdentity"
_TESTS = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringLike": fnmatch.fnmatchcase,
}


class SandboxTokenResponse(TokenResponse):
    """STS, with trust policies for web identities."""

    def assume_role_with_web_identity(self) -> Any:
        claims = claims_of(self._get_param("WebIdentityToken") or "")
        if claims is None:
            raise STSClientError("InvalidIdentityToken", "The token is no JSON Web Token")
        arn: str = self._get_param("RoleArn")
        trust = _trust_of(arn)
        if trust is None or not admits(trust, claims, arn.split(":")[4]):
            raise STSClientError("AccessDenied", f"Not authorized to perform {_ACTION}")
        return super().assume_role_with_web_identity()


def claims_of(token: str) -> dict[str, Any] | None:
    """The claims of a token; None where it is none."""
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError):
        return None
    return claims if isinstance(claims, dict) else None


def admits(trust: dict[str, Any], claims: dict[str, Any], account: str) -> bool:
    """Whether a trust policy lets the bearer of these claims assume the role."""
    issuer = str(claims.get("iss", "")).removeprefix("https://")
    provider = f"arn:aws:iam::{account}:oidc-provider/{issuer}"
    given = {f"{issuer}:{name}": str(value) for name, value in claims.items()}
    return any(
        statement.get("Effect") == "Allow"
        and _ACTION in _listed(statement.get("Action"))
        and provider in _listed((statement.get("Principal") or {}).get("Federated"))
        and _holds(statement.get("Condition") or {}, given)
        for statement in _listed(trust.get("Statement"))
    )


def _holds(condition: dict[str, Any], given: dict[str, str]) -> bool:
    """Every test of a condition; one that is not known never holds."""
    return all(
        test in _TESTS and any(_TESTS[test](given.get(key, ""), one) for one in _listed(wanted))
        for test, keys in condition.items()
        for key, wanted in keys.items()
    )


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _trust_of(arn: str) -> dict[str, Any] | None:
    try:
        role = iam_backends[arn.split(":")[4]]["aws"].get_role_by_arn(arn)
    except (*MOTO_ERRORS, IndexError):
        return None
    document: dict[str, Any] = json.loads(unquote(role.assume_role_policy_document))
    return document

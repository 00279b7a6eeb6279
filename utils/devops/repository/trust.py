"""IAM trust policies for GitHub's tokens: writing the exact one, and judging any.

Written is one form only: `StringEquals` on the audience and on the whole subject, with its
environment. What is read is judged by the same measure: `ForAllValues:` (true when the claim is
absent), wildcards and missing claims are findings, whatever the policy would allow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from common.errors import RefusedError
from repository.subjects import AUDIENCE

_ACTION = "sts:AssumeRoleWithWebIdentity"


@dataclass(frozen=True, slots=True)
class Provider:
    """The OIDC provider of an account."""

    account: str
    issuer: str

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account}:oidc-provider/{self.issuer}"


def trust_policy(provider: Provider, subject: str) -> dict[str, Any]:
    """The policy that trusts exactly this subject: the one `terraform_cli.py bootstrap` gives it.

    Raises:
        RefusedError: The subject has a wildcard, or no environment.
    """
    if any(character in subject for character in "*?${}") or ":environment:" not in subject:
        raise RefusedError(f"{subject!r} is not bound to one repository and one environment")
    claims = {f"{provider.issuer}:aud": AUDIENCE, f"{provider.issuer}:sub": subject}
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider.arn},
        "Action": _ACTION,
        "Condition": {"StringEquals": claims},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a policy lets a subject in, and what is wrong with the policy itself."""

    allows: bool
    findings: tuple[str, ...] = ()
    expected: str = ""
    trusted: tuple[str, ...] = ()


def judge(document: Mapping[str, Any], provider: Provider, subject: str) -> Judgement:
    """Evaluate a trust policy for a token with this subject and the right audience."""
    statements = [s for s in _listed(document.get("Statement")) if isinstance(s, Mapping)]
    mine = [s for s in statements if _is_for_tokens(s)]
    findings = [finding for s in mine for finding in _weaknesses(s, provider)]
    findings += [f for s in mine if (f := _other_provider(s, provider))]
    token = {f"{provider.issuer}:aud": AUDIENCE, f"{provider.issuer}:sub": subject}
    allowed = any(_lets_in(s, provider, token) for s in mine if s.get("Effect") == "Allow")
    denied = any(_lets_in(s, provider, token) for s in mine if s.get("Effect") == "Deny")
    trusted = [value for s in mine for value in _values(s, f"{provider.issuer}:sub")]
    return Judgement(
        allowed and not denied, tuple(dict.fromkeys(findings)), subject, tuple(trusted)
    )


def _is_for_tokens(statement: Mapping[str, Any]) -> bool:
    actions = {str(action).lower() for action in _listed(statement.get("Action"))}
    return bool(actions & {_ACTION.lower(), "sts:*", "*"})


def _federated(statement: Mapping[str, Any]) -> list[str]:
    principal = statement.get("Principal")
    return _listed(principal.get("Federated")) if isinstance(principal, Mapping) else []


def _other_provider(statement: Mapping[str, Any], provider: Provider) -> str | None:
    found = _federated(statement)
    if provider.arn in found or not found:
        return None
    return f"trusts {', '.join(map(str, found))}, not {provider.arn}"


def _conditions(statement: Mapping[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    for operator, keys in (statement.get("Condition") or {}).items():
        for key, values in keys.items():
            yield str(operator), str(key), [str(value) for value in _listed(values)]


def _values(statement: Mapping[str, Any], wanted: str) -> list[str]:
    return [v for _, key, values in _conditions(statement) if key == wanted for v in values]


def _weaknesses(statement: Mapping[str, Any], provider: Provider) -> Iterator[str]:
    checked = set()
    for operator, key, values in _conditions(statement):
        claim = key.removeprefix(f"{provider.issuer}:")
        if operator.startswith("ForAllValues:"):
            yield f"{operator} on {claim} is true when the claim is absent: use StringEquals"
            continue
        if operator.endswith("IfExists"):
            yield f"{operator} on {claim} is true when the claim is absent: use StringEquals"
            continue
        if claim == "iss":
            yield ":iss is no condition key: the provider's ARN already names the issuer"
        if claim == "sub" and any("*" in v or "?" in v for v in values):
            yield f"wildcard subject {', '.join(values)}: other jobs or repositories get in"
        checked.add(claim)
    for claim in ("sub", "aud"):
        if claim not in checked:
            yield f"no condition on {claim}: any repository's token gets in"


def _lets_in(statement: Mapping[str, Any], provider: Provider, token: Mapping[str, str]) -> bool:
    if provider.arn not in _federated(statement):
        return False
    return all(
        _holds(operator, token.get(key), values) for operator, key, values in _conditions(statement)
    )


def _holds(operator: str, claim: str | None, values: list[str]) -> bool:
    plain = operator.rsplit(":", 1)[-1].removesuffix("IfExists")
    if claim is None:
        return operator.startswith("ForAllValues:") or operator.endswith("IfExists")
    if plain == "StringEquals":
        return claim in values
    if plain == "StringEqualsIgnoreCase":
        return claim.lower() in [value.lower() for value in values]
    if plain == "StringLike":
        return any(fnmatchcase(claim, value.replace("[", "[[]")) for value in values)
    if plain == "StringNotEquals":
        return claim not in values
    return False  # an operator that is not understood lets nobody in


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]

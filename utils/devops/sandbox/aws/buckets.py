"""Bucket policies as AWS reads them: a statement whose condition does not hold does not apply.

Moto takes a condition it cannot check for a refusal, so a policy that denies requests without TLS
would deny everything.
"""

from __future__ import annotations

import json
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket

_CONTEXT = {"aws:securetransport": "true"}
"""What is known of every request: loopback counts as protected."""


class SandboxBucket(FakeBucket):
    """A bucket."""

    def get_permission(self, action: str, resource: str) -> Any:
        if self.policy is None:
            return PermissionResult.NEUTRAL
        applying = applying_statements(json.loads(self.policy))
        if not applying:
            return PermissionResult.NEUTRAL
        document = json.dumps({"Version": "2012-10-17", "Statement": applying})
        return IAMPolicy(document).is_action_permitted(action, resource)


def applying_statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements that apply to a request, without their conditions."""
    statements = policy.get("Statement", [])
    listed = [statements] if isinstance(statements, dict) else statements
    return [
        {name: value for name, value in statement.items() if name != "Condition"}
        for statement in listed
        if _holds(statement)
    ]


def _holds(statement: dict[str, Any]) -> bool:
    """Whether the conditions hold; of what is not known, an Allow takes it that they do."""
    unknown = statement.get("Effect") == "Allow"
    return all(
        str(_CONTEXT[key.lower()]) in _texts(wanted) if key.lower() in _CONTEXT else unknown
        for test in (statement.get("Condition") or {}).values()
        for key, wanted in test.items()
    )


def _texts(wanted: Any) -> list[str]:
    return [str(one).lower() for one in (wanted if isinstance(wanted, list) else [wanted])]

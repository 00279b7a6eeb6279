"""`aws-actions/configure-aws-credentials`: the job's identity token for a role's credentials."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sandbox.runner.identity import id_token
from sandbox.runner.step import Step, StepError

if TYPE_CHECKING:
    from collections.abc import Mapping

_AUDIENCE = "sts.amazonaws.com"
_LIFETIME = "3600"


def sign_in(step: Step) -> None:
    """Assume the role, if its trust policy admits this job, and export its credentials.

    Raises:
        StepError: The job may have no token, the role does not trust it, or it is of another
            account than the workflow allows.
    """
    region, role = step.given.get("aws-region", ""), step.given.get("role-to-assume", "")
    if not region or not role:
        raise StepError("configure-aws-credentials needs role-to-assume and aws-region")
    if step.facts.permissions.get("id-token") != "write":
        raise StepError("no identity token for this job: it needs 'permissions: id-token: write'")
    token = id_token(
        step.facts.claims, audience=step.given.get("audience") or _AUDIENCE, now=time.time()
    )
    answer = _assume(step, region, role, token)
    account = answer["AssumedRoleUser"]["Arn"].split(":")[4]
    allowed = [one.strip() for one in step.given.get("allowed-account-ids", "").split(",")]
    if any(allowed) and account not in allowed:
        raise StepError(f"the role is of account {account}, allowed is {', '.join(allowed)}")
    _export(step, region, answer["Credentials"])
    step.outputs["aws-account-id"] = account
    step.say(f"signed in as {answer['AssumedRoleUser']['Arn']}, as {step.facts.claims['sub']}")


def _assume(step: Step, region: str, role: str, token: str) -> dict[str, Any]:
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    # Nobody's credentials: the token alone says who asks.
    client = boto3.session.Session(region_name=region).client(
        "sts",
        endpoint_url=step.variables["AWS_ENDPOINT_URL"],
        config=Config(signature_version=UNSIGNED, proxies={}),
    )
    try:
        answer: dict[str, Any] = client.assume_role_with_web_identity(
            RoleArn=role,
            RoleSessionName=step.given.get("role-session-name") or "GitHubActions",
            WebIdentityToken=token,
            DurationSeconds=int(step.given.get("role-duration-seconds") or _LIFETIME),
        )
    except (BotoCoreError, ClientError) as error:
        raise StepError(
            f"Could not assume {role} with OIDC as {step.facts.claims['sub']!r}: {error}"
        ) from error
    finally:
        client.close()
    return answer


def _export(step: Step, region: str, credentials: Mapping[str, Any]) -> None:
    secrets = {
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
    }
    for secret in secrets.values():
        step.hide(secret)
    step.exported |= {**secrets, "AWS_REGION": region, "AWS_DEFAULT_REGION": region}

"""Account first: no AWS call of a run comes before the account has been validated through STS.

`open_session` is the only way a script gets a boto3 session, so the rule cannot be forgotten.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.audit import record
from common.errors import RefusedError, UnavailableError

if TYPE_CHECKING:
    from boto3 import Session

    from common.environments import Environment

_CREDENTIALS_HINT = "sign in or set AWS_PROFILE; `aws sts get-caller-identity` shows who you are"


@dataclass(frozen=True, slots=True)
class ValidatedSession:
    """A session whose account STS has confirmed to be the environment's."""

    session: Session
    environment: Environment
    arn: str


def open_session(
    environment: Environment, *, region: str | None = None, profile: str | None = None
) -> ValidatedSession:
    """Ask STS who we are and refuse unless that is the environment's account.

    The region is the environment's; one asked for with `region` or `AWS_REGION` must be the same.

    Raises:
        RefusedError: Wrong region (before any call) or wrong account (before any other call).
        UnavailableError: No credentials, an unknown profile, or no answer from STS.
    """
    asked = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    try:
        environment.require_region(asked or environment.region)
    except RefusedError:
        record("region-validation", "refused", environment=environment.name, region=asked)
        raise
    session = _session(environment, profile)
    account, arn = _identity(session)
    outcome = "passed" if account == environment.account else "refused"
    record(
        "account-validation",
        outcome,
        environment=environment.name,
        expected=environment.account,
        account=account,
        arn=arn,
        region=environment.region,
    )
    if outcome == "refused":
        raise RefusedError(
            f"these credentials belong to account {account}, "
            f"but {environment.name} is account {environment.account}",
            hint=f"use --profile {environment.profile}, or credentials of account "
            f"{environment.account}",
        )
    return ValidatedSession(session, environment, arn)


def _session(environment: Environment, profile: str | None) -> Session:
    """boto3's own chain; the environment's profile only where nothing else was chosen."""
    import boto3
    from botocore.exceptions import ProfileNotFound

    chosen = profile or os.environ.get("AWS_PROFILE")
    if not chosen and "AWS_ACCESS_KEY_ID" not in os.environ:
        available = boto3.session.Session().available_profiles
        chosen = environment.profile if environment.profile in available else None
    try:
        return boto3.session.Session(profile_name=chosen, region_name=environment.region)
    except ProfileNotFound as error:
        raise UnavailableError(
            f"there is no AWS profile {chosen!r}", hint=_CREDENTIALS_HINT
        ) from error


def _identity(session: Session) -> tuple[str, str]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        identity = session.client("sts").get_caller_identity()
    except ClientError as error:
        reason = error.response["Error"]["Code"]
        raise UnavailableError(
            f"STS did not accept the credentials: {reason}", hint=_CREDENTIALS_HINT
        ) from error
    except BotoCoreError as error:
        raise UnavailableError(f"no AWS identity: {error}", hint=_CREDENTIALS_HINT) from error
    return identity["Account"], identity["Arn"]

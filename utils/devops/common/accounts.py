"""Account first: no AWS call of a run comes before the account has been validated through STS.

`open_session` is the only way a script gets a boto3 session, so the rule cannot be forgotten.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.audit import record
from common.errors import RefusedError, UnavailableError
from common.masking import mask

if TYPE_CHECKING:
    from boto3 import Session

    from common.environments import Environment

_CREDENTIALS_HINT = "sign in or set AWS_PROFILE; `aws sts get-caller-identity` shows who you are"
_SHOWN = 300
_OTHER_CHOICES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
"""Variables that give credentials without a profile."""
_WITHOUT_PROFILE = frozenset({"container-role", "iam-role", "assume-role-with-web-identity"})


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
        UnavailableError: No credentials, an unknown profile, settings that boto3 cannot read, or
            no answer from STS that names an account.
    """
    asked = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    try:
        environment.require_region(asked or environment.region)
    except RefusedError:
        record("region-validation", "refused", environment=environment.name, region=asked)
        raise
    try:
        session = _session(environment, profile)
        account, arn = _identity(session)
    except UnavailableError as error:
        record(
            "account-validation",
            "failed",
            environment=environment.name,
            expected=environment.account,
            region=environment.region,
            reason=mask(error.message),
        )
        raise
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


def profile_of(session: Session) -> str | None:
    """The profile whose credentials a session uses; None for keys of the environment variables.

    Whoever hands the identity on to another program has to hand on this one: a session also knows
    the name in `AWS_PROFILE` when keys came before it.
    """
    credentials = session.get_credentials()
    method = credentials.method if credentials is not None else "none"
    if method == "env":
        return None
    profile = session.profile_name
    if profile == "default" and (
        method in _WITHOUT_PROFILE or profile not in session.available_profiles
    ):
        return None  # boto3's word for none at all
    return profile


def _session(environment: Environment, profile: str | None) -> Session:
    """boto3's own chain; the environment's profile only where nothing else was chosen."""
    import boto3
    from botocore.exceptions import ProfileNotFound

    try:
        chosen = profile or _chosen()
        if not chosen and not any(os.environ.get(name) for name in _OTHER_CHOICES):
            available = boto3.session.Session().available_profiles
            chosen = environment.profile if environment.profile in available else None
        return boto3.session.Session(profile_name=chosen, region_name=environment.region)
    except ProfileNotFound as error:
        raise UnavailableError(
            f"there is no AWS profile {error.kwargs['profile']!r}", hint=_CREDENTIALS_HINT
        ) from error
    except _foreign_faults() as error:
        raise _unusable(error) from error


def _chosen() -> str | None:
    """The profile of the environment variables, but where keys are: these come first in boto3."""
    if os.environ.get("AWS_ACCESS_KEY_ID"):
        return None
    return os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE")


def _identity(session: Session) -> tuple[str, str]:
    from botocore.exceptions import ClientError
    from botocore.parsers import ResponseParserError

    try:
        identity = session.client("sts").get_caller_identity()
        return identity["Account"], identity["Arn"]
    except ClientError as error:
        reason = error.response["Error"]["Code"]
        raise UnavailableError(
            f"STS did not accept the credentials: {reason}", hint=_CREDENTIALS_HINT
        ) from error
    except (ResponseParserError, KeyError) as error:
        raise UnavailableError(
            "STS answered with something that is no identity",
            hint="is AWS_ENDPOINT_URL the address of AWS?",
        ) from error
    except _foreign_faults() as error:
        raise _unusable(error) from error


def _foreign_faults() -> tuple[type[Exception], ...]:
    """What boto3 lets through of settings, credential files and programs that it cannot use.

    Not only its own errors: a number that is none, a file that is not there, a time without a zone.
    """
    from botocore.exceptions import BotoCoreError

    return BotoCoreError, OSError, ValueError, TypeError, RuntimeError


def _unusable(error: Exception) -> UnavailableError:
    said = " ".join(str(error).split())[:_SHOWN]
    return UnavailableError(f"no AWS identity: {said}", hint=_CREDENTIALS_HINT)

"""Variables and sealed secrets of an environment.

A secret's value comes from an environment variable, standard input or Secrets Manager, is sealed
with the environment's own public key and exists in clear only in this process. It can never be
read back, so whether it is right cannot be told: one that is there stays, unless it is rotated.
"""

from __future__ import annotations

import base64
import os
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from common.environments import environment
from common.errors import RefusedError, UnavailableError, UsageProblemError
from common.masking import register
from repository.changes import Change, Verb, differences

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boto3 import Session

    from common.environments import Environment
    from repository.model import Slug, Stored
    from repository.policy import Policy, WantedEnvironment

ROLE, ACCOUNT, REGION = "AWS_ROLE_ARN", "AWS_ACCOUNT_ID", "AWS_REGION"

_NAME = re.compile(r"(?!GITHUB_)[A-Z_][A-Z0-9_]{0,254}")
_LONGEST = 48 * 1024  # GitHub's limit for a sealed value


@dataclass(frozen=True, slots=True)
class SecretValue:
    """A name and its value, which never shows."""

    name: str
    value: str

    def __repr__(self) -> str:
        return f"SecretValue({self.name!r}, ***)"


def wanted_variables(
    policy: Policy, wanted: WantedEnvironment, repository: str, role_arn: str | None = None
) -> dict[str, str]:
    """What the workflows of an environment read as variables; a gate reads none.

    Raises:
        RefusedError: `role_arn` is no role of the environment's account.
    """
    if wanted.deploys is None:
        return {}
    env = environment(wanted.deploys)
    if role_arn is not None:
        check_role(role_arn, env)
    arn = role_arn or policy.role_arn(repository, wanted.deploys)
    return {ROLE: arn, ACCOUNT: env.account, REGION: env.region}


def check_role(arn: str, env: Environment) -> str:
    """`arn`, if it is a role of the account that `env` is in.

    Raises:
        RefusedError: It is not: jobs would sign in somewhere else.
    """
    if re.fullmatch(rf"arn:aws:iam::{env.account}:role/[\w+=,.@/-]+", arn):
        return arn
    raise RefusedError(f"{arn!r} is no role of {env.name}'s account {env.account}")


def plan_variables(
    slug: Slug, name: str, wanted: Mapping[str, str], now: Mapping[str, Stored]
) -> list[Change]:
    """The changes that set the variables of environment `name`; others are left alone."""
    path = f"{slug.path}/environments/{name}/variables"
    changes = []
    for key, value in wanted.items():
        what = f"variable {key} of {name}"
        held = now.get(key)
        body = {"name": key, "value": value}
        details = differences({key: (held.value if held else None, value)})
        if held is None:
            changes.append(Change(Verb.CREATE, what, "POST", path, body, details=details))
        elif details:
            at = f"{path}/{key}"
            changes.append(Change(Verb.UPDATE, what, "PATCH", at, body, details=details))
    return changes


def plan_secrets(
    slug: Slug,
    name: str,
    values: list[SecretValue],
    now: Mapping[str, Stored],
    key: tuple[str, str] | None,
    *,
    rotate: bool,
) -> tuple[list[Change], list[str]]:
    """The changes that set the secrets, and the names that are left as they are.

    Args:
        key: Id and Base64 text of the environment's public key; None where it does not exist yet,
            which only a dry run may meet.
    """
    changes, kept = [], []
    for secret in values:
        if secret.name in now and not rotate:
            kept.append(secret.name)
            continue
        verb = Verb.UPDATE if secret.name in now else Verb.CREATE
        body = None
        if key is not None:
            body = {"encrypted_value": seal(secret.value, key[1]), "key_id": key[0]}
        path = f"{slug.path}/environments/{name}/secrets/{secret.name}"
        changes.append(Change(verb, f"secret {secret.name} of {name}", "PUT", path, body))
    return changes, kept


def seal(value: str, public_key: str) -> str:
    """`value` sealed for GitHub: libsodium's sealed box over the key as it came, in Base64.

    Raises:
        UnavailableError: The key is not a key.
    """
    from nacl.encoding import Base64Encoder
    from nacl.exceptions import CryptoError
    from nacl.public import PublicKey, SealedBox

    try:
        key = PublicKey(public_key.encode(), Base64Encoder)
    except (CryptoError, ValueError, TypeError) as error:
        raise UnavailableError("GitHub's public key for secrets is not a valid key") from error
    return base64.b64encode(SealedBox(key).encrypt(value.encode())).decode()


# --- where values come from ---------------------------------------------------------------------


def from_environment(assignment: str) -> SecretValue:
    """`NAME`, or `NAME=VARIABLE` where the variable is called something else."""
    name, _, variable = assignment.partition("=")
    value = os.environ.get(variable or name)
    if value is None:
        raise UnavailableError(f"the environment variable {variable or name!r} is not set")
    return _checked(name, value)


def from_stdin(name: str) -> SecretValue:
    """The whole of standard input, without the newline that ends it."""
    if sys.stdin.isatty():
        raise UsageProblemError(f"{name}: pipe the value in", hint="it would show on the terminal")
    return _checked(name, sys.stdin.read().removesuffix("\n"))


def from_secrets_manager(session: Session, assignment: str) -> SecretValue:
    """`NAME=SECRET_ID`, or `NAME=SECRET_ID#KEY` for one key of a JSON secret."""
    import json

    from botocore.exceptions import BotoCoreError, ClientError

    name, _, source = assignment.partition("=")
    secret_id, _, key = source.partition("#")
    if not secret_id:
        raise UsageProblemError(f"{assignment!r} is not NAME=SECRET_ID or NAME=SECRET_ID#KEY")
    try:
        answer = session.client("secretsmanager").get_secret_value(SecretId=secret_id)
    except (ClientError, BotoCoreError) as error:
        raise UnavailableError(f"secret {secret_id!r} of Secrets Manager: {error}") from error
    text = answer.get("SecretString") or ""
    if not key:
        return _checked(name, text)
    try:
        return _checked(name, str(json.loads(text)[key]))
    except (ValueError, KeyError, TypeError):
        raise UnavailableError(f"secret {secret_id!r} is no JSON object with a {key!r}") from None


def _checked(name: str, value: str) -> SecretValue:
    register(value)
    if not _NAME.fullmatch(name):
        raise UsageProblemError(
            f"{name!r} cannot be the name of a secret",
            hint="capital letters, digits and underscores, not starting with GITHUB_ or a digit",
        )
    if not value:
        raise UsageProblemError(f"the value of {name!r} is empty")
    if len(value.encode()) > _LONGEST:
        raise UsageProblemError(f"the value of {name!r} is longer than GitHub takes (48 KB)")
    return SecretValue(name, value)


def age_in_days(stored: Stored, now: datetime | None = None) -> int:
    """Whole days since a secret or variable was set."""
    moment = datetime.fromisoformat(stored.updated_at)
    return ((now or datetime.now(UTC)) - moment).days

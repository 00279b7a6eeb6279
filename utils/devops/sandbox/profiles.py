"""The AWS configuration of a sandbox: one profile an environment, each a role of its account.

Moto tells accounts apart by assumed roles only, so every profile assumes one: then
`GetCallerIdentity` answers with the environment's account, and validating it is real.
"""

from __future__ import annotations

from common.environments import environments

OPERATOR_ROLE = "bbws-operator"
SOURCE_PROFILE = "bbws-sandbox"
ACCESS_KEY = "SANDBOXOPERATOR00000"
"""Of the form moto reads; it belongs to no account of the platform."""


def role_arn(account: str) -> str:
    """The role an operator works as in an account."""
    return f"arn:aws:iam::{account}:role/{OPERATOR_ROLE}"


def config_text(endpoint: str) -> str:
    """The content of `AWS_CONFIG_FILE`."""
    rows = {row.profile: row for row in reversed(environments().values())}
    profiles = [
        f"[profile {profile}]\nrole_arn = {role_arn(row.account)}\n"
        f"source_profile = {SOURCE_PROFILE}\nrole_session_name = operator\n"
        f"region = {row.region}\nendpoint_url = {endpoint}\n"
        for profile, row in reversed(rows.items())
    ]
    source = f"[profile {SOURCE_PROFILE}]\nregion = eu-west-1\nendpoint_url = {endpoint}\n"
    return "\n".join([source, *profiles])


def credentials_text() -> str:
    """The content of `AWS_SHARED_CREDENTIALS_FILE`."""
    return (
        f"[{SOURCE_PROFILE}]\naws_access_key_id = {ACCESS_KEY}\n"
        f"aws_secret_access_key = {'sandbox' * 5}\n"
    )

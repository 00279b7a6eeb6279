"""The environment variables that make every tool use a sandbox instead of the world."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.places import Place, Running

_FORGOTTEN = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CA_BUNDLE",
    "GH_TOKEN",
)
"""Set in the user's shell, these would lead away from the sandbox."""

_HELPER = '!f() { echo username=x-access-token; echo "password=$GITHUB_TOKEN"; }; f'
_TERRAFORM_INIT = "TF_CLI_ARGS_init"
_BACKEND_SERVICES = ("S3", "DYNAMODB", "STS", "IAM")


@dataclass(frozen=True, slots=True)
class Exports:
    """What to set and what to unset."""

    variables: Mapping[str, str]
    unset: tuple[str, ...] = _FORGOTTEN

    def shell(self) -> str:
        """Lines for `eval`."""
        lines = [f"unset {' '.join(self.unset)}"]
        lines += [f"export {name}={shlex.quote(text)}" for name, text in self.variables.items()]
        return "\n".join(lines)

    def applied(self, environment: Mapping[str, str]) -> dict[str, str]:
        """A process environment with them."""
        kept = {name: text for name, text in environment.items() if name not in self.unset}
        return {**kept, **self.variables}


def exports_of(running: Running, place: Place, github_token: str | None = None) -> Exports:
    """The exports of a running sandbox, on top of the environment of this process."""
    variables = {
        "AWS_ENDPOINT_URL": running.endpoint,
        # Terraform's S3 backend reads these only.
        **{f"AWS_ENDPOINT_URL_{service}": running.endpoint for service in _BACKEND_SERVICES},
        "AWS_CONFIG_FILE": str(place.aws_config),
        "AWS_SHARED_CREDENTIALS_FILE": str(place.aws_credentials),
        "AWS_EC2_METADATA_DISABLED": "true",
        # The address of a deployed API ends in amazonaws.com; this proxy leads it here.
        "HTTPS_PROXY": running.proxy,
        "https_proxy": running.proxy,
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        **dict.fromkeys(
            ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"),
            str(place.authorities),
        ),
        _TERRAFORM_INIT: _with_path_style(os.environ.get(_TERRAFORM_INIT, "")),
        "BBWS_SANDBOX": running.name,
    }
    if running.github:
        variables["GITHUB_API_URL"] = running.github
    if running.github and github_token:
        variables |= {"GITHUB_TOKEN": github_token, "GITHUB_SERVER_URL": running.github}
        variables |= _git_settings(running.github)
    return Exports(variables)


def _git_settings(server: str) -> dict[str, str]:
    """Git's own settings that make it show `GITHUB_TOKEN` to this server, and keep it nowhere."""
    name = f"credential.{server}.helper"
    before = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    ours = (n for n in range(before) if os.environ.get(f"GIT_CONFIG_KEY_{n}") == name)
    first = next(ours, before)
    variables = {"GIT_CONFIG_COUNT": str(max(before, first + 2))}
    # An empty one ends the list of those that would store it.
    for number, helper in enumerate(("", _HELPER), first):
        variables |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": helper}
    return variables


def _with_path_style(words: str) -> str:
    """Terraform's S3 backend would look for `bucket.127.0.0.1`; no variable says otherwise."""
    option = "-backend-config=use_path_style=true"
    return words if option in words else f"{words} {option}".strip()

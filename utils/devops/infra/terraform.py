"""The terraform binary: found, asked its version, and run in an environment of its own.

Its working data is the environment's (`TF_DATA_DIR`), providers are shared between environments
(`TF_PLUGIN_CACHE_DIR`), and it never asks a question. Other `TF_*` variables pass through.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from common.accounts import profile_of
from common.process import Completed, find, run
from common.state import cache_folder
from infra.answers import parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from common.accounts import ValidatedSession

INSTALL = "install Terraform 1.10 or newer: https://developer.hashicorp.com/terraform/install"
_SHORT = 300
_UNHURRIED_COLLECTION = {"GOGC": "off", "GOMEMLIMIT": "1536MiB"}
"""Terraform and its providers are Go: they live shortly, and collect nothing below this limit."""

_STATIC_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_PROFILES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")


@dataclass(frozen=True, slots=True)
class Terraform:
    """A terraform binary working on one configuration for one environment."""

    path: Path
    environment: Mapping[str, str] = field(repr=False)
    binary: str = "terraform"

    def call(self, *words: str, check: bool = False, timeout: float = _SHORT) -> Completed:
        """Run a command to its end and collect its output; only for commands that hold no lock."""
        return run(
            [self.binary, *words],
            cwd=self.path,
            env=self.environment,
            check=check,
            timeout=timeout,
            install=INSTALL,
        )

    def version(self) -> str:
        """The version of the binary, such as `1.11.4`."""
        answer = self.call("version", "-json", check=True, timeout=30)
        return str(parse_json(answer.stdout, "terraform version")["terraform_version"])


def numbers(version: str) -> tuple[int, ...]:
    """`(1, 11, 4)` of `1.11.4-rc1`."""
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("-")[0])[:3])


def terraform_for(path: Path, data: Path, validated: ValidatedSession | None = None) -> Terraform:
    """Terraform for a configuration, with the very identity that was validated.

    Raises:
        UnavailableError: Terraform is not installed.
    """
    binary = find("terraform", hint=INSTALL)
    environment = {
        **os.environ,
        "TF_DATA_DIR": str(data),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
        **_UNHURRIED_COLLECTION,
        **{name: os.environ[name] for name in _UNHURRIED_COLLECTION if name in os.environ},
    }
    if "TF_PLUGIN_CACHE_DIR" not in environment:
        cache = cache_folder() / "terraform-plugins"
        cache.mkdir(parents=True, exist_ok=True)
        environment["TF_PLUGIN_CACHE_DIR"] = str(cache)
    for chosen in ("TF_WORKSPACE", "TF_CLI_ARGS_apply", "TF_CLI_ARGS_destroy"):
        environment.pop(chosen, None)
    if validated is not None:
        _identify(environment, validated)
    return Terraform(path, environment, binary)


def _identify(environment: dict[str, str], validated: ValidatedSession) -> None:
    """Let Terraform's own credential chain find what boto3's found.

    The two do not order keys and profiles alike: what boto3 did not use has to go, or Terraform
    would work as somebody whose account nobody looked at.
    """
    profile = profile_of(validated.session)
    unused = _STATIC_KEYS if profile else _PROFILES
    if profile:
        environment["AWS_PROFILE"] = profile
    for name in unused:
        environment.pop(name, None)
    region = validated.environment.region
    environment["AWS_REGION"] = environment["AWS_DEFAULT_REGION"] = region

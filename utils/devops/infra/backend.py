"""The S3 backend of an environment, as words for `terraform init` and as what `init` left behind.

Nothing is ever migrated: `init` always reconfigures, and what Terraform then says it uses is
compared with what was asked for before anything else may run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from common.errors import RefusedError, UnavailableError

if TYPE_CHECKING:
    from common.environments import Environment
    from infra.folder import Folder

LOCKFILE_SINCE = (1, 10)
"""Terraform that can lock through an object beside the state."""


class Locking(Enum):
    """Which locks an init configures."""

    BOTH = "both"
    FILE = "file"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Backend:
    """Where the state of one service and environment lies, and what locks it."""

    bucket: str
    key: str
    region: str
    account: str
    lock_table: str | None
    lockfile: bool

    def state_key(self, workspace: str = "default") -> str:
        """The object that holds a workspace's state."""
        return self.key if workspace == "default" else f"env:/{workspace}/{self.key}"

    def settings(self) -> dict[str, Any]:
        """The backend's settings by their Terraform names."""
        settings: dict[str, Any] = {
            "bucket": self.bucket,
            "key": self.key,
            "region": self.region,
            "encrypt": True,
            "allowed_account_ids": [self.account],
        }
        if self.lock_table:
            settings["dynamodb_table"] = self.lock_table
        if self.lockfile:
            settings["use_lockfile"] = True
        return settings

    def words(self) -> list[str]:
        """`-backend-config=` words for `terraform init`."""
        return [
            f"-backend-config={name}={value if isinstance(value, str) else json.dumps(value)}"
            for name, value in self.settings().items()
        ]


def backend_for(
    environment: Environment, key: str, version: tuple[int, ...], locking: Locking = Locking.BOTH
) -> Backend:
    """The backend of an environment; both locks where this Terraform takes both.

    Raises:
        UnavailableError: The lock asked for is unknown to this Terraform.
    """
    can_lock_file = version >= LOCKFILE_SINCE
    if locking is Locking.FILE and not can_lock_file:
        shown = ".".join(map(str, version))
        raise UnavailableError(
            f"Terraform {shown} cannot lock through a file", hint="install 1.10 or newer"
        )
    return Backend(
        bucket=environment.state_bucket,
        key=key,
        region=environment.region,
        account=environment.account,
        lock_table=None if locking is Locking.FILE else environment.lock_table,
        lockfile=can_lock_file and locking is not Locking.TABLE,
    )


def configured(folder: Folder) -> dict[str, Any] | None:
    """The backend that Terraform itself recorded in the environment's folder, if any."""
    path = folder.data / "terraform.tfstate"
    try:
        recorded = json.loads(path.read_text(encoding="utf-8")).get("backend")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, AttributeError) as error:
        raise UnavailableError(
            f"{str(path)!r} cannot be read: {error}", hint="run terraform_cli.py init again"
        ) from error
    return recorded if isinstance(recorded, dict) else {}


def verify(folder: Folder, backend: Backend) -> Backend:
    """Refuse unless Terraform is set up for this very state; the backend with its actual locks.

    Raises:
        UnavailableError: The environment was not initialised here.
        RefusedError: It is set up for another bucket, key, region or kind of backend.
    """
    recorded = configured(folder)
    again = f"terraform_cli.py init --env {folder.environment} --path {folder.path}"
    if recorded is None:
        raise UnavailableError(
            f"{folder.environment} is not initialised in {str(folder.path)!r}", hint=again
        )
    kind, config = recorded.get("type"), recorded.get("config") or {}
    if kind != "s3":
        raise RefusedError(
            f"the configuration keeps its state in {kind or 'a local file'!r}, not in S3",
            hint='its terraform block needs: backend "s3" {}',
        )
    for name in ("bucket", "key", "region"):
        if config.get(name) != getattr(backend, name):
            raise RefusedError(
                f"the working folder is set up for {name} {config.get(name)!r}, "
                f"but {folder.environment} uses {getattr(backend, name)!r}",
                hint=again,
            )
    return Backend(
        bucket=backend.bucket,
        key=backend.key,
        region=backend.region,
        account=backend.account,
        lock_table=config.get("dynamodb_table"),
        lockfile=bool(config.get("use_lockfile")),
    )

"""Where an environment's Terraform keeps its files: nothing is shared between environments.

Everything lies under `.terraform/<environment>` of the configuration and is kept out of git by a
`.gitignore` of its own, whatever the repository's says.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.errors import UnavailableError, UsageProblemError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Folder:
    """A Terraform configuration and the private files of one environment in it."""

    path: Path
    environment: str

    @property
    def data(self) -> Path:
        """Terraform's own working data (`TF_DATA_DIR`)."""
        return self.path / ".terraform" / self.environment

    @property
    def private(self) -> Path:
        """Plans, records and logs: for this user only."""
        return self.data / "plans"

    @property
    def plan_file(self) -> Path:
        return self.private / "saved.tfplan"

    @property
    def record_file(self) -> Path:
        return self.private / "saved.json"

    @property
    def journal_file(self) -> Path:
        """Exists while an apply runs, or after one was killed."""
        return self.private / "apply.json"

    @property
    def apply_log(self) -> Path:
        return self.private / "apply.log"

    @property
    def variables_file(self) -> Path:
        return self.path / "environments" / f"{self.environment}.tfvars"

    @property
    def backend_file(self) -> Path:
        return self.path / "environments" / f"{self.environment}.s3.tfbackend"

    @property
    def provider_lock(self) -> Path:
        return self.path / ".terraform.lock.hcl"

    def prepare(self) -> None:
        """Make the private folders, ignored by git and closed to other users."""
        self.private.mkdir(parents=True, exist_ok=True)
        self.private.chmod(0o700)
        ignore = self.path / ".terraform" / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")

    def forget_plan(self) -> bool:
        """Delete the saved plan and its record; whether there was one."""
        existed = self.plan_file.exists()
        for path in (self.plan_file, self.record_file):
            path.unlink(missing_ok=True)
        return existed


def open_folder(path: Path, environment: str) -> Folder:
    """The configuration at `path`, which must hold Terraform files.

    Raises:
        UsageProblemError: There is no Terraform configuration.
    """
    path = path.resolve()
    if not path.is_dir():
        raise UsageProblemError(
            f"there is no folder {str(path)!r}",
            hint="--path names the folder of the Terraform configuration",
        )
    if not any(path.glob("*.tf")) and not any(path.glob("*.tf.json")):
        raise UsageProblemError(
            f"{str(path)!r} holds no Terraform configuration (*.tf)",
            hint="--path names the folder of the Terraform configuration",
        )
    return Folder(path, environment)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only this user can read; it is whole or not there.

    Raises:
        UnavailableError: It cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UnavailableError(f"{str(path)!r} cannot be written: {error.strerror}") from error

"""Everything a command needs to work on one environment of one configuration, account first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from common.accounts import ValidatedSession, open_session
from common.environments import environment as environment_named
from infra.backend import Backend, Locking, backend_for, verify
from infra.folder import Folder, open_folder
from infra.locks import Locks
from infra.naming import repository_of, state_key
from infra.terraform import Terraform, numbers, terraform_for
from infra.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Callable

    from boto3 import Session

    from common.environments import Environment


@dataclass(frozen=True, slots=True)
class Target:
    """What the command line says about where to work."""

    environment: Environment
    path: Path
    service: str | None = None
    region: str | None = None
    profile: str | None = None
    dr: bool = False

    def resolved(self) -> Environment:
        """The environment itself, or its failover twin."""
        return environment_named(self.environment.name, dr=self.dr)


@dataclass(frozen=True, slots=True)
class Site:
    """A validated account, a configuration, its backend and a terraform that works there."""

    environment: Environment
    folder: Folder
    repository: str
    validated: ValidatedSession
    terraform: Terraform
    backend: Backend
    version: str
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def session(self) -> Session:
        return self.validated.session

    @property
    def workspace(self) -> str:
        """The selected workspace, as Terraform keeps it."""
        path = self.folder.data / "environment"
        return path.read_text(encoding="utf-8").strip() if path.is_file() else "default"

    @property
    def command(self) -> str:
        """How to call a command for this site again: put its name before the options."""
        return f"--env {self.environment.name} --path {_shown(self.folder.path)}"

    def vault(self) -> Vault:
        return Vault(self.session, self.backend.bucket, self.backend.state_key(self.workspace))

    def locks(self) -> Locks:
        return Locks(self.session, self.backend, self.workspace)


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def open_site(target: Target, locking: Locking = Locking.BOTH) -> Site:
    """Check the configuration, then the account, and only then find Terraform.

    Raises:
        RefusedError: Wrong account or region, or a state that is not this repository's.
        UnavailableError: No credentials, or no Terraform.
        UsageProblemError: No configuration, or no such service.
    """
    environment = target.resolved()
    folder = open_folder(target.path, environment.name)
    repository = repository_of(folder.path, target.service)
    key = state_key(repository, folder.backend_file)
    validated = open_session(environment, region=target.region, profile=target.profile)
    terraform = terraform_for(folder.path, folder.data, validated)
    version = terraform.version()
    folder.prepare()
    return Site(
        environment=environment,
        folder=folder,
        repository=repository,
        validated=validated,
        terraform=terraform,
        backend=backend_for(environment, key, numbers(version), locking),
        version=version,
    )


def open_initialised(target: Target) -> Site:
    """A site whose working folder `init` has set up for this very state.

    Raises:
        UnavailableError: It was not initialised.
        RefusedError: It is set up for another state.
    """
    site = open_site(target)
    return Site(
        environment=site.environment,
        folder=site.folder,
        repository=site.repository,
        validated=site.validated,
        terraform=site.terraform,
        backend=verify(site.folder, site.backend),
        version=site.version,
    )

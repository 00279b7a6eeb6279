"""Saves, before the first change, what a rollback or a person may need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from common.errors import UnavailableError
from deploy.canary.traffic import at_once
from deploy.model import ApiTarget, Backup, Deployment
from deploy.ports import Saved

if TYPE_CHECKING:
    from deploy.clock import Clock
    from deploy.packaging.artifacts import Artifacts
    from deploy.resources import Resources

_PATIENCE = 1800


class BackupStore(Protocol):
    """On-demand backups of tables, found again by name."""

    def ensure(self, table: str, name: str) -> str: ...

    def is_available(self, arn: str) -> bool: ...


class Snapshots(Protocol):
    """Snapshots of an API as it is, found again by description."""

    def ensure_snapshot(self, api: str, description: str) -> str: ...


class StateVersion(Protocol):
    """The version of the Terraform state that is current, or an empty text."""

    def current(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Saver:
    """Backs up tables (prod), notes the state's version, keeps a snapshot of the API."""

    backups: BackupStore
    snapshots: Snapshots
    state: StateVersion
    artifacts: Artifacts
    resources: Resources
    clock: Clock

    def save(self, deployment: Deployment) -> Saved:
        """Save everything and wait until it can be restored from."""
        tables = self.resources.tables if deployment.environment.startswith("prod") else ()
        made = at_once(lambda table: self._table(table, deployment), tables)
        self._wait(made)
        state = self.state.current()
        if state:
            made.append(Backup("terraform-state", "state", state))
        made += [
            Backup("answer", key.rsplit("/", 1)[-1], key)
            for key in self.artifacts.answers(deployment.id)
        ]
        made += [
            Backup("alias", target.name, target.stable)
            for target in deployment.functions
            if target.stable
        ]
        return Saved(tuple(made), self._api(deployment))

    def _table(self, table: str, deployment: Deployment) -> Backup:
        name = f"before-{deployment.id}"[:255]
        return Backup("table", table, self.backups.ensure(table, name))

    def _api(self, deployment: Deployment) -> ApiTarget | None:
        """Terraform removes the deployment the stage shows; a snapshot of our own outlives that."""
        api = deployment.api
        if api is None or api.before is None:
            return api
        snapshot = self.snapshots.ensure_snapshot(api.api_id, f"before {deployment.id}")
        return replace(api, before=snapshot)

    def _wait(self, made: list[Backup]) -> None:
        waited, open_ones = 0, list(made)
        while open_ones:
            open_ones = [b for b in open_ones if not self.backups.is_available(b.reference)]
            if not open_ones:
                return
            if waited >= _PATIENCE:
                names = ", ".join(backup.name for backup in open_ones)
                raise UnavailableError(f"the backups of {names} are not available after {waited} s")
            self.clock.sleep(5)
            waited += 5

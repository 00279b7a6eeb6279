"""Saves, before the first change, what a rollback or a person may need."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from common.errors import UnavailableError
from common.output import warn
from deploy.canary.traffic import at_once
from deploy.execution.answers import Asked, problems, refusal, wait_for_answers
from deploy.model import ApiTarget, Backup, Deployment
from deploy.packaging.artifacts import answers_prefix
from deploy.ports import Saved

if TYPE_CHECKING:
    from collections.abc import Callable

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
    asked: Asked = field(default_factory=Asked)

    def request(self, deployment: Deployment) -> dict[str, Any]:
        """What other tools have to know to back up what is theirs, and to answer."""
        return {
            "bucket": self.artifacts.bucket.name,
            "prefix": answers_prefix(self.artifacts.repository, deployment.id),
            "agents": list(self.asked.agents),
            "seconds": self.asked.patience,
        }

    def save(self, deployment: Deployment, go_on: Callable[[], None]) -> Saved:
        """Save everything and wait until it can be restored from.

        Args:
            go_on: Called while waiting; raises when the deployment is to stop.

        Raises:
            RefusedError: In PROD, an agent said no or nothing.
            UnavailableError: A backup does not become available.
        """
        in_prod = deployment.environment.startswith("prod")
        tables = self.resources.tables if in_prod else ()
        made = at_once(lambda table: self._table(table, deployment), tables)
        answers = wait_for_answers(self.artifacts, deployment.id, self.asked, self.clock, go_on)
        against = problems(answers, self.asked)
        if against and in_prod:
            raise refusal(against)
        for problem in against:
            warn(f"backup of other agents: {problem}")
        self._wait(made, go_on)
        state = self.state.current()
        if state:
            made.append(Backup("terraform-state", "state", state))
        made += [answer.backup for answer in answers]
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

    def _wait(self, made: list[Backup], go_on: Callable[[], None]) -> None:
        waited, open_ones = 0, list(made)
        while open_ones:
            open_ones = [b for b in open_ones if not self.backups.is_available(b.reference)]
            if not open_ones:
                return
            if waited >= _PATIENCE:
                names = ", ".join(backup.name for backup in open_ones)
                raise UnavailableError(f"the backups of {names} are not available after {waited} s")
            go_on()
            self.clock.sleep(5)
            waited += 5

"""Starting, resuming and stopping deployments: who holds the lock, and when it is given back."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from common.errors import RefusedError, UnavailableError
from deploy.clock import Clock, stamp
from deploy.execution.engine import Run
from deploy.execution.plan import Component, Step, plan_release, plan_rollback
from deploy.failures import RolledBackError
from deploy.ledger.leases import Lock, LockHeldError
from deploy.model import Abort, Deployment, Kind
from deploy.states import State

if TYPE_CHECKING:
    from deploy.canary.strategy import Strategy
    from deploy.ledger.ledger import Ledger
    from deploy.ports import World
    from deploy.resources import Resources

_ABORT_PATIENCE = 180


def new_id(now: datetime, version: str) -> str:
    """An id that sorts by time and tells people what it is about."""
    return f"{now:%Y%m%dT%H%M%SZ}-{version}-{secrets.token_hex(2)}"


def owner_name(actor: str) -> str:
    """Who holds a lock: person or run, machine and process."""
    return f"{actor}@{socket.gethostname()}:{os.getpid()}"


@dataclass(frozen=True, slots=True)
class Operation:
    """What all commands that change a deployment of one service need."""

    world: World
    ledger: Ledger
    strategy: Strategy
    resources: Callable[[], Resources]
    clock: Clock
    owner: str

    def deploy(self, deployment: Deployment, steps: tuple[Step, ...]) -> Deployment:
        """Carry a new deployment out, from taking the lock to giving it back.

        Raises:
            LockHeldError: Another deployment of this service is going on.
            RefusedError: One was left in the middle, or a check said no.
        """
        lock = self.ledger.acquire(deployment.id, self.owner)
        try:
            self._nothing_left_over()
            here = self.ledger.begin(deployment, lock)
            return self._run(here, lock).go(steps)
        finally:
            self.ledger.release(lock)

    def resume(self, *, forward: bool) -> Deployment | None:
        """Finish the deployment that a dead runner left, or roll it back.

        Args:
            forward: Go on with it where that is possible; otherwise always back.
        """
        left = self.ledger.running()
        if left is None:
            return self._complete_last()
        lock = self.ledger.acquire(left.id, self.owner)
        try:
            here = self.ledger.find(left.id) or left
            if here.is_final:
                return here
            return self._go_on(here, lock, forward=forward)
        finally:
            self.ledger.release(lock)

    def abort(self, reason: str, by: str) -> Deployment | None:
        """Stop the running deployment; traffic is back when this returns.

        A runner that is alive does it itself; where there is none, it is done from here.
        """
        running = self.ledger.running()
        if running is None:
            return None
        kept = self.ledger.request_abort(running.id, Abort(by, reason, stamp(self.clock.now())))
        for _ in range(_ABORT_PATIENCE):
            here = self.ledger.find(running.id) or running
            if here.is_final:
                return here
            try:
                return self._take_over(running, f"aborted by {kept.by}: {kept.reason}")
            except LockHeldError:
                self.clock.sleep(1)
        raise UnavailableError(
            f"deployment {running.id} did not stop within {_ABORT_PATIENCE} s",
            hint="`deploy_cli.py status` shows what it is doing",
        )

    def make_way(self, reason: str, by: str) -> None:
        """End whatever is going on, for a rollback that begins now.

        A rollback that is blocked is left where it is: its traffic must not return first to the
        release that nobody wants.
        """
        running = self.ledger.running()
        if running is None:
            return
        blocked = running.position.state is State.BLOCKED
        if not blocked or running.kind is not Kind.ROLLBACK:
            self.abort(reason, by)
            return
        lock = self.ledger.acquire(running.id, self.owner)
        try:
            self._run(self.ledger.find(running.id) or running, lock).give_up(reason)
        finally:
            self.ledger.release(lock)

    def steps_of(self, deployment: Deployment) -> tuple[Step, ...]:
        """The plan of a deployment, made again from what the ledger keeps."""
        resources = self.resources()
        if deployment.kind is Kind.ROLLBACK:
            return plan_rollback(Component(deployment.component or "full"), resources)
        return plan_release(deployment, self.strategy, resources)

    def _run(self, here: Deployment, lock: Lock) -> Run:
        return Run(self.world, self.ledger, self.strategy, self.clock, here, lock)

    def _take_over(self, running: Deployment, cause: str) -> Deployment:
        lock = self.ledger.acquire(running.id, self.owner)
        try:
            here = self.ledger.find(running.id) or running
            if here.is_final:
                return here
            return self._run(here, lock).back(cause, by_hand=True)
        except RolledBackError as done:
            return done.deployment
        finally:
            self.ledger.release(lock)

    def _go_on(self, here: Deployment, lock: Lock, *, forward: bool) -> Deployment:
        run = self._run(here, lock)
        abort = self.ledger.abort_of(here.id)
        if abort:
            return run.back(f"aborted by {abort.by}: {abort.reason}", by_hand=True)
        if not forward and (here.position.state is not State.BLOCKED or here.kind is Kind.ROLLBACK):
            return run.back(here.cause or "its runner died")
        return run.go(self.steps_of(here))

    def _nothing_left_over(self) -> None:
        left = self.ledger.running()
        if left is not None:
            raise RefusedError(
                f"deployment {left.id} ({left.version}) was left at {left.position}",
                hint="`deploy_cli.py resume` finishes it, `abort` rolls it back",
            )

    def _complete_last(self) -> Deployment | None:
        """A runner may have died after its success was written and before it was made known."""
        live = self.ledger.live()
        if live is not None:
            self.world.recording.proven(live)
        return live

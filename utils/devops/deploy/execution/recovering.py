"""Stopping, finishing and unblocking what others began; what is shown is what is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from common.audit import record
from deploy.execution.plan import remaining
from deploy.execution.resuming import may_go_forward
from deploy.promotion.promoting import actor_name
from deploy.site import operation_for
from deploy.states import State

if TYPE_CHECKING:
    from deploy.model import Deployment
    from deploy.site import Site


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was done or would be, for programs and for people."""

    data: dict[str, Any]
    text: str


def stop(site: Site, reason: str, *, dry_run: bool) -> Recovery:
    """Stop the running deployment; its traffic is back when this returns."""
    running = site.ledger().running()
    if running is None:
        return Recovery({"aborted": None, "state": None, "would": []}, "nothing is running")
    if dry_run:
        return _would(
            running, "aborted", [f"stop {running.id} at {running.position}", *_back(running)]
        )
    why = reason or "no reason given"
    _audited(site, "abort", reason=why)
    done = operation_for(site, actor_name(site)).abort(why, actor_name(site))
    return _done(done, "aborted", "nothing is running")


def finish(site: Site, *, back: bool, dry_run: bool) -> Recovery:
    """Finish the deployment that a dead runner left, or roll it back."""
    forward = not back and may_go_forward(site)
    operation, left = operation_for(site, actor_name(site)), site.ledger().running()
    if dry_run:
        if left is None:
            return Recovery({"deployment": None, "state": None, "would": []}, "nothing to resume")
        going = forward and left.position.state is not State.ROLLING_BACK
        steps = [
            f"{s.position}: {s.title}" for s in remaining(operation.steps_of(left), left.position)
        ]
        return _would(left, "deployment", steps if going else _back(left))
    _audited(site, "resume", forward=str(forward))
    return _done(operation.resume(forward=forward), "deployment", "nothing to resume")


def unblock(site: Site, incident: str, reason: str, *, dry_run: bool) -> Recovery:
    """Let deployments begin again after an incident.

    Raises:
        RefusedError: That incident does not block this service.
    """
    where = site.environment.name
    if dry_run:
        site.ledger().require_block(incident)
        text = f"would let {site.service} be deployed to {where} again"
        return Recovery({"unblocked": None, "would": [text]}, text)
    _audited(site, "unblock", incident=incident, reason=reason)
    site.ledger().unblock(incident, reason, actor_name(site))
    return Recovery({"unblocked": incident}, f"{site.service} may be deployed to {where}")


def _audited(site: Site, what: str, **facts: str) -> None:
    record(what, "requested", environment=site.environment.name, service=site.service, **facts)


def _back(here: Deployment) -> list[str]:
    """The calls that give all traffic back."""
    return [
        f"lambda:UpdateAlias {target.name}:live to {target.stable}, no weights"
        for target in here.functions
        if target.stable
    ]


def _would(here: Deployment, key: str, steps: list[str]) -> Recovery:
    data = {key: here.id, "state": str(here.position), "would": steps}
    lines = [f"{here.version} ({here.id}), nothing is changed:", *(f"  {step}" for step in steps)]
    return Recovery(data, "\n".join(lines))


def _done(here: Deployment | None, key: str, nothing: str) -> Recovery:
    if here is None:
        return Recovery({key: None, "state": None}, nothing)
    return Recovery({key: here.id, "state": str(here.position)}, f"{here.version}: {here.position}")

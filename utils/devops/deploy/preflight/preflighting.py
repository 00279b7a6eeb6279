"""The checks before a deployment, on their own, and the one repair that belongs to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from common.audit import record
from common.errors import RefusedError
from common.output import note
from deploy.canary.traffic import Traffic
from deploy.clock import stamp
from deploy.model import Deployment, Kind
from deploy.promotion.promoting import actor_name
from deploy.site import Site, preflight_for

if TYPE_CHECKING:
    from deploy.ports import Check


def look(site: Site) -> Sequence[Check]:
    """All checks of the service here; reads only."""
    draft = Deployment(
        id="preflight",
        service=site.service,
        environment=site.environment.name,
        version="",
        commit="",
        digest="",
        kind=Kind.DEPLOY,
        actor=actor_name(site),
        started=stamp(site.clock.now()),
    )
    return preflight_for(site, site.resources()).preflight(draft)


def clear(site: Site, *, dry_run: bool) -> None:
    """Remove leftover weights; each alias stays on its version.

    Raises:
        RefusedError: A deployment is going on: the weights are its own.
    """
    running = site.ledger().running()
    if running is not None:
        raise RefusedError(
            f"the weights belong to deployment {running.id} at {running.position}",
            hint="`deploy_cli.py resume` or `abort` ends it",
        )
    names = site.resources().functions
    traffic = Traffic(site.functions(), site.clock)
    if dry_run:
        left = [alias.function for alias in traffic.shown(names) if alias and alias.weights]
        note(f"would clear: {', '.join(left) or 'nothing'}")
        return
    record("clear-weights", "done", environment=site.environment.name, service=site.service)
    note(f"cleared: {', '.join(traffic.clear(names)) or 'nothing'}")

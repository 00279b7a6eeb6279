"""A deployment as it moves: one line a change, or a live view on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from common.errors import DevopsError
from deploy.canary.traffic import Traffic
from deploy.display.view import status_data
from deploy.execution.plan import plan_release
from deploy.promotion.gate import GATED
from deploy.states import State

if TYPE_CHECKING:
    from deploy.model import Deployment
    from deploy.site import Site

_POLL_SECONDS = 5


def status(site: Site) -> dict[str, Any]:
    """Where the service stands now: ledger and AWS side by side."""
    ledger = site.ledger()
    deployments = ledger.deployments()
    latest = deployments[-1] if deployments else None
    shown = Traffic(site.functions(), site.clock).shown(site.resources().functions)
    left = seconds_left(site, latest)
    data = status_data(ledger.head(), latest, ledger.lock(), shown, left)
    return {**data, **waiting(site)}


def waiting(site: Site) -> dict[str, Any]:
    """Promotions that wait for somebody; without GitHub that is not known, and not needed."""
    hub = site.hub()
    if hub is None or site.environment.name not in GATED:
        return {"waiting": []}
    try:
        name = f"promote-{site.environment.name.removesuffix('-dr')}.yml"
        return {"waiting": hub.waiting_runs(name)}
    except DevopsError as error:
        # Nothing that is waited for: whoever watches would never be done.
        problem = f"GitHub could not be asked what waits: {error.message}"
        return {"waiting": [], "waiting_unknown": problem}


def unhealthy(site: Site) -> tuple[str, ...]:
    """What does not answer as it should; where nothing is live, nothing is healthy."""
    from deploy.site import prober_for

    live = site.ledger().live()
    if live is None:
        return (f"nothing of {site.service} is live in {site.environment.name}",)
    return prober_for(site, site.resources()).live(live).failures


def seconds_left(site: Site, deployment: Deployment | None) -> int | None:
    """About how long the present hold still takes."""
    if deployment is None or deployment.position.state not in (State.CANARY, State.SHIFT):
        return None
    steps = plan_release(deployment, site.strategy, site.resources())
    hold = next(
        (s.hold for s in steps if s.hold and s.hold.percent == deployment.position.percent), None
    )
    if hold is None or not deployment.weight_since or deployment.position.done:
        return None
    gone = (site.clock.now() - datetime.fromisoformat(deployment.weight_since)).total_seconds()
    return max(0, round(hold.seconds + site.strategy.settle_seconds - gone))


def follow(site: Site) -> Iterator[dict[str, Any]]:
    """The status whenever it changed, until no deployment is going on and none is waited for."""
    before: dict[str, Any] = {}
    while True:
        now = status(site)
        if {**now, "seconds_left": None} != {**before, "seconds_left": None}:
            yield now
        before = now
        ledger = site.ledger()
        if ledger.running() is None and not now["waiting"]:
            return
        site.clock.sleep(_POLL_SECONDS)

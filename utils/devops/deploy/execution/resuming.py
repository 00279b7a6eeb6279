"""Who may finish what a dead runner left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.output import note
from deploy.model import Kind
from deploy.promotion.gate import GATED
from deploy.promotion.promoting import in_pipeline, intent_for, release_intent, through_gate

if TYPE_CHECKING:
    from deploy.site import Site


def may_go_forward(site: Site) -> bool:
    """In SIT and PROD only the approved run of the pipeline goes forward; anybody may go back.

    Forward in a rollback that was an emergency is back: it was allowed without the pipeline.
    """
    if site.environment.name not in GATED:
        return True
    left = site.ledger().running()
    if left is None or (left.kind is Kind.ROLLBACK and left.options.emergency):
        return True
    if not in_pipeline():
        note("outside its pipeline it is rolled back; start its run again to go on")
        return False
    if left.kind is Kind.ROLLBACK:
        through_gate(site, intent_for(site, left.version, rollback=True))
    else:
        through_gate(site, release_intent(site, left.version, site.ledger().live()))
    return True

"""Destroy everything: never in PROD, in SIT only after its name was typed, always from a plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from common.audit import record as audit
from common.errors import RefusedError
from infra.applying import Applied, apply_plan
from infra.guard import Permission, is_production
from infra.planning import PlanOptions, make_plan
from infra.site import open_initialised

if TYPE_CHECKING:
    from common.environments import Environment
    from infra.review import Review
    from infra.site import Target

Confirm = Callable[[str, bool], bool]
"""Asks for a phrase; the second argument says whether it has to be typed in full."""


def refuse_in_production(environment: Environment) -> None:
    """Block `destroy` before anything else happens.

    Raises:
        RefusedError: The environment is PROD, by whatever name.
    """
    if not is_production(environment):
        return
    audit("terraform-destroy", "refused", environment=environment.name)
    raise RefusedError(
        f"destroy is blocked in {environment.name}, always",
        hint="single resources go by a reviewed plan: apply --allow-destroy ADDRESS",
    )


def destroy_all(
    target: Target, *, confirm: Confirm, show: Callable[[Review], None], dry_run: bool = False
) -> Applied:
    """Plan the destruction, show it, ask, and apply that plan.

    Raises:
        RefusedError: In PROD, not confirmed, or the state is locked.
    """
    refuse_in_production(target.resolved())
    site = open_initialised(target)
    review = make_plan(site, PlanOptions(destroys_all=True, register=not dry_run))
    show(review)
    if dry_run:
        return Applied(review.record, finished=0, dry_run=True)
    typed = site.environment.name != "dev"
    phrase = f"destroy {site.environment.name}/{site.repository}"
    try:
        confirmed = confirm(phrase, typed)
    except BaseException:
        site.folder.forget_plan()
        raise
    if not confirmed:
        site.folder.forget_plan()
        raise RefusedError(f"not confirmed: {phrase}")
    return apply_plan(site, Permission())

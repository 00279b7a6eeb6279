"""What a command that changed something, or would, says on standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.output import emit
from deploy.display.view import list_data, list_text, plan_data, plan_text
from deploy.rollback.rolling_back import restorable

if TYPE_CHECKING:
    from deploy.ledger.ledger import Ledger
    from deploy.packaging.artifacts import Artifacts
    from deploy.promotion.promoting import Outcome
    from deploy.rollback.rolling_back import Back, BackTo


def show_outcome(outcome: Outcome, service: str, environment: str, output: str) -> None:
    """Show a deployment that was carried out, a run that was started, or what would be done."""
    deployment = outcome.deployment
    if deployment is not None:
        same = not (deployment.moves_traffic or deployment.first)
        facts = {
            "deployment": deployment.id,
            "version": deployment.version,
            "environment": deployment.environment,
            "state": str(deployment.position),
            "digest": deployment.digest,
            "changed": not same,
        }
        line = f"{deployment.service} {deployment.version} is live in {deployment.environment}"
        added = ", the very bytes that were live before" if same else ""
        emit(facts, output, lambda: f"{line} ({deployment.digest[:12]}){added}")
        return
    title = f"{service} in {environment}, nothing is changed:"
    data = {
        "run": outcome.run or None,
        "would": list(outcome.would),
        "plan": plan_data(outcome.plan),
    }
    if outcome.plan:
        emit(data, output, lambda: plan_text(title, outcome.plan))
    elif outcome.would:
        emit(data, output, lambda: "\n".join([title, *(f"  {text}" for text in outcome.would)]))
    else:
        emit(data, output, lambda: f"run {outcome.run}: {outcome.conclusion}")


def show_list(ledger: Ledger, artifacts: Artifacts, output: str) -> None:
    """Show the deployments, what is live, and what can be gone back to."""
    deployments = ledger.deployments()
    rows = list_data(deployments, ledger.head().live, restorable(deployments, artifacts))
    emit({"deployments": rows}, output, lambda: list_text(rows))


def show_back(back: Back, wanted: BackTo, service: str, output: str) -> None:
    """Show a rollback, or that there was nothing to do, or what would be done."""
    version, component = wanted.version, wanted.component.value
    if back.nothing_to_do:
        emit({"nothing_to_do": True}, output, lambda: f"{version} is live already: nothing to do")
    elif wanted.dry_run:
        title = f"back to {version}, nothing is changed:"
        emit({"plan": plan_data(back.plan)}, output, lambda: plan_text(title, back.plan))
    else:
        data = {"rolled_back_to": version, "component": component}
        emit(data, output, lambda: f"{service} is back at {version} ({component})")

"""Would this workflow's deployment work? Everything is read, planned and compared; nothing changes.

Order: the workflow's text and scripts, the account, Terraform's plan in a folder of its own without
a lock, smoke tests, the way back, and who is told.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.site import Where, open_site
from pipelines.simulation.fidelity import Extent, Gap, gaps
from rehearsal.checks import Check, Checked, Verdict, judged, looked_at
from rehearsal.workflow_checks import Deploying, check_scripts, check_text, deploying

if TYPE_CHECKING:
    from deploy.site import Site

_TERRAFORM = "terraform"
_PLAN_S = 600
_NOT_COPIED = (".terraform", "*.tfplan", "*.tfstate*")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says."""

    workflow: Path
    where: Where


def check_deployment(asked: Asked) -> Checked:
    """Check everything a deployment needs.

    Raises:
        RefusedError: Wrong account or region; nothing else was asked of AWS.
        UsageProblemError: The workflow does not deploy there.
    """
    found = deploying(asked.workflow, asked.where.environment)
    checks = [
        looked_at("workflow", lambda: check_text(found)),
        looked_at("scripts", lambda: check_scripts(found)),
    ]
    site: Site | None = None

    def account() -> Check:
        nonlocal site
        site = open_site(asked.where)
        return judged("account", (), f"{site.environment.account}, as {site.validated.arn}")

    checks.append(looked_at("account", account))
    if site is not None:
        checks += _in_the_account(found, site)
    else:
        unknown = ("not looked at without an account",)
        names = ("terraform", "smoke tests", "way back", "notification")
        checks += [Check(name, Verdict.UNKNOWN, unknown) for name in names]
    title = f"{asked.workflow} to {found.environment.name}: checked, nothing was deployed"
    return Checked(title, tuple(checks), tuple(_gaps(found)))


def _in_the_account(found: Deploying, site: Site) -> list[Check]:
    from rehearsal.deploy.service import check_notification, check_smoke, check_way_back

    return [
        looked_at("terraform", lambda: check_terraform(found, site)),
        looked_at("smoke tests", lambda: check_smoke(found, site)),
        looked_at("way back", lambda: check_way_back(found, site)),
        looked_at("notification", lambda: check_notification(site)),
    ]


def _gaps(found: Deploying) -> list[Gap]:
    own = Gap("deployment", "nothing was built, uploaded, applied or shifted")
    rights = Gap("the pipeline's role", "these credentials may do what the role may not, and less")
    return [own, rights, *gaps(found.flow, Extent.NOTHING)]


def check_terraform(found: Deploying, site: Site) -> Check:
    """`init` and `plan` of a copy, without a lock; repository and state stay as they are."""
    from infra.changes import changed_outputs, count, losses, read_changes
    from infra.initialising import error_text, initialise
    from infra.plan_run import read_plan
    from infra.planning import variable_words
    from infra.site import Target
    from infra.site import open_site as open_infra

    source = found.root / _TERRAFORM
    if not source.is_dir():
        return Check("terraform", Verdict.SKIPPED, ("the repository has no Terraform folder",))
    with tempfile.TemporaryDirectory(prefix="bbws-plan-") as parent:
        copy = Path(parent, found.root.name, _TERRAFORM)
        shutil.copytree(source, copy, ignore=shutil.ignore_patterns(*_NOT_COPIED))
        target = Target(site.environment, copy, site.name, profile=site.profile)
        infra = open_infra(target)
        initialise(infra)
        plan = infra.folder.plan_file
        words = ["plan", "-input=false", "-lock=false", "-no-color", f"-out={plan}"]
        answer = infra.terraform.call(*words, *variable_words(infra), timeout=_PLAN_S)
        if not answer.ok:
            return judged("terraform", [f"terraform plan: {error_text(answer)}"])
        shown = read_plan(infra.terraform, plan)
    changes = read_changes(shown)
    lost = [f"the plan would lose {loss.address}" for loss in losses(changes)]
    return judged("terraform", lost, f"plan: {count(changes, changed_outputs(shown))}")

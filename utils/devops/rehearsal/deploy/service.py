"""The deployed service as a deployment meets it: smoke tests, the way back, and who is told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from common.aws_call import AwsError, Caller
from pipelines.workflow.model import Repository
from rehearsal.checks import Check, Verdict, judged

if TYPE_CHECKING:
    from deploy.site import Site
    from rehearsal.workflow_checks import Deploying

_SMOKE = re.compile(r"health-check|pipeline_test\.py\s+integration|smoke", re.I)
_ALIAS = "live"


def check_smoke(found: Deploying, site: Site) -> Check:
    """The workflow tests after deploying, and there is something those tests can ask."""
    later = [step for job in found.jobs for step in job.steps]
    problems = []
    if not any(_SMOKE.search(step.run.text) for step in later if step.run is not None):
        problems.append("no step tests the service after it is deployed")
    for name, event in site.strategy.smoke.events:
        if not (found.root / event).is_file():
            problems.append(f"deploy.yml: the event {event!r} for {name} is not there")
    resources = site.resources()
    if not resources.functions:
        return judged("smoke tests", problems, "first deployment: nothing is there to ask yet")
    if resources.api_id is None and site.strategy.smoke.paths:
        problems.append("deploy.yml names paths, but the service has no API")
    asked = f"{len(resources.functions)} functions"
    return judged("smoke tests", problems, f"{asked}{', one API' if resources.api_id else ''}")


def check_way_back(found: Deploying, site: Site) -> Check:
    """There is a version to go back to in every alias, and a workflow that goes back."""
    problems = []
    rollback = "./.github/workflows/rollback.yml"
    if Repository(found.root).workflow(rollback) is None:
        problems.append(f"there is no {rollback.removeprefix('./')}")
    functions = site.functions()
    names = site.resources().functions
    if not names:
        return judged("way back", problems, "first deployment: there is nothing to go back to")
    versions = []
    for name in names:
        alias = functions.alias(name, _ALIAS)
        if alias is None:
            problems.append(f"{name} has no alias {_ALIAS!r}")
        elif alias.version == "$LATEST":
            problems.append(f"{name}: {_ALIAS!r} points to $LATEST, which nothing can go back to")
        elif alias.weights:
            problems.append(f"{name}: an earlier deployment left weights on {_ALIAS!r}")
        else:
            versions.append(alias.version)
    return judged("way back", problems, f"each alias points to a version ({len(versions)})")


def check_notification(site: Site) -> Check:
    """The topic of deployments exists and somebody listens."""
    call = Caller(site.session, "sns", sleep=site.clock.sleep)
    environment = site.environment
    arn = f"arn:aws:sns:{environment.region}:{environment.account}:{environment.topic}"
    try:
        call("get_topic_attributes", TopicArn=arn)
    except AwsError as error:
        if not error.is_missing:
            raise
        hint = f"terraform_cli.py bootstrap --env {environment.name}"
        return judged("notification", [f"there is no topic {environment.topic}", hint])
    listening = [
        row
        for row in call.pages("list_subscriptions_by_topic", "Subscriptions", TopicArn=arn)
        if str(row.get("SubscriptionArn", "")).startswith("arn:")
    ]
    if not listening:
        text = f"{environment.topic} is there, but nobody has subscribed to it"
        return Check("notification", Verdict.FAILED, (text,))
    return judged("notification", (), f"{environment.topic}, {len(listening)} subscribed")

"""Promotion: on a person's machine it is checked and handed to the pipeline, in the pipeline done.

Nothing here trusts where it believes to run: outside a run that GitHub and STS confirm, a promotion
can only be asked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from common.audit import record
from common.environments import Environment, environment
from common.errors import FailedError, RefusedError, UnavailableError
from common.output import note
from deploy.execution.operation import new_id
from deploy.execution.plan import Step, plan_release
from deploy.model import Deployment, Kind, Options
from deploy.promotion.gate import Intent, Passed, pass_gate, require_evidence
from deploy.promotion.hotfixing import (
    base_below,
    base_of,
    is_hotfix,
    require_hotfix,
)
from deploy.repository import commit_of
from deploy.site import Site, operation_for

if TYPE_CHECKING:
    from deploy.ledger.ledger import Ledger
    from deploy.packaging.artifacts import Evidence
    from deploy.promotion.hub import Hub

_POLL_SECONDS = 10
_PATIENCE_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked for on the command line."""

    version: str
    options: Options
    reason: str = ""
    dry_run: bool = False
    wait: bool = True
    hotfix: bool = False
    image: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a request: a deployment, or a run that was started, or what would be done."""

    deployment: Deployment | None = None
    run: str = ""
    conclusion: str = ""
    plan: tuple[Step, ...] = ()
    would: tuple[str, ...] = ()


def in_pipeline() -> bool:
    """Whether this looks like a run; decides what is asked for, and never what is allowed."""
    return bool(os.environ.get("GITHUB_RUN_ID"))


def intent_for(site: Site, version: str, *, rollback: bool = False) -> Intent:
    """What is to be done, with the commit that the version is here."""
    commit = commit_of(site.checkout.root, f"refs/tags/{version}") if site.checkout else ""
    return Intent(
        environment=site.environment.name,
        account=site.environment.account,
        service=site.service,
        repository=site.name,
        version=version,
        commit=commit,
        rollback=rollback,
    )


def through_gate(site: Site, intent: Intent) -> Passed:
    """Pass the gate or be refused; either way it is in the audit log.

    Raises:
        RefusedError: This is not the approved run of the pipeline.
    """
    hub = site.hub()
    try:
        if hub is None:
            raise RefusedError(
                f"{intent.environment} is only deployed to by its pipeline, and without "
                "GITHUB_TOKEN and a remote its run cannot be looked up"
            )
        passed = pass_gate(intent, os.environ.get("GITHUB_RUN_ID"), site.validated.arn, hub)
    except RefusedError as error:
        record("deployment-gate", "refused", environment=intent.environment, why=error.message)
        raise
    record("deployment-gate", "passed", environment=intent.environment, run=passed.run)
    return passed


def perform(site: Site, request: Request) -> Outcome:
    """Carry a promotion out, inside the pipeline's run.

    Raises:
        RefusedError: The gate, the evidence or a check says no.
        FailedError: It failed and was rolled back.
    """
    live = site.ledger().live()
    intent = release_intent(site, request.version, live)
    passed = through_gate(site, intent)
    lower = _lower(site.environment)
    below = site.artifacts(lower)
    evidence = require_evidence(
        intent, lower.name, below.evidence(intent.commit), below.manifest(intent.commit)
    )
    if site.checkout is None or commit_of(site.checkout.root) != intent.commit:
        raise RefusedError(f"the checkout is not at {intent.version} ({intent.commit[:12]})")
    operation = operation_for(site, actor_name(site))
    fix = intent.hotfix
    if not site.environment.name.startswith("prod"):
        base = base_below(site.checkout, request.version, intent.commit)
        fix = is_hotfix(site.checkout, base, request.version, intent.commit)
    deployment = Deployment(
        id=new_id(site.clock.now(), request.version),
        service=site.service,
        environment=site.environment.name,
        version=request.version,
        commit=intent.commit,
        digest=evidence.sha256,
        image=evidence.image,
        kind=Kind.HOTFIX if fix else Kind.PROMOTION,
        actor=actor_name(site),
        started=site.clock.now().isoformat(timespec="milliseconds"),
        approvals=passed.approvals,
        options=request.options,
        reason=request.reason,
        run=passed.run,
        first=live is None,
    )
    plan = plan_release(deployment, site.strategy, operation.resources())
    if request.dry_run:
        return Outcome(plan=plan)
    left = site.ledger().running()
    if left is not None and is_same(left, deployment):
        # A run that was started again goes on where its runner died.
        done = finished(operation.resume(forward=True), deployment)
        return Outcome(deployment=done, run=passed.run)
    site.artifacts().copy_from(below, intent.commit, evidence.sha256)
    return Outcome(deployment=operation.deploy(deployment, plan), run=passed.run)


def is_same(left: Deployment, wanted: Deployment) -> bool:
    """Whether what was left is the promotion that this run was approved for."""
    return left.kind is not Kind.ROLLBACK and (left.version, left.commit, left.digest) == (
        wanted.version,
        wanted.commit,
        wanted.digest,
    )


def finished(done: Deployment | None, wanted: Deployment) -> Deployment:
    """What came of resuming, if it is the success that was wanted.

    Raises:
        FailedError: Somebody else ended it meanwhile.
    """
    if done is None or not (done.succeeded and is_same(done, wanted)):
        raise FailedError(
            f"{wanted.version} was ended by somebody else meanwhile",
            hint=f"`deploy_cli.py status --env {wanted.environment}` shows what is live",
        )
    return done


def release_intent(site: Site, version: str, live: Deployment | None) -> Intent:
    """What is to be done, and whether one approval is enough: for a fix of what is live only."""
    intent, hub = intent_for(site, version), site.hub()
    if not site.environment.name.startswith("prod") or site.checkout is None or hub is None:
        return intent
    fix = is_hotfix(site.checkout, base_of(live), version, intent.commit)
    return replace(intent, hotfix=fix and hub.is_merged(intent.commit))


def ask_for(lower: Site, target: Environment, request: Request) -> Outcome:
    """Check what can be checked from here, start the pipeline and follow it.

    Raises:
        RefusedError: The environment below does not hold exactly this release, healthy.
        FailedError: The run failed.
    """
    intent = _checked(lower, target, request.version)
    hub = lower.hub()
    if hub is None:
        raise UnavailableError(
            "the pipeline cannot be started: no GitHub token, or no remote",
            hint="set GITHUB_TOKEN, inside the service's repository",
        )
    on_github = hub.tag(request.version)
    if on_github != intent.commit:
        raise RefusedError(
            f"tag {request.version} is {(on_github or 'nothing')[:12]} on GitHub, "
            f"{intent.commit[:12]} here",
            hint="git fetch --tags --force, and find out who moved it",
        )
    if not hub.is_reviewed(intent.commit):
        raise RefusedError(
            f"{request.version} ({intent.commit[:12]}) was not reviewed: it is not on main, and no "
            "pull request merged exactly its commit"
        )
    if request.hotfix and lower.checkout is not None:
        base = base_below(lower.checkout, request.version, intent.commit)
        require_hotfix(lower.checkout, base, request.version, intent.commit, hub.is_merged)
        intent = replace(intent, hotfix=True)
    workflow = intent.workflow.rsplit("/", 1)[-1]
    if request.dry_run:
        gates = ", ".join(intent.gates)
        return Outcome(
            would=(
                f"start {workflow} of {hub.slug} at {request.version}",
                f"wait for the approval of {gates}, then deploy in that run",
            )
        )
    record("promotion", "requested", environment=target.name, version=request.version)
    inputs = {"version": request.version, **({"hotfix": "true"} if request.hotfix else {})}
    run = hub.dispatch(workflow, request.version, inputs)
    note(f"started {workflow}: run {run}")
    if not request.wait:
        for text in hub.waiting(run):
            note(f"waits for {text}")
        return Outcome(run=run, conclusion="started")
    return Outcome(run=run, conclusion=follow(hub, run, lower.clock.sleep))


def _checked(lower: Site, target: Environment, version: str) -> Intent:
    """The environment below holds exactly this release, and it is live and unblocked there."""
    if lower.checkout is None:
        raise RefusedError(
            f"this is not the repository of {lower.service!r}",
            hint="run this inside it: the release is a tag of that repository",
        )
    intent = Intent(
        environment=target.name,
        account=target.account,
        service=lower.service,
        repository=lower.name,
        version=version,
        commit=commit_of(lower.checkout.root, f"refs/tags/{version}"),
    )
    artifacts = lower.artifacts()
    evidence = require_evidence(
        intent,
        lower.environment.name,
        artifacts.evidence(intent.commit),
        artifacts.manifest(intent.commit),
    )
    artifacts.require(evidence.sha256, evidence.image)
    problems = list(_standing(lower.ledger(), lower, evidence))
    if problems:
        raise RefusedError(
            f"{lower.environment.name} is not ready to be promoted from: {'; '.join(problems)}",
            hint=f"`deploy_cli.py status --env {lower.environment.name}`",
        )
    return intent


def _standing(ledger: Ledger, lower: Site, evidence: Evidence) -> Iterator[str]:
    from deploy.canary.traffic import Traffic
    from deploy.packaging.images import code_sha256

    head, live, running = ledger.head(), ledger.live(), ledger.running()
    if head.block:
        yield f"incident {head.block} is open"
    if running is not None:
        yield f"deployment {running.id} is at {running.position}"
    if live is None or (live.commit, live.digest) != (evidence.commit, evidence.sha256):
        yield f"{live.version if live else 'nothing'} is live there, not this release"
        return
    functions = lower.functions()
    names = [target.name for target in live.functions]
    wanted = code_sha256(evidence.sha256, evidence.image)
    for alias in Traffic(functions, lower.clock).shown(names):
        found = functions.configuration(alias.function, alias.version) if alias else None
        if alias is None or found is None or found.code_sha256 != wanted:
            yield f"{alias.function if alias else 'a function'} runs other bytes"
        elif alias.weights:
            yield f"{alias.function} has weights left over"
    yield from _unhealthy(lower, live)


def _unhealthy(lower: Site, live: Deployment) -> Iterator[str]:
    from deploy.site import prober_for

    yield from prober_for(lower, lower.resources()).live(live).failures


def follow(hub: Hub, run: str, sleep: Callable[[float], None]) -> str:
    """Follow a run to its end, and say what it waits for.

    Raises:
        FailedError: It did not succeed.
        UnavailableError: It does not end.
    """
    said = ""
    for _ in range(_PATIENCE_SECONDS // _POLL_SECONDS):
        facts = hub.run(run)
        if facts is None:
            raise UnavailableError(f"run {run} is gone")
        if facts.status == "completed":
            if facts.conclusion != "success":
                raise FailedError(f"run {run} ended: {facts.conclusion}", hint=facts.url)
            return facts.conclusion
        state = _doing(hub, run, facts.status)
        if state != said:
            note(state)
            said = state
        sleep(_POLL_SECONDS)
    raise UnavailableError(f"run {run} does not end", hint="follow it on GitHub")


def _doing(hub: Hub, run: str, status: str) -> str:
    waiting = hub.waiting(run)
    if waiting:
        return f"run {run} waits for {'; '.join(waiting)}"
    busy = [job.name for job in hub.jobs(run) if job.status == "in_progress"]
    return f"run {run}: {', '.join(busy) or status}"


def actor_name(site: Site) -> str:
    """Who does this: the session STS confirmed."""
    return site.validated.arn.rsplit("/", 1)[-1] or site.validated.arn


def _lower(target: Environment) -> Environment:
    name = target.promotes_from or ("sit" if target.name.startswith("prod") else "")
    if not name:
        raise RefusedError(f"{target.name} is not promoted to")
    return environment(name)

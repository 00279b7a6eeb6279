"""Back to a release that was live before: chosen from the ledger, done at once, never on data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from common.audit import record
from common.errors import RefusedError, UnavailableError, UsageProblemError
from common.output import note
from deploy.canary.traffic import Traffic
from deploy.clock import stamp
from deploy.execution.operation import new_id
from deploy.execution.plan import Component, Step, plan_rollback
from deploy.model import ApiTarget, Deployment, FunctionTarget, Kind, Options
from deploy.promotion.gate import GATED
from deploy.promotion.promoting import actor_name, follow, in_pipeline, intent_for, through_gate
from deploy.site import Extras, Site, operation_for

if TYPE_CHECKING:
    from deploy.packaging.artifacts import Artifacts


@dataclass(frozen=True, slots=True)
class BackTo:
    """What somebody asked for."""

    version: str
    component: Component
    reason: str
    emergency: bool = False
    dry_run: bool = False
    allow_destroy: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Back:
    """What came of it; `nothing_to_do` where that release is live already."""

    deployment: Deployment | None
    plan: tuple[Step, ...] = ()
    nothing_to_do: bool = False


def restorable(deployments: Sequence[Deployment], artifacts: Artifacts) -> frozenset[str]:
    """Ids of the deployments to go back to: they succeeded, and their package is there."""
    wanted = {(d.digest, d.image) for d in deployments if d.succeeded}
    kept = {one: artifacts.holds(*one) for one in wanted}
    return frozenset(d.id for d in deployments if d.succeeded and kept[d.digest, d.image])


def roll_back(site: Site, wanted: BackTo) -> Back:
    """Bring a release back.

    Raises:
        RefusedError: It never was live, cannot be restored, or nobody allowed it.
        FailedError: It did not work; a person has to look.
    """
    ledger = site.ledger()
    target = choose(ledger.deployments(), wanted.version)
    run = _allowed(site, wanted)
    operation = operation_for(site, actor_name(site), Extras(wanted.allow_destroy))
    if ledger.running() is not None and not wanted.dry_run:
        # Nobody who wants to go back wants to wait for the canary that is on its way.
        operation.make_way(wanted.reason or "rollback", actor_name(site))
    if _is_there(site, target, wanted.component):
        return Back(None, nothing_to_do=True)
    deployment = _deployment(site, target, wanted, run)
    plan = plan_rollback(wanted.component, site.resources())
    if wanted.dry_run:
        return Back(deployment, plan)
    return Back(operation.deploy(deployment, plan), plan)


def choose(deployments: Sequence[Deployment], version: str) -> Deployment:
    """The last successful deployment of a version.

    Raises:
        RefusedError: There is none; says which there are.
    """
    done = [d for d in deployments if d.succeeded and d.kind is not Kind.ROLLBACK]
    for deployment in reversed(done):
        if deployment.version == version:
            return deployment
    known = ", ".join(dict.fromkeys(d.version for d in reversed(done))) or "none"
    raise RefusedError(f"{version!r} was never live here", hint=f"releases to go back to: {known}")


def _allowed(site: Site, wanted: BackTo) -> str:
    """In SIT and PROD a rollback is the pipeline's, approved by the tech lead, or an emergency."""
    if site.environment.name not in GATED or wanted.dry_run:
        return ""
    if wanted.emergency:
        if not wanted.reason:
            raise UsageProblemError("an emergency needs a reason", hint="say it with --reason")
        record(
            "emergency-rollback", "allowed", environment=site.environment.name,
            version=wanted.version, reason=wanted.reason, arn=site.validated.arn,
        )  # fmt: skip
        return ""
    return through_gate(site, intent_for(site, wanted.version, rollback=True)).run


def _is_there(site: Site, target: Deployment, component: Component) -> bool:
    """Whether every alias is on that release already, with no weights."""
    if component not in (Component.LAMBDA, Component.FULL):
        return False
    live = site.ledger().live()
    if component is Component.FULL and (live is None or live.version != target.version):
        return False
    names = [function.name for function in target.functions]
    shown = Traffic(site.functions(), site.clock).shown(names)
    return all(
        alias is not None and alias.version == function.candidate and not alias.weights
        for alias, function in zip(shown, target.functions, strict=True)
    )


def _deployment(site: Site, target: Deployment, wanted: BackTo, run: str) -> Deployment:
    code = wanted.component in (Component.LAMBDA, Component.FULL)
    functions = _targets(site, target) if code else ()
    return Deployment(
        id=new_id(site.clock.now(), wanted.version),
        service=site.service,
        environment=site.environment.name,
        version=target.version,
        commit=target.commit,
        digest=target.digest,
        image=target.image,
        kind=Kind.ROLLBACK,
        actor=actor_name(site),
        started=stamp(site.clock.now()),
        functions=functions,
        api=_stage(site, target) if wanted.component is not Component.LAMBDA else None,
        options=Options(emergency=wanted.emergency),
        reason=wanted.reason,
        run=run,
        component=wanted.component.value,
    )


def _stage(site: Site, target: Deployment) -> ApiTarget | None:
    """The snapshot of that release to show, and the one to return to if the rollback is undone."""
    live = site.ledger().live()
    if target.api is None or live is None or live.api is None:
        return target.api
    return replace(target.api, before=live.api.after)


def _targets(site: Site, target: Deployment) -> tuple[FunctionTarget, ...]:
    """The versions of that release, checked to exist with the very bytes that were proven."""
    functions = site.functions()
    present = set(site.resources().functions)
    found = []
    for function in target.functions:
        if function.name not in present:
            continue
        version = functions.configuration(function.name, function.candidate or "")
        if version is None or version.code_sha256 != function.code_sha256:
            raise RefusedError(
                f"version {function.candidate} of {function.name!r} is gone or has other bytes",
                hint="deploy that release again: its package is kept",
            )
        alias = functions.alias(function.name, "live")
        found.append(replace(function, stable=alias.version if alias else None))
    return tuple(found)


def must_ask(site: Site, wanted: BackTo) -> bool:
    """Whether the pipeline has to do it, because this is not its run and no emergency."""
    gated = site.environment.name in GATED
    return gated and not (wanted.emergency or wanted.dry_run or in_pipeline())


def ask_pipeline(site: Site, wanted: BackTo, *, wait: bool) -> str:
    """Start the rollback's pipeline, which the tech lead approves, and follow it.

    Raises:
        RefusedError: That release never was live here.
        UnavailableError: GitHub cannot be asked.
        FailedError: The run failed.
    """
    choose(site.ledger().deployments(), wanted.version)
    hub = site.hub()
    if hub is None:
        raise UnavailableError(
            "the pipeline cannot be started: no GitHub token, or no remote",
            hint="set GITHUB_TOKEN inside the service's repository, or use --emergency --reason",
        )
    inputs = {
        "environment": site.environment.name,
        "version": wanted.version,
        "component": wanted.component.value,
        "reason": wanted.reason or f"asked for by {actor_name(site)}, no reason given",
    }
    run = hub.dispatch("rollback.yml", "main", inputs)
    for text in hub.waiting(run):
        note(f"waits for {text}")
    if wait:
        follow(hub, run, site.clock.sleep)
    return run

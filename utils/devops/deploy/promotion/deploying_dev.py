"""DEV: build a commit once, deploy it, test it; the start of every release's way."""

from __future__ import annotations

import os
from dataclasses import replace

from common.errors import RefusedError
from common.output import note, warn
from deploy.clock import stamp
from deploy.execution.operation import new_id
from deploy.execution.plan import plan_release
from deploy.model import Deployment, Kind
from deploy.packaging.building import (
    PROVIDER_LOCK,
    artifact_for,
    clean_commit,
    has_new_provider_lock,
    image_for,
)
from deploy.packaging.images import parse_image
from deploy.promotion.hotfixing import base_below, is_hotfix
from deploy.promotion.promoting import Outcome, Request, actor_name, in_pipeline
from deploy.repository import Repository, version_name
from deploy.site import Extras, Site, operation_for


def deploy_dev(site: Site, request: Request, extras: Extras | None = None) -> Outcome:
    """Build and deploy the commit that is checked out.

    Raises:
        RefusedError: Not committed, failed CI, another deployment at work, or a check said no.
        FailedError: It failed and was rolled back.
    """
    if site.checkout is None:
        raise RefusedError(
            f"this is not the repository of {site.service!r}",
            hint="run this inside it: what is deployed is its commit",
        )
    image = parse_image(request.image, site.environment) if request.image else None
    commit = clean_commit(site.checkout)
    _require_ci(site, commit)
    operation = operation_for(site, actor_name(site), extras)
    version = version_name(site.checkout.root, commit)
    draft = Deployment(
        id=new_id(site.clock.now(), version),
        service=site.service,
        environment=site.environment.name,
        version=version,
        commit=commit,
        digest="",
        kind=_kind(site.checkout, version, commit),
        actor=actor_name(site),
        started=stamp(site.clock.now()),
        options=request.options,
        reason=request.reason,
        first=site.ledger().live() is None,
    )
    plan = plan_release(draft, site.strategy, operation.resources())
    if request.dry_run:
        return Outcome(plan=plan)
    note(f"… packaging {commit[:12]}")
    if image is None:
        manifest = artifact_for(site.checkout, commit, site.artifacts(), site.clock)
    else:
        manifest = image_for(site.checkout, commit, image, site.artifacts(), site.clock)
    note(f"  {manifest.image} {manifest.sha256[:12]}, {manifest.size / 1024**2:.1f} MB".lstrip(" "))
    deployment = replace(draft, digest=manifest.sha256, image=manifest.image)
    done = operation.deploy(deployment, plan)
    if has_new_provider_lock(site.checkout):
        warn(f"commit {PROVIDER_LOCK}: until then, each run may take other providers")
    return Outcome(deployment=done)


def _kind(checkout: Repository, version: str, commit: str) -> Kind:
    fix = is_hotfix(checkout, base_below(checkout, version, commit), version, commit)
    return Kind.HOTFIX if fix else Kind.DEPLOY


def _require_ci(site: Site, commit: str) -> None:
    """A commit whose CI failed is not deployed; in the pipeline's run the job waited for CI."""
    hub = site.hub()
    if hub is None:
        warn("CI was not looked at: no GitHub token, or no remote")
        return
    if in_pipeline() and hub.is_deploying(os.environ["GITHUB_RUN_ID"], commit):
        return
    failed, passed = hub.failed_checks(commit)
    if failed:
        raise RefusedError(f"CI of {commit[:12]} failed: {', '.join(failed)}")
    if not passed:
        warn(f"no CI run of {commit[:12]} has passed yet")

"""From a commit to its artifact: built once, found again afterwards."""

from __future__ import annotations

from pathlib import Path

from common.errors import RefusedError
from deploy.clock import Clock, stamp
from deploy.packaging.artifacts import Artifacts, Manifest, package_key
from deploy.packaging.package import Package, build
from deploy.repository import Repository, commit_of, dirty_files

PROVIDER_LOCK = "terraform/.terraform.lock.hcl"


def clean_commit(checkout: Repository) -> str:
    """The commit that is checked out, if nothing differs from it.

    Raises:
        RefusedError: Something does: what would be deployed could not be found again.
    """
    dirty = [name for name in dirty_files(checkout.root) if not name.startswith("dist/")]
    if dirty:
        more = f" and {len(dirty) - 3} more" if len(dirty) > 3 else ""
        hint = "commit or stash: a deployment must be a commit"
        if dirty == [PROVIDER_LOCK]:
            hint = "Terraform pinned its providers there: commit it, so that every run takes them"
        raise RefusedError(f"not committed: {', '.join(dirty[:3])}{more}", hint=hint)
    return commit_of(checkout.root)


def artifact_for(checkout: Repository, commit: str, artifacts: Artifacts, clock: Clock) -> Manifest:
    """The artifact of a commit: the one that exists, else built now and kept.

    Raises:
        RefusedError: The package is too large.
        UnavailableError: It cannot be built.
    """
    known = artifacts.manifest(commit)
    if known and artifacts.bucket.has(package_key(artifacts.repository, known.sha256)):
        return known
    package = build(checkout.root, target_of(checkout))
    manifest = _manifest(checkout, commit, package, clock)
    artifacts.keep(manifest, package.path.read_bytes())
    return manifest


def target_of(checkout: Repository) -> Path:
    """Where the package is built."""
    return checkout.root / "dist" / f"{checkout.service}.zip"


def _manifest(checkout: Repository, commit: str, package: Package, clock: Clock) -> Manifest:
    return Manifest(
        service=checkout.service,
        commit=commit,
        sha256=package.sha256,
        size=package.size,
        unzipped=package.unzipped,
        distributions=package.distributions,
        built_at=stamp(clock.now()),
    )

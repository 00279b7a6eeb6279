"""From a commit to its artifact: built once, found again afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import RefusedError
from common.git import git
from deploy.clock import Clock, stamp
from deploy.packaging.artifacts import Artifacts, Manifest
from deploy.packaging.package import Package, build
from deploy.repository import Repository, commit_of, dirty_files

if TYPE_CHECKING:
    from deploy.packaging.images import Image

PROVIDER_LOCK = "terraform/.terraform.lock.hcl"


def clean_commit(checkout: Repository) -> str:
    """The commit that is checked out, if nothing differs from it.

    Raises:
        RefusedError: Something does: what would be deployed could not be found again.
    """
    dirty = [name for name in dirty_files(checkout.root) if not name.startswith("dist/")]
    if has_new_provider_lock(checkout):
        # Terraform writes it in the first deployment: the commit is what it was before.
        dirty.remove(PROVIDER_LOCK)
    if dirty:
        more = f" and {len(dirty) - 3} more" if len(dirty) > 3 else ""
        hint = "commit or stash: a deployment must be a commit"
        if dirty == [PROVIDER_LOCK]:
            hint = "Terraform takes other providers than were committed: review that, and commit it"
        raise RefusedError(f"not committed: {', '.join(dirty[:3])}{more}", hint=hint)
    return commit_of(checkout.root)


def has_new_provider_lock(checkout: Repository) -> bool:
    """Whether Terraform pinned its providers here, and nobody has committed that yet."""
    if PROVIDER_LOCK not in dirty_files(checkout.root):
        return False
    words = ("ls-files", "--error-unmatch", "--", PROVIDER_LOCK)
    return not git(*words, cwd=checkout.root, check=False).ok


def artifact_for(checkout: Repository, commit: str, artifacts: Artifacts, clock: Clock) -> Manifest:
    """The artifact of a commit: the one that exists, else built now and kept.

    Raises:
        RefusedError: The package is too large.
        UnavailableError: It cannot be built, or was an image that the registry has lost.
    """
    known = artifacts.manifest(commit)
    if known and known.image:
        # One commit is one artifact: an image that is gone is not replaced by a package.
        artifacts.require(known.sha256, known.image)
    if known and artifacts.holds(known.sha256, known.image):
        return known
    package = build(checkout.root, target_of(checkout))
    manifest = _manifest(checkout, commit, package, clock)
    artifacts.keep(manifest, package.path.read_bytes())
    return manifest


def image_for(
    checkout: Repository, commit: str, image: Image, artifacts: Artifacts, clock: Clock
) -> Manifest:
    """An image as the artifact of a commit, which has one artifact and no other.

    Raises:
        RefusedError: The commit was built as something else.
        UnavailableError: The registry does not hold the image.
    """
    known = artifacts.manifest(commit)
    if known and (known.image, known.sha256) != (image.repository, image.sha256):
        raise RefusedError(
            f"commit {commit[:12]} was built as {known.image or 'package'} {known.sha256[:12]}",
            hint="one commit is one artifact: commit again, and build that",
        )
    manifest = known or Manifest(
        service=checkout.service,
        commit=commit,
        sha256=image.sha256,
        size=artifacts.image_size(image.repository, image.sha256),
        unzipped=0,
        distributions=(),
        built_at=stamp(clock.now()),
        image=image.repository,
    )
    artifacts.keep_image(manifest)
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

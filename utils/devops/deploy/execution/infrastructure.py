"""The Terraform part of a deployment, through the safe wrapper: planned, sealed, applied once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from common.git import git
from deploy.model import Deployment, Kind

if TYPE_CHECKING:
    from common.environments import Environment
    from deploy.packaging.artifacts import Artifacts

FOLDER = "terraform"


@dataclass(frozen=True, slots=True)
class TerraformInfrastructure:
    """The configuration of a repository, at the commit that is deployed."""

    repository: Path
    name: str
    environment: Environment
    artifacts: Artifacts
    profile: str | None = None
    allow_destroy: frozenset[str] = frozenset()

    def apply(self, deployment: Deployment) -> str:
        """Plan and apply; a second run finds nothing to change.

        Raises:
            RefusedError: The plan would destroy what is stateful, or its seal does not hold.
            FailedError: Terraform failed.
        """
        self._provide_initial_code(deployment)
        if deployment.kind is not Kind.ROLLBACK:
            return self._apply(self.repository / FOLDER, deployment)
        with checked_out(self.repository, deployment.commit) as folder:
            return self._apply(folder / FOLDER, deployment)

    def _apply(self, folder: Path, deployment: Deployment) -> str:
        from infra.applying import apply_plan
        from infra.guard import Permission
        from infra.initialising import initialise
        from infra.planning import PlanOptions, make_plan
        from infra.site import Target, open_initialised, open_site

        target = Target(self.environment, folder, self.name, profile=self.profile)
        initialise(open_site(target))
        site = open_initialised(target)
        review = make_plan(site, PlanOptions())
        counts = review.record.counts
        if not counts.any:
            return "no changes"
        approval = deployment.run or deployment.reason or deployment.id
        apply_plan(site, Permission(approval=approval, allow_destroy=self.allow_destroy))
        return str(counts)

    def _provide_initial_code(self, deployment: Deployment) -> None:
        """Functions are created with this object; they start with the release itself."""
        if deployment.image:
            return
        content = self.artifacts.package(deployment.digest)
        key = f"{self.name}/initial.zip"
        self.artifacts.bucket.put(key, content, content_type="application/zip")


@contextmanager
def checked_out(repository: Path, commit: str) -> Iterator[Path]:
    """The files of an earlier commit in a folder of their own, which is removed afterwards."""
    with TemporaryDirectory(prefix="release-") as parent:
        folder = Path(parent) / repository.name
        git("worktree", "add", "--detach", "--quiet", folder, commit, cwd=repository)
        try:
            yield folder
        finally:
            git("worktree", "remove", "--force", folder, cwd=repository, check=False)

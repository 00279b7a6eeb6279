"""Brings infrastructure and code of a release there, without any traffic on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from common.environments import environment
from common.errors import UnavailableError
from deploy.canary.traffic import ALIAS, at_once
from deploy.model import ApiTarget, Deployment, FunctionTarget
from deploy.packaging.artifacts import Artifacts, package_key
from deploy.packaging.images import Image, code_sha256
from deploy.ports import Released
from deploy.preflight.checks import alike

if TYPE_CHECKING:
    from common.aws_lambda import Alias, Configuration
    from deploy.resources import Resources


class Code(Protocol):
    """Code and versions of functions. `publish` gives the same version for unchanged code."""

    def alias(self, name: str, alias: str) -> Alias | None: ...

    def configuration(self, name: str, version: str = "$LATEST") -> Configuration | None: ...

    def put_code(self, name: str, bucket: str, key: str, sha256: str) -> Configuration: ...

    def put_image(self, name: str, uri: str, sha256: str) -> Configuration: ...

    def publish(self, name: str, sha256: str, description: str) -> Configuration: ...


class Infrastructure(Protocol):
    """Applies the configuration of a release (idempotent: a second run changes nothing)."""

    def apply(self, deployment: Deployment) -> str: ...


class Snapshots(Protocol):
    """Snapshots of an API as it is, found again by description."""

    def ensure_snapshot(self, api: str, description: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Releaser:
    """Applies, uploads and publishes; `discover` is asked again, as the apply may add functions."""

    infrastructure: Infrastructure
    code: Code
    snapshots: Snapshots
    artifacts: Artifacts
    discover: Callable[[], Resources]

    def release(self, deployment: Deployment) -> Released:
        """Everything of the release is there and verified when this returns."""
        applied = self.infrastructure.apply(deployment)
        resources = self.discover()
        if not resources.functions:
            raise UnavailableError(
                f"no function carries the tags of {deployment.service!r} in "
                f"{deployment.environment}",
                hint="`terraform_cli.py apply` makes them, tagged Service and Environment",
            )
        targets = at_once(self._known(deployment), resources.functions)
        self.artifacts.require(deployment.digest, deployment.image)
        published = at_once(lambda target: self._publish(target, deployment), targets)
        return Released(tuple(published), self._api(deployment, resources), applied)

    def _known(self, deployment: Deployment) -> Callable[[str], FunctionTarget]:
        """The target noted before; a function that is new has what its alias was made with."""
        noted = {target.name: target for target in deployment.functions}

        def find(name: str) -> FunctionTarget:
            if name in noted and noted[name].stable:
                return noted[name]
            alias = self.code.alias(name, ALIAS)
            return FunctionTarget(name, alias.version if alias else None)

        return find

    def _publish(self, target: FunctionTarget, deployment: Deployment) -> FunctionTarget:
        sha256 = code_sha256(deployment.digest, deployment.image)
        if deployment.image:
            image = Image(deployment.image, deployment.digest)
            here = environment(deployment.environment)
            self.code.put_image(target.name, image.uri(here), sha256)
        else:
            key = package_key(self.artifacts.repository, deployment.digest)
            self.code.put_code(target.name, self.artifacts.bucket.name, key, sha256)
        made = self.code.publish(target.name, sha256, f"{deployment.version} {deployment.id}"[:256])
        if made.code_sha256 != sha256:
            raise UnavailableError(
                f"version {made.version} of {target.name!r} has code {made.code_sha256}, "
                f"not {sha256}"
            )
        self._require_alike(target, made)
        return replace(target, candidate=made.version, code_sha256=sha256, config=made.details)

    def _require_alike(self, target: FunctionTarget, made: Configuration) -> None:
        """Terraform may have changed the role after the preflight looked."""
        stable = self.code.configuration(target.name, target.stable) if target.stable else None
        check = alike(target.name, stable, made) if stable else None
        if check and not check.ok:
            raise UnavailableError(
                f"{check.name}: {check.detail}",
                hint="such a change cannot share traffic: deploy the role first, with the old code",
            )

    def _api(self, deployment: Deployment, resources: Resources) -> ApiTarget | None:
        if resources.api_id is None:
            return deployment.api
        known = deployment.api or ApiTarget(resources.api_id, resources.stage)
        after = self.snapshots.ensure_snapshot(resources.api_id, f"after {deployment.id}")
        return replace(known, after=after)


@dataclass(frozen=True, slots=True)
class NoInfrastructure:
    """For repositories without a Terraform folder: says so, changes nothing."""

    reason: str

    def apply(self, deployment: Deployment) -> str:  # noqa: ARG002
        """Return why nothing was applied."""
        return self.reason


def changed(targets: Sequence[FunctionTarget]) -> tuple[FunctionTarget, ...]:
    """The functions for which there is a new version."""
    return tuple(target for target in targets if target.candidate != target.stable)

"""Container images in place of a package: named by digest, and the same digest everywhere.

An image is built elsewhere and pushed to DEV's registry. Lambda takes images of its own account and
region, so each environment has it in its own registry under the same name; ECR's replication keeps
digests. Nothing here copies or builds images: it is proven that the registry holds this digest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from common.errors import RefusedError, UsageProblemError
from deploy.packaging.package import lambda_digest

if TYPE_CHECKING:
    from common.environments import Environment

_HOST = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com")
_NAME = re.compile(r"[a-z0-9]+(?:[._/-][a-z0-9]+)*")
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


class Images(Protocol):
    """The registry of one environment."""

    def size(self, repository: str, sha256: str) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Image:
    """An image of a registry: the repository's name, and the digest as hexadecimal."""

    repository: str
    sha256: str

    def uri(self, environment: Environment) -> str:
        """Where an environment has it."""
        host = f"{environment.account}.dkr.ecr.{environment.region}.amazonaws.com"
        return f"{host}/{self.repository}@sha256:{self.sha256}"


def parse_image(text: str, environment: Environment) -> Image:
    """The image that `URI@sha256:…` names.

    Raises:
        UsageProblemError: It is no address of an image in ECR.
        RefusedError: It names a tag, which can be moved, or another environment's registry.
    """
    address, _, digest = text.partition("@")
    host, _, name = address.partition("/")
    registry, found = _HOST.fullmatch(host), _DIGEST.fullmatch(digest)
    if registry is None or (digest and found is None):
        raise UsageProblemError(
            f"{text!r} is no image of ECR",
            hint="expected <account>.dkr.ecr.<region>.amazonaws.com/<name>@sha256:<64 digits>",
        )
    if found is None:
        raise RefusedError(
            f"{text!r} names no digest: what a tag stands for can be changed",
            hint="`aws ecr describe-images` shows the digest; write <name>@sha256:<digest>",
        )
    if not _NAME.fullmatch(name):
        raise UsageProblemError(f"{name!r} is no name of an image; leave the tag out")
    if (registry["account"], registry["region"]) != (environment.account, environment.region):
        raise RefusedError(
            f"{host!r} is not the registry of {environment.name} "
            f"({environment.account}, {environment.region})"
        )
    return Image(name, found[1])


def code_sha256(digest: str, image: str) -> str:
    """What Lambda states as `CodeSha256`: of an image its digest, of a package another spelling."""
    return digest if image else lambda_digest(digest)

"""Artifacts of a service, below its repository's name: built once, moved as bytes, never rebuilt.

<repository>/packages/<sha256>.zip      what Lambda runs
<repository>/releases/<commit>.json     manifest: digest, size, versions of dependencies
<repository>/evidence/<commit>.json     what an environment proved about it; the next one
                                        up reads this before it takes the bytes
<repository>/incidents/<id>.json|md     what went wrong
<repository>/backups/<deployment>/<agent>.json   what other agents answer before it
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from common.errors import RefusedError, UnavailableError
from deploy.codec import decode, digest, encode

# Not only for type checking: `decode` reads the types of what it makes.
from deploy.model import Approval, FunctionTarget, Judged  # noqa: TC001

if TYPE_CHECKING:
    from deploy.model import Deployment
    from deploy.packaging.images import Images


class Objects(Protocol):
    """A bucket: `put` and `remove` are idempotent."""

    @property
    def name(self) -> str: ...

    def get(self, key: str) -> bytes | None: ...

    def has(self, key: str) -> bool: ...

    def put(self, key: str, content: bytes, *, content_type: str) -> None: ...

    def keys(self, prefix: str) -> list[str]: ...

    def remove(self, key: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was built from a commit: a package, or `image`, a repository of the registry.

    `sha256` is the digest of either, in hexadecimal.
    """

    service: str
    commit: str
    sha256: str
    size: int
    unzipped: int
    distributions: tuple[str, ...]
    built_at: str
    image: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an environment proved about a release; `chain` is the ledger's end at that moment."""

    service: str
    environment: str
    version: str
    commit: str
    sha256: str
    deployment: str
    at: str
    chain: str
    functions: tuple[FunctionTarget, ...]
    approvals: tuple[Approval, ...]
    judged: tuple[Judged, ...]
    image: str = ""


def package_key(repository: str, sha256: str) -> str:
    """Where a package is kept."""
    return f"{repository}/packages/{sha256}.zip"


def manifest_key(repository: str, commit: str) -> str:
    """Where the manifest of a commit is kept."""
    return f"{repository}/releases/{commit}.json"


def evidence_key(repository: str, commit: str) -> str:
    """Where an environment keeps what it proved about a commit."""
    return f"{repository}/evidence/{commit}.json"


def answers_prefix(repository: str, deployment: str) -> str:
    """Below which other tools answer to the request of a deployment."""
    return f"{repository}/backups/{deployment}/"


def evidence_of(deployment: Deployment, chain: str) -> Evidence:
    """The evidence that a succeeded deployment is."""
    return Evidence(
        service=deployment.service,
        environment=deployment.environment,
        version=deployment.version,
        commit=deployment.commit,
        sha256=deployment.digest,
        deployment=deployment.id,
        at=deployment.updated,
        chain=chain,
        functions=deployment.functions,
        approvals=deployment.approvals,
        judged=deployment.judged,
        image=deployment.image,
    )


class Artifacts:
    """The artifacts of one service in one environment's bucket."""

    def __init__(self, bucket: Objects, repository: str, images: Images | None = None) -> None:
        self.bucket = bucket
        self.repository = repository
        self._images = images

    def manifest(self, commit: str) -> Manifest | None:
        """What was built from this commit, if it was."""
        data = self._json(manifest_key(self.repository, commit))
        return decode(Manifest, data) if data is not None else None

    def evidence(self, commit: str) -> Evidence | None:
        """What this environment proved about this commit; sealed by its own digest.

        Raises:
            RefusedError: It was changed after it was written, or withdrawn.
        """
        data = self._json(evidence_key(self.repository, commit))
        if data is None:
            return None
        if data.get("seal") != digest(data.get("evidence")):
            raise RefusedError(
                f"the evidence for {commit[:12]} in {self.bucket.name!r} was changed after "
                "it was written"
            )
        if data.get("withdrawn"):
            raise RefusedError(
                f"the evidence for {commit[:12]} in {self.bucket.name!r} was withdrawn: "
                f"{data['withdrawn']}",
                hint="deploy it there again, and it is proven again",
            )
        return decode(Evidence, data["evidence"])

    def anchor(self, commit: str, deployment: str) -> str:
        """The ledger's end when this deployment proved the commit; empty if another one did."""
        body = (self._json(evidence_key(self.repository, commit)) or {}).get("evidence") or {}
        return str(body.get("chain", "")) if body.get("deployment") == deployment else ""

    def keep(self, manifest: Manifest, content: bytes) -> None:
        """Store a package and its manifest; the package first, as the manifest points to it."""
        check_digest(content, manifest.sha256, "the package")
        key = package_key(self.repository, manifest.sha256)
        if not self.bucket.has(key):
            self.bucket.put(key, content, content_type="application/zip")
        self._put_json(manifest_key(self.repository, manifest.commit), encode(manifest))

    def prove(self, evidence: Evidence) -> None:
        """Store what this environment proved."""
        body = encode(evidence)
        record = {"evidence": body, "seal": digest(body)}
        self._put_json(evidence_key(self.repository, evidence.commit), record)

    def withdraw(self, commit: str, why: str) -> None:
        """Let what was proved about a commit count no more (idempotent); nothing is removed."""
        data = self._json(evidence_key(self.repository, commit))
        if data is not None and not data.get("withdrawn"):
            self._put_json(evidence_key(self.repository, commit), {**data, "withdrawn": why})

    def package(self, sha256: str) -> bytes:
        """The bytes of a package, checked.

        Raises:
            UnavailableError: It is gone.
            RefusedError: The bytes are not what they were.
        """
        content = self.bucket.get(package_key(self.repository, sha256))
        if content is None:
            raise UnavailableError(
                f"package {sha256[:12]} of {self.repository!r} is not in {self.bucket.name!r}",
                hint="deploy the release to dev again",
            )
        check_digest(content, sha256, "the stored package")
        return content

    def holds(self, sha256: str, image: str) -> bool:
        """Whether the package, or the image in this registry, is there."""
        if image:
            return self._images is not None and self._images.size(image, sha256) is not None
        return self.bucket.has(package_key(self.repository, sha256))

    def require(self, sha256: str, image: str) -> None:
        """Check that the package is there with these bytes, or the image with this digest.

        Raises:
            UnavailableError: It is gone, or the registry has not got it.
            RefusedError: The bytes are not what they were.
        """
        if not image:
            self.package(sha256)
        elif not self.holds(sha256, image):
            raise UnavailableError(
                f"image {image}@sha256:{sha256[:12]}… is not in the registry beside "
                f"{self.bucket.name!r}",
                hint="let ECR replicate the repository there: replication keeps digests",
            )

    def image_size(self, image: str, sha256: str) -> int:
        """Bytes of an image; 0 where the registry has not got it."""
        return (self._images.size(image, sha256) or 0) if self._images else 0

    def keep_image(self, manifest: Manifest) -> None:
        """Store the manifest of an image that the registry holds."""
        self.require(manifest.sha256, manifest.image)
        self._put_json(manifest_key(self.repository, manifest.commit), encode(manifest))

    def copy_from(self, lower: Artifacts, commit: str, sha256: str) -> None:
        """Take a release over from the environment below, byte for byte (idempotent)."""
        manifest = lower.manifest(commit)
        if manifest is None:
            raise UnavailableError(
                f"{lower.bucket.name!r} holds no manifest for commit {commit[:12]}",
                hint="deploy the release to dev again",
            )
        if manifest.sha256 != sha256:
            raise RefusedError(
                f"the manifest of commit {commit[:12]} names package {manifest.sha256[:12]}, "
                f"but {sha256[:12]} was tested"
            )
        if manifest.image:
            self.keep_image(manifest)
        else:
            self.keep(manifest, lower.package(sha256))

    def answers(self, deployment: str) -> dict[str, bytes]:
        """What other tools answered to the request of this deployment, by the answer's name.

        Only `<prefix><agent>.json` is an answer: nothing beside or below it may stand for one.
        """
        prefix = answers_prefix(self.repository, deployment)
        keys = [key for key in self.bucket.keys(prefix) if key.endswith(".json")]
        found = {
            key.removeprefix(prefix).removesuffix(".json"): self.bucket.get(key) for key in keys
        }
        return {name: body for name, body in found.items() if body is not None and "/" not in name}

    def write_incident(self, name: str, document: Any, text: str) -> str:
        """Keep an incident record as JSON and Markdown, and return where."""
        base = f"{self.repository}/incidents/{name}"
        self._put_json(f"{base}.json", document)
        self.bucket.put(f"{base}.md", text.encode(), content_type="text/markdown; charset=utf-8")
        return f"s3://{self.bucket.name}/{base}.md"

    def _json(self, key: str) -> Any:
        content = self.bucket.get(key)
        if content is None:
            return None
        try:
            return json.loads(content)
        except ValueError as error:
            raise UnavailableError(f"{key!r} in {self.bucket.name!r} is not JSON") from error

    def _put_json(self, key: str, data: Any) -> None:
        text = json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False)
        self.bucket.put(key, text.encode(), content_type="application/json")


def check_digest(content: bytes, sha256: str, what: str) -> None:
    """Refuse bytes that are not the ones meant.

    Raises:
        RefusedError: Their SHA-256 is another.
    """
    actual = hashlib.sha256(content).hexdigest()
    if actual != sha256:
        raise RefusedError(f"{what} has digest {actual[:12]}, not {sha256[:12]}")

"""Removes old versions and packages; never what is live or can be gone back to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from deploy.canary.traffic import at_once
from deploy.packaging.artifacts import Artifacts, package_key

if TYPE_CHECKING:
    from common.aws_lambda import Alias, Configuration
    from deploy.ledger.chain import Head
    from deploy.model import Deployment


class Versions(Protocol):
    """Versions and aliases; `remove_version` is idempotent as far as the plan goes."""

    def versions(self, name: str) -> list[Configuration]: ...

    def aliases(self, name: str) -> list[Alias]: ...

    def remove_version(self, name: str, version: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Pruning:
    """What would be removed: versions by function, packages by key; and what is kept and why."""

    versions: tuple[tuple[str, str], ...]
    packages: tuple[str, ...]
    kept: tuple[str, ...]


def plan_pruning(
    functions: Versions,
    artifacts: Artifacts,
    deployments: Sequence[Deployment],
    head: Head,
    names: Sequence[str],
    keep: int,
) -> Pruning:
    """Decide what may go; reads only.

    Kept are the last `keep` successful releases, the live one, the one before it, whatever a
    running deployment names, and every version an alias points to.
    """
    needed = _needed(deployments, head, keep)
    digests = {d.digest for d in needed}
    listed = at_once(lambda name: (functions.versions(name), functions.aliases(name)), names)
    removable: list[tuple[str, str]] = []
    for name, (versions, aliases) in zip(names, listed, strict=True):
        held = {target.candidate for d in needed for target in d.functions if target.name == name}
        held |= {target.stable for d in needed for target in d.functions if target.name == name}
        for alias in aliases:
            held |= {alias.version, *(version for version, _ in alias.weights)}
        # The newest version may be a deployment's that has not noted it yet.
        removable += [(name, v.version) for v in versions[:-1] if v.version not in held]
    gone = sorted({d.digest for d in deployments} - digests)
    packages = [package_key(artifacts.repository, sha256) for sha256 in gone]
    return Pruning(
        tuple(removable),
        tuple(key for key in packages if artifacts.bucket.has(key)),
        tuple(dict.fromkeys(d.version for d in needed)),
    )


def prune(functions: Versions, artifacts: Artifacts, pruning: Pruning) -> None:
    """Remove what was planned; AWS itself refuses a version that an alias took up meanwhile."""
    for name, version in pruning.versions:
        functions.remove_version(name, version)
    for key in pruning.packages:
        artifacts.bucket.remove(key)


def _needed(deployments: Sequence[Deployment], head: Head, keep: int) -> list[Deployment]:
    done = [d for d in deployments if d.succeeded]
    live = next((d for d in done if d.id == head.live), None)
    previous = [d for d in done if live and d.id == live.previous]
    running = [d for d in deployments if not d.is_final]
    needed = [*done[-max(keep, 1) :], *([live] if live else []), *previous, *running]
    return list({d.id: d for d in needed}.values())

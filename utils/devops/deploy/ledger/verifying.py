"""Checks, after the fact, that what runs is what was proven: the chain, and the bytes in AWS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.canary.traffic import ALIAS, at_once
from deploy.codec import encode
from deploy.ledger.chain import broken_links
from deploy.model import Kind
from deploy.packaging.images import code_sha256

if TYPE_CHECKING:
    from common.aws_lambda import Functions
    from deploy.ledger.chain import Entry
    from deploy.ledger.ledger import Ledger
    from deploy.model import Deployment
    from deploy.packaging.artifacts import Artifacts
    from deploy.site import Site


_ANCHORS = 20
"""How many of the last successes are looked up in the bucket."""


@dataclass(frozen=True, slots=True)
class Verified:
    """One environment: what is live there, how long its chain is, and what is wrong."""

    environment: str
    version: str
    digest: str
    entries: int
    problems: tuple[str, ...]


def verify(site: Site) -> Verified:
    """Check the ledger's chain and the code of every live function."""
    ledger = site.ledger()
    live = ledger.live()
    entries = ledger.entries()
    problems = [
        *broken_links(entries, ledger.head()),
        *_records(ledger),
        *_anchors(ledger, entries, site.artifacts()),
        *(_bytes(site.functions(), live) if live else ()),
    ]
    return Verified(
        environment=site.environment.name,
        version=live.version if live else "",
        digest=live.digest if live else "",
        entries=len(entries),
        problems=tuple(problems),
    )


def release_problems(site: Site, version: str) -> Iterator[str]:
    """Whether a release can be promoted from here: proven here, and its bytes are here."""
    from common.errors import DevopsError
    from deploy.repository import commit_of

    artifacts, where = site.artifacts(), site.environment.name
    if site.checkout is None:
        yield f"{where}: this is not the repository of {site.service!r}"
        return
    try:
        commit = commit_of(site.checkout.root, f"refs/tags/{version}")
        evidence, manifest = artifacts.evidence(commit), artifacts.manifest(commit)
        if evidence is None or manifest is None:
            yield f"{where}: {version} ({commit[:12]}) has not succeeded there"
        elif evidence.sha256 != manifest.sha256:
            yield f"{where}: proven was {evidence.sha256[:12]}, built is {manifest.sha256[:12]}"
        else:
            artifacts.require(evidence.sha256, manifest.image)
    except DevopsError as error:
        yield f"{where}: {version}: {error.message}"


def differences(found: list[Verified]) -> list[str]:
    """The same version must be the same bytes everywhere."""
    problems = []
    for index, one in enumerate(found):
        for other in found[index + 1 :]:
            if one.version and one.version == other.version and one.digest != other.digest:
                problems.append(
                    f"{one.version} is {one.digest[:12]} in {one.environment}, "
                    f"{other.digest[:12]} in {other.environment}"
                )
    return problems


def _records(ledger: Ledger) -> Iterator[str]:
    """The record of each deployment must be what its last entry says."""
    last = {}
    for entry in ledger.entries():
        if isinstance(entry.body, dict) and "position" in entry.body:
            last[entry.body["id"]] = entry.body
    for deployment in ledger.deployments():
        if last.get(deployment.id) != encode(deployment):
            yield f"the record of {deployment.id} is not what the chain says"


def _anchors(ledger: Ledger, entries: list[Entry], artifacts: Artifacts) -> Iterator[str]:
    """What was proven names the chain's end at that moment: a chain written anew has it not."""
    links = {entry.hash for entry in entries}
    done = [d for d in ledger.deployments() if d.succeeded and d.kind is not Kind.ROLLBACK]
    recent = done[-_ANCHORS:]
    for deployment, link in zip(
        recent, at_once(lambda d: artifacts.anchor(d.commit, d.id), recent), strict=True
    ):
        if link and link not in links:
            yield f"the chain is not the one that {deployment.id} was proven with"


def _bytes(functions: Functions, live: Deployment) -> Iterator[str]:
    wanted = code_sha256(live.digest, live.image)
    for target in live.functions:
        alias = functions.alias(target.name, ALIAS)
        if alias is None:
            yield f"{target.name} has no alias {ALIAS!r}"
            continue
        if alias.version != target.candidate or alias.weights:
            yield f"{target.name}: {ALIAS!r} is on {alias.version}, not only on {target.candidate}"
        found = functions.configuration(target.name, alias.version)
        if found is None or found.code_sha256 != wanted:
            digest = found.code_sha256 if found else "nothing"
            yield f"{target.name}: version {alias.version} is {digest}, {live.version} is {wanted}"

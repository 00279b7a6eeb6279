"""The gate to SIT and PROD: they are deployed to by their pipeline's run, and by nothing else.

Environment variables only say which run to ask GitHub about; they prove nothing. What proves is
the run itself (this repository, this workflow, this commit, its deploying job at work), the
approvals of that very run, and the identity STS confirms: the pipeline's role, in a session named
for the run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from common.errors import RefusedError
from deploy.model import Approval
from deploy.promotion.hub import WORKFLOWS, Job, Review, RunFacts

if TYPE_CHECKING:
    from deploy.packaging.artifacts import Evidence, Manifest

ROLE = "github-{repository}-{environment}"
_IDENTITY = re.compile(r"arn:aws[a-z-]*:sts::(\d{12}):assumed-role/([^/]+)/(.+)")
_GATES = {
    "sit": ("sit",),
    # The business owner is the first: a hotfix needs no other.
    "prod": ("prod-business-owner", "prod-tech-lead"),
    "prod-dr": ("prod-business-owner", "prod-tech-lead"),
}
_ROLLBACK_GATES = ("prod-tech-lead",)
GATED = frozenset(_GATES)


class RunReader(Protocol):
    """What is asked of GitHub; reads only."""

    def full_name(self) -> str: ...

    def run(self, identity: str) -> RunFacts | None: ...

    def reviews(self, identity: str) -> list[Review]: ...

    def jobs(self, identity: str) -> list[Job]: ...

    def tag(self, version: str) -> str | None: ...

    def is_on_main(self, commit: str) -> bool: ...

    def is_reviewed(self, commit: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Intent:
    """What somebody wants to do, and where.

    `hotfix` is set where the rules of `hotfixing` hold, and never because somebody says so.
    """

    environment: str
    account: str
    service: str
    repository: str
    version: str
    commit: str
    rollback: bool = False
    hotfix: bool = False

    @property
    def workflow(self) -> str:
        base = "rollback" if self.rollback else f"promote-{self.environment.removesuffix('-dr')}"
        return f"{WORKFLOWS}/{base}.yml"

    @property
    def gates(self) -> tuple[str, ...]:
        if self.rollback:
            return _ROLLBACK_GATES
        return (_GATES[self.environment])[:1] if self.hotfix else _GATES[self.environment]


@dataclass(frozen=True, slots=True)
class Passed:
    """The run that may do it, and who approved."""

    run: str
    approvals: tuple[Approval, ...]


def pass_gate(intent: Intent, run_id: str | None, identity: str, hub: RunReader) -> Passed:
    """Check that this process is the approved run it says it is.

    Args:
        run_id: What the environment says; used to look the run up, and for nothing else.
        identity: The ARN that STS confirmed.

    Raises:
        RefusedError: It is not; the message says what is missing.
    """
    if not run_id:
        raise _refused(intent, "this is not a run of its pipeline")
    if not run_id.isdigit():
        raise _refused(intent, f"{run_id!r} is no run")
    run = hub.run(run_id)
    if run is None:
        raise _refused(intent, f"GitHub knows no run {run_id} of this repository")
    problems = [
        *_run_problems(intent, run, hub),
        *_identity_problems(intent, identity, run),
        *_job_problems(intent, hub.jobs(run_id)),
        *_tag_problems(intent, hub),
        *_source_problems(intent, run, hub),
    ]
    reviews = hub.reviews(run_id)
    problems += _review_problems(intent, run, reviews)
    if problems:
        raise _refused(intent, "; ".join(problems))
    approvals = [(gate, r.by) for r in reviews for gate in r.gates if gate in intent.gates]
    return Passed(run_id, tuple(Approval(*pair) for pair in dict.fromkeys(approvals)))


def _refused(intent: Intent, why: str) -> RefusedError:
    command = "rollback" if intent.rollback else f"promote-{intent.environment}"
    return RefusedError(
        f"{intent.environment} is only deployed to by its pipeline: {why}",
        hint=f"`deploy_cli.py {command}` on your machine starts {intent.workflow}",
    )


def _run_problems(intent: Intent, run: RunFacts, hub: RunReader) -> Iterator[str]:
    name = hub.full_name()
    if run.repository != name or name.split("/")[-1] != intent.repository:
        yield f"the run is one of {run.repository}, not of {intent.repository}"
    if run.head_repository != name:
        yield f"its code comes from {run.head_repository or 'nowhere'}"
    if run.path != intent.workflow:
        yield f"it runs {run.path}, not {intent.workflow}"
    if run.event != "workflow_dispatch":
        yield f"it was started by {run.event}"
    if run.status != "in_progress":
        yield f"it is {run.status}"
    if intent.rollback:
        if run.head_branch != "main":
            yield f"it was started from {run.head_branch!r}, not from 'main'"
    elif run.head_sha != intent.commit:
        yield f"it runs at commit {run.head_sha[:12]}, {intent.version} is {intent.commit[:12]}"
    named = re.match(r"(?:Promote|Hotfix|Roll \S+ back to) (v\S+)", run.title)
    if named and named[1] != intent.version:
        yield f"it is about {named[1]}"


def _identity_problems(intent: Intent, identity: str, run: RunFacts) -> Iterator[str]:
    found = _IDENTITY.fullmatch(identity)
    if found is None:
        yield f"{identity!r} is no pipeline's role"
        return
    account, role, session = found.groups()
    wanted = ROLE.format(repository=intent.repository, environment=intent.environment)
    if account != intent.account:
        yield f"the role is one of account {account}"
    if role != wanted:
        yield f"the role is {role!r}, not {wanted!r}"
    if session != f"{intent.service}-{run.id}":
        yield f"the role's session {session!r} is not that of run {run.id}"


def _job_problems(intent: Intent, jobs: Sequence[Job]) -> Iterator[str]:
    start = "Roll back" if intent.rollback else "Deploy"
    if not any(job.status == "in_progress" and job.name.startswith(start) for job in jobs):
        yield "its deploying job is not at work"


def _tag_problems(intent: Intent, hub: RunReader) -> Iterator[str]:
    commit = hub.tag(intent.version)
    if commit is None:
        yield f"GitHub has no tag {intent.version}"
    elif commit != intent.commit:
        yield f"tag {intent.version} is {commit[:12]} on GitHub, {intent.commit[:12]} here"


def _source_problems(intent: Intent, run: RunFacts, hub: RunReader) -> Iterator[str]:
    """Whoever may push a tag may not thereby bring a workflow and code that nobody has read."""
    if intent.rollback:
        if not hub.is_on_main(run.head_sha):
            yield f"it runs at commit {run.head_sha[:12]}, which is not on main"
    elif not hub.is_reviewed(intent.commit):
        yield f"commit {intent.commit[:12]} is not on main, and no pull request merged exactly it"


def _review_problems(intent: Intent, run: RunFacts, reviews: Sequence[Review]) -> list[str]:
    problems, people = [], {}
    for gate in intent.gates:
        mine = [review for review in reviews if gate in review.gates]
        if any(review.state != "approved" for review in mine):
            problems.append(f"{gate} was rejected")
        approvers = {r.by for r in mine if r.state == "approved" and r.by}
        if not approvers:
            problems.append(f"{gate} has not been approved")
        elif approvers <= run.people:
            problems.append(f"{gate} was approved by who started the run")
        people[gate] = approvers - run.people
    if len(intent.gates) > 1 and all(people.values()) and len(set().union(*people.values())) < 2:
        problems.append("one person approved for both roles")
    return problems


def require_evidence(
    intent: Intent, lower: str, evidence: Evidence | None, manifest: Manifest | None
) -> Evidence:
    """Check that the environment below proved exactly this release.

    Raises:
        RefusedError: It did not.
    """
    where = f"{intent.version} ({intent.commit[:12]})"
    if evidence is None or manifest is None:
        raise RefusedError(
            f"{where} has not succeeded in {lower}",
            hint=f"deploy it to {lower} first; `deploy_cli.py rollback --env {lower} --list`",
        )
    wanted = _plain(intent.service)
    for found, expected, what in (
        (_plain(evidence.service), wanted, "service"),
        (_plain(manifest.service), wanted, "service of the manifest"),
        (evidence.environment, lower, "environment"),
        (evidence.commit, intent.commit, "commit"),
        (manifest.commit, intent.commit, "commit of the manifest"),
        (manifest.sha256, evidence.sha256, "digest of the package"),
        (manifest.image, evidence.image, "image"),
    ):
        if found != expected:
            raise RefusedError(f"what {lower} proved has {what} {found!r}, not {expected!r}")
    if lower != "dev" and evidence.version != intent.version:
        raise RefusedError(f"{lower} proved {evidence.version}, not {intent.version}")
    return evidence


def _plain(service: str) -> str:
    return service.replace("-", "_")

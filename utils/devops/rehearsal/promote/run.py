"""Would this promotion stop for its approvals, take the tested bytes, and watch its canary?

GitHub is read, never changed: what its environments really demand counts, not what they are named.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import UnavailableError
from common.github import GitHub
from deploy.canary.strategy import read_strategy
from deploy.repository import find_repository
from pipelines.simulation.fidelity import Extent, Gap, gaps
from rehearsal.checks import Check, Checked, judged, looked_at
from rehearsal.workflow_checks import Deploying, check_scripts, check_text, deploying

if TYPE_CHECKING:
    from collections.abc import Mapping

    from common.environments import Environment
    from pipelines.workflow.model import Job
    from repository.model import EnvironmentState
    from repository.remote import Remote

_VERIFIES = re.compile(r"(?:release_cli\.py\s+artifacts|deploy_cli\.py\s+verify)\b")
_SESSION_S = 3600


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says; `repository` is `owner/name`, else the remote's."""

    workflow: Path
    environment: Environment
    repository: str | None = None


def check_promotion(asked: Asked) -> Checked:
    """Check the gates, the artifacts' way and the canary.

    Raises:
        UsageProblemError: The workflow does not deploy there.
    """
    found = deploying(asked.workflow, asked.environment)
    checks = [
        looked_at("workflow", lambda: check_text(found)),
        looked_at("scripts", lambda: check_scripts(found)),
        looked_at("hand-over", lambda: check_hand_over(found)),
        looked_at("canary", lambda: check_canary(found)),
        looked_at("gates on GitHub", lambda: check_gates(found, asked.repository)),
    ]
    own = Gap("promotion", "no run was started and nobody was asked")
    title = f"{asked.workflow} to {found.environment.name}: checked, nothing was promoted"
    return Checked(title, tuple(checks), (own, *gaps(found.flow, Extent.NOTHING)))


def check_hand_over(found: Deploying) -> Check:
    """The release is verified before anybody is asked, and comes from where it outlives a wait."""
    problems = []
    for job in found.jobs:
        before = list(found.flow.ancestors(job))
        verifying = [one for one in before if _verifies(one)]
        if not verifying:
            problems.append(f"nothing verifies the release's artifacts before job {job.id!r}")
        gates = [one for one in before if one.environment is not None and one not in verifying]
        for gate in gates:
            if not any(one in list(found.flow.ancestors(gate)) for one in verifying):
                problems.append(f"gate {gate.id!r} asks for approval before they are verified")
        for step in job.steps:
            if step.action == "actions/download-artifact":
                problems.append(
                    f"job {job.id!r} takes an artifact of the run, which an approval can outlive"
                )
    return judged("hand-over", problems, "verified before the first approval, taken from S3")


def _verifies(job: Job) -> bool:
    return any(_VERIFIES.search(step.run.text) for step in job.steps if step.run is not None)


def check_canary(found: Deploying) -> Check:
    """`deploy.yml` keeps the rules of a canary, which fits into its job and its session.

    Raises:
        UsageProblemError: `deploy.yml` starts too large, watches too briefly, or is wrong.
    """
    strategy = read_strategy(found.root, found.environment.name)
    problems = []
    for job in found.jobs:
        limit = job.node.get("timeout-minutes")
        minutes = float(limit.text) if limit is not None and limit.text.isdigit() else 360.0
        if minutes * 60 < strategy.longest_seconds:
            needed = strategy.longest_seconds / 60
            problems.append(f"job {job.id!r} ends after {minutes:g} min, {needed:.0f} are needed")
        session = _session_seconds(job)
        if session < strategy.longest_seconds:
            problems.append(
                f"the session of job {job.id!r} ends after {session} s: no time to roll back"
            )
    steps = " → ".join(f"{hold.percent}% ({hold.seconds} s)" for hold in strategy.holds)
    return judged("canary", problems, steps)


def _session_seconds(job: Job) -> int:
    for step in job.steps:
        if step.action == "aws-actions/configure-aws-credentials":
            asked = step.inputs.get("role-duration-seconds")
            if asked is not None and asked.text.isdigit():
                return int(asked.text)
    return _SESSION_S


def check_gates(found: Deploying, repository: str | None) -> Check:
    """Every environment on the way stops people as the house demands, on GitHub as it is now.

    Raises:
        UnavailableError: No token, no such repository, or this copy of the tools cannot judge.
    """
    try:
        from repository.environments import has_gates, reviewers_by_name
        from repository.gates import environment_gates
        from repository.model import Slug
        from repository.policy import policy
        from repository.remote import Remote
    except ModuleNotFoundError as error:
        raise UnavailableError(
            "this copy of the tools cannot judge gates", hint="run it from the toolkit's checkout"
        ) from error
    owner, _, name = _slug(found, repository).partition("/")
    remote = Remote(GitHub.from_environment(), Slug(owner, name))
    facts = remote.require_facts()
    blocked = facts.private and not has_gates(remote.owner().plan)
    states, rules = remote.environments(), policy()
    names = _environments(found)
    gates = environment_gates(rules, states, reviewers_by_name(rules, {}), plan_blocks=blocked)
    judged_here = [gate for gate in gates if gate.name in names]
    problems = [f"{gate.name}: {reason}" for gate in judged_here for reason in gate.reasons]
    unknown = sorted(names - {gate.name for gate in gates})
    problems += [f"environment {name!r} is not one of the house's" for name in unknown]
    problems += _one_person(names, states)
    problems += _variables(found, remote, states)
    return judged("gates on GitHub", problems, f"enforcing: {', '.join(sorted(names))}")


def _slug(found: Deploying, repository: str | None) -> str:
    if repository is not None:
        return repository
    checkout = find_repository(found.root, None)
    if checkout is None or not checkout.slug:
        raise UnavailableError(
            "which repository on GitHub?", hint="name it with --repository OWNER/NAME"
        )
    return checkout.slug


def _environments(found: Deploying) -> set[str]:
    """The environments that this promotion enters, gates included."""
    jobs = {job.id: job for one in found.jobs for job in (one, *found.flow.ancestors(one))}
    names = {job.environment.text for job in jobs.values() if job.environment is not None}
    return {found.environment.name if "${{" in name else name for name in names}


def _one_person(names: set[str], known: Mapping[str, EnvironmentState]) -> list[str]:
    """Two gates with the same reviewers are one: the same person could open both."""
    gates = sorted(name for name in names if name.startswith("prod-") and name in known)
    found = []
    for index, first in enumerate(gates):
        for second in gates[index + 1 :]:
            same = set(map(str, known[first].reviewers)) & set(map(str, known[second].reviewers))
            if same:
                found.append(f"{first} and {second} have the same reviewer: {', '.join(same)}")
    return found


def _variables(
    found: Deploying, remote: Remote, states: Mapping[str, EnvironmentState]
) -> list[str]:
    """The deploying environment names a role of its own account."""
    from pipelines.generation.build import ROLE_VARIABLE

    name = found.environment.name
    if name not in states:
        return []
    stored = remote.variables(name).get(ROLE_VARIABLE)
    if stored is None:
        return [f"{name} has no variable {ROLE_VARIABLE}"]
    if f":iam::{found.environment.account}:role/" not in (stored.value or ""):
        return [f"{ROLE_VARIABLE} of {name} is no role of account {found.environment.account}"]
    return []

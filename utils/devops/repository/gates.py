"""Says of each gate whether it really stops anybody, and if not, why: enforcing or decorative."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from repository.environments import Approvers
    from repository.model import EnvironmentState, Ruleset
    from repository.policy import Policy, WantedEnvironment

ONE_OF_N = "GitHub lets any one of the listed reviewers approve"


@dataclass(frozen=True, slots=True)
class Gate:
    """One thing that has to stop somebody, and the reasons why it would not."""

    name: str
    demands: str
    reasons: tuple[str, ...] = ()

    @property
    def enforcing(self) -> bool:
        return not self.reasons

    @property
    def label(self) -> str:
        return "enforcing" if self.enforcing else "decorative"


def environment_gates(
    policy: Policy,
    now: Mapping[str, EnvironmentState],
    approvers: Approvers,
    *,
    plan_blocks: bool = False,
) -> list[Gate]:
    """The gates of the environments; dev has none beyond the refs it may deploy."""
    return [
        _environment_gate(policy, wanted, now.get(wanted.name), approvers, plan_blocks)
        for wanted in policy.environments
    ]


def _environment_gate(
    policy: Policy,
    wanted: WantedEnvironment,
    state: EnvironmentState | None,
    approvers: Approvers,
    plan_blocks: bool,
) -> Gate:
    demands = _demands(policy, wanted, approvers)
    if state is None:
        missing = "it does not exist: a job that names it makes it, without protection"
        return Gate(wanted.name, demands, (missing,))
    reasons = [*_review_reasons(wanted, state, approvers), *_other_reasons(policy, wanted, state)]
    if plan_blocks and wanted.guarded:
        reasons.append("not available on this plan for a private repository")
    return Gate(wanted.name, demands, tuple(reasons))


def _demands(policy: Policy, wanted: WantedEnvironment, approvers: Approvers) -> str:
    parts = [f"approval by {approvers[wanted.approver]}"] if wanted.approver else []
    parts += [f"{wanted.wait_minutes} min wait"] if wanted.wait_minutes else []
    refs = ", ".join(sorted(rule.name for rule in policy.deployment_refs))
    return "; ".join([*parts, f"only {refs}"])


def _review_reasons(
    wanted: WantedEnvironment, state: EnvironmentState, approvers: Approvers
) -> list[str]:
    if not wanted.approver:
        return []
    expected = str(approvers[wanted.approver])
    listed = [str(reviewer) for reviewer in state.reviewers]
    if not listed:
        return ["nobody has to approve"]
    reasons = []
    if expected not in listed:
        reasons.append(f"{expected} is not a reviewer ({', '.join(listed)} is)")
    elif len(listed) > 1:
        reasons.append(f"one of {len(listed)}: {ONE_OF_N} ({', '.join(listed)})")
    if not state.prevent_self_review:
        reasons.append("self-approval: whoever starts a run can approve it")
    return reasons


def _other_reasons(policy: Policy, wanted: WantedEnvironment, state: EnvironmentState) -> list[str]:
    reasons = []
    if state.wait_minutes < wanted.wait_minutes:
        reasons.append(f"waits {state.wait_minutes} min, not {wanted.wait_minutes}")
    if wanted.guarded and state.admins_bypass:
        reasons.append("admin bypass: administrators can start the job without approval")
    if wanted.guarded and state.admins_bypass is None:
        reasons.append("admin bypass: this server does not say that it is off")
    extra = sorted(rule.name for rule in set(state.refs) - policy.deployment_refs)
    if not state.limited_refs:
        reasons.append("any branch can be deployed")
    elif extra:
        reasons.append(f"other refs can be deployed too: {', '.join(extra)}")
    return reasons


def ruleset_gate(branch: str, ruleset: Ruleset | None, missing: list[str]) -> Gate:
    """The gate before a branch. `missing` are the rules it lacks, in words."""
    demands = "pull request, review, required checks, no force push"
    if ruleset is None:
        return Gate(f"branch {branch}", demands, ("there is no ruleset: anybody can push",))
    reasons = [f"lacks: {rule}" for rule in missing]
    if "required_status_checks" not in ruleset.rules:
        reasons.append("no check is required")
    if ruleset.enforcement != "active":
        reasons.insert(0, f"the ruleset is {ruleset.enforcement}")
    if ruleset.bypass is None:
        reasons.append("this token may not see who can bypass it")
    elif ruleset.bypass:
        reasons.append(f"bypass: {', '.join(ruleset.bypass)} need not follow it")
    return Gate(f"branch {branch}", demands, tuple(reasons))

"""How a repository differs from what the toolkit would set, and what its gates are worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from common.github_errors import PlanLimitError
from common.output import table
from repository.changes import shown
from repository.checks import Checks, required_checks
from repository.environments import has_gates, plan_environments, reviewers_by_name
from repository.gates import Gate, environment_gates, ruleset_gate
from repository.protection import (
    classic_missing,
    demands_of,
    missing_rules,
    plan_classic,
    plan_ruleset,
)
from repository.remote import RulesetsUnavailableError
from repository.settings import Wanted, alignment, team_access
from repository.vault import plan_variables, wanted_variables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from repository.changes import Change
    from repository.model import EnvironmentState, Facts, Owner
    from repository.policy import Policy
    from repository.protection import Demands
    from repository.remote import Remote


@dataclass(frozen=True, slots=True)
class Status:
    """One repository, judged."""

    repository: str
    url: str
    drift: tuple[Change, ...]
    gates: tuple[Gate, ...]
    notes: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        return not self.drift and all(gate.enforcing for gate in self.gates)

    def to_json(self) -> dict[str, Any]:
        """The document that `status --output json` prints."""
        return {
            "ok": self.is_clean,
            "repository": self.repository,
            "url": self.url,
            "drift": shown(self.drift),
            "gates": [
                {
                    "name": gate.name,
                    "label": gate.label,
                    "demands": gate.demands,
                    "reasons": list(gate.reasons),
                }
                for gate in self.gates
            ],
            "notes": list(self.notes),
        }

    def to_text(self) -> str:
        """The same for people."""
        gates = [
            (gate.name, gate.label, gate.demands, "; ".join(gate.reasons)) for gate in self.gates
        ]
        lines = [self.url, table(("gate", "is", "demands", "because"), gates), ""]
        lines += [f"drift: {change}" for change in self.drift] or ["drift: none"]
        lines += [f"    {line}" for change in self.drift for line in change.details]
        return "\n".join([*lines, *(f"note: {text}" for text in self.notes)])


def read_status(
    remote: Remote,
    policy: Policy,
    chosen: Mapping[str, str],
    texts: Mapping[str, str] | None = None,
) -> Status:
    """Read everything, compare it with the policy and judge the gates. Changes nothing.

    Args:
        chosen: Approvers that are not the policy's, by role.
        texts: The workflows that name the required checks; the default branch's when None.
    """
    facts = remote.require_facts()
    owner = remote.owner()
    approvers = reviewers_by_name(policy, chosen)
    environments = remote.environments()
    drift = _settings_drift(remote, policy, facts, owner)
    drift += plan_environments(remote.slug, policy, environments, approvers)
    drift += _variables_drift(remote, policy, environments)
    blocked = facts.private and not has_gates(owner.plan)
    gates = environment_gates(policy, environments, approvers, plan_blocks=blocked)
    if texts is None:
        texts = remote.workflow_texts(facts.default_branch)
    checks = required_checks(texts)
    demands = demands_of(policy, policy.branch, checks.names, signed=False)
    gate, more = _branch(remote, policy, demands)
    notes = _notes(policy, environments, checks)
    return Status(facts.full_name, facts.html_url, (*drift, *more), (*gates, gate), notes)


def _settings_drift(remote: Remote, policy: Policy, facts: Facts, owner: Owner) -> list[Change]:
    wanted = Wanted(remote.slug)
    drift = alignment(wanted, facts, policy, alerts_on=remote.alerts_on(), plan=owner.plan)
    if facts.owned_by_org:
        drift += team_access(remote.slug, policy.teams, remote.team_access())
    return drift


def _variables_drift(
    remote: Remote, policy: Policy, environments: Mapping[str, EnvironmentState]
) -> list[Change]:
    """Variables that are not set; a value somebody chose, such as another role, is no drift."""
    drift: list[Change] = []
    for env in policy.environments:
        if env.deploys and env.name in environments:
            variables = wanted_variables(policy, env, remote.slug.name)
            held = remote.variables(env.name)
            unset = {key: value for key, value in variables.items() if key not in held}
            drift += plan_variables(remote.slug, env.name, unset, held)
    return drift


def _notes(
    policy: Policy, environments: Mapping[str, EnvironmentState], checks: Checks
) -> tuple[str, ...]:
    extra = sorted(set(environments) - {env.name for env in policy.environments})
    notes = [f"environment {name} is not the toolkit's" for name in extra]
    notes += list(checks.unusable)
    notes += [
        f"{env.name} asks nobody itself: its workflow passes the gates before it, and the "
        "deployment refuses a run without their approvals"
        for env in policy.environments
        if env.guarded and not env.approver
    ]
    tags = sorted(rule.name for rule in policy.deployment_refs if rule.type == "tag")
    notes += [
        f"whoever may push a tag {name} may run what it holds in {env.name}: nobody is asked there"
        for env in policy.environments
        for name in tags
        if env.deploys and not env.approver
    ]
    if not checks.names:
        notes.append("no workflow reports a check for pull requests, so none is required")
    return tuple(notes)


def _branch(remote: Remote, policy: Policy, demands: Demands) -> tuple[Gate, list[Change]]:
    name = policy.ruleset.format(branch=demands.branch)
    try:
        ruleset = remote.ruleset(name)
    except RulesetsUnavailableError:
        held = remote.classic_protection(demands.branch)
        reasons = tuple(f"lacks: {line}" for line in classic_missing(demands, held))
        drift = plan_classic(remote.slug, demands, held)
        return Gate(f"branch {demands.branch}", "classic branch protection", reasons), drift
    except PlanLimitError as error:
        reasons = (f"not available on this plan: {error.reason}",)
        return Gate(f"branch {demands.branch}", "a ruleset", reasons), []
    missing = missing_rules(demands, ruleset) if ruleset else []
    changes = plan_ruleset(remote.slug, name, demands, ruleset)
    return ruleset_gate(demands.branch, ruleset, missing), changes

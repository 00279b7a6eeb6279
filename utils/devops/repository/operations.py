"""What each command of `repo_cli.py` does, between its options and its output."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.errors import FailedError, UnavailableError, UsageProblemError
from common.github_errors import Record
from repository import environments as gating
from repository import owners, protection, publish, settings
from repository.changes import Outcome, carried_out
from repository.checks import required_checks, workflow_texts
from repository.policy import policy
from repository.publish import Origin
from repository.remote import RulesetsUnavailableError

if TYPE_CHECKING:
    from pathlib import Path

    from repository.changes import Change
    from repository.remote import Remote
    from repository.target import Target

Sleep = Callable[[float], None]


def create(
    target: Target,
    description: str | None,
    topics: Iterable[str],
    *,
    sleep: Sleep = time.sleep,
) -> Outcome:
    """Create the repository, or bring an existing one to what the policy says."""
    remote, executor = target.open()
    wanted = settings.Wanted(target.slug, description, frozenset(topics))
    facts = remote.facts()
    owner = remote.owner()
    if facts is None:
        changes = settings.creation(wanted, owner, policy())
    else:
        settings.check_default_branch(facts, policy())
        alerts = remote.alerts_on()
        changes = settings.alignment(wanted, facts, policy(), alerts_on=alerts, plan=owner.plan)
    if owner.is_org:
        access = remote.team_access() if facts else {}
        changes += settings.team_access(target.slug, policy().teams, access)
        if facts is None or remote.file(owners.PATH, policy().branch) is None:
            changes += _code_owners(remote, new=facts is None)
    made = changes[:1] if facts is None else []
    answers = executor.run(made)
    if made and not target.dry_run:
        settings.check_default_branch(remote.learn(Record(answers[0])), policy())
        remote.await_branch(policy().branch, sleep)
    executor.run(changes[len(made) :])
    applied, refused = carried_out(executor, changes)
    return _outcome(remote, target, applied, refused)


def _code_owners(remote: Remote, *, new: bool) -> list[Change]:
    """CODEOWNERS, unless main is protected already: then it takes a pull request."""
    if not new:
        try:
            held = remote.ruleset(policy().ruleset.format(branch=policy().branch))
        except RulesetsUnavailableError:
            held = None
        if held is not None and held.enforcement == protection.ACTIVE:
            return []
    return [owners.creation(remote.slug, policy())]


def configure(target: Target) -> Outcome:
    """Create the environments and their gates, production last, and read them back."""
    remote, executor = target.open()
    facts = remote.require_facts()
    now = remote.environments()
    by_name = gating.reviewers_by_name(policy(), target.approvers())
    changes = gating.plan_environments(target.slug, policy(), now, by_name)
    if changes:
        owner = remote.owner()
        gating.check_plan(owner, private=facts.private)
        found = gating.resolve_approvers(remote.github, owner, policy(), target.approvers())
        access = remote.team_access() if owner.is_org else {}
        teams = {r: t for r, t in policy().teams.items() if owner.is_org}
        changes = [
            *settings.team_access(target.slug, teams, access),
            *gating.plan_environments(target.slug, policy(), now, found),
        ]
    executor.run(changes)
    if changes and not target.dry_run:
        _verify(remote, by_name)
    notes = (gates_note(),)
    return _outcome(remote, target, changes, notes)


def gates_note() -> str:
    """What an approval is worth on GitHub, said wherever gates are set."""
    return "GitHub lets any one of an environment's reviewers approve; two gates make it two people"


def _verify(remote: Remote, approvers: gating.Approvers) -> None:
    wrong = gating.verify(policy(), remote.environments(with_refs=False), approvers)
    if wrong:
        raise FailedError(
            f"GitHub took the settings and reads back other ones: {'; '.join(wrong)}",
            hint="these gates are NOT enforced; repo_cli.py status shows them",
        )


@dataclass(frozen=True, slots=True)
class Protect:
    """Which branch to protect, and what else it demands."""

    branch: str
    signed: bool = False
    checks: tuple[str, ...] = ()
    workflows: Path | None = None


def protect(target: Target, options: Protect) -> Outcome:
    """Protect a branch with a ruleset, or classic protection where there are none."""
    remote, executor = target.open()
    facts = remote.require_facts()
    if not remote.has_branch(options.branch):
        raise UnavailableError(
            f"{facts.full_name} has no branch {options.branch!r}: nothing would be protected",
            hint=f"its default branch is {facts.default_branch!r}",
        )
    texts = (
        workflow_texts(options.workflows)
        if options.workflows
        else remote.workflow_texts(facts.default_branch)
    )
    found = required_checks(texts)
    names = _chosen_checks(options.checks, found.names)
    demands = protection.demands_of(policy(), options.branch, names, signed=options.signed)
    name = policy().ruleset.format(branch=options.branch)
    try:
        changes = protection.plan_ruleset(target.slug, name, demands, remote.ruleset(name))
    except RulesetsUnavailableError:
        held = remote.classic_protection(options.branch)
        changes = protection.plan_classic(target.slug, demands, held)
        name = ""
    executor.run(changes)
    if changes and not target.dry_run:
        _read_back(remote, demands, name)
    empty = () if names else ("no workflow reports a check for pull requests: none is required",)
    return _outcome(remote, target, changes, (*found.unusable, *empty))


def _chosen_checks(chosen: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    """The checks asked for, all of which must be reported by a workflow."""
    unknown = [name for name in chosen if name not in known]
    if unknown:
        raise UsageProblemError(
            f"no workflow reports {', '.join(map(repr, unknown))}: it would block all merges",
            hint=f"reported are: {', '.join(known) or 'none'}",
        )
    return chosen or known


def _read_back(remote: Remote, demands: protection.Demands, ruleset: str) -> None:
    """What is in force now, compared with what was demanded."""
    if ruleset:
        now = remote.ruleset(ruleset)
        missing = protection.missing_rules(demands, now) if now else ["the whole ruleset"]
    else:
        missing = protection.classic_missing(demands, remote.classic_protection(demands.branch))
    if missing:
        raise FailedError(f"{demands.branch} is NOT protected as asked: {'; '.join(missing)}")


def _outcome(
    remote: Remote, target: Target, changes: Iterable[Change], notes: Iterable[str] = ()
) -> Outcome:
    url = remote.url()
    return Outcome(str(target.slug), url, tuple(changes), tuple(notes), target.dry_run)


def clone(target: Target, folder: Path) -> Path:
    """Clone the repository into `folder`."""
    remote, _ = target.open()
    facts = remote.require_facts()
    publish.clone(Origin(facts.clone_url, remote.github.token, facts.default_branch), folder)
    return folder

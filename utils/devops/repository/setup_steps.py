"""From a design to a repository that is ready to work in: the six steps, in their order.

1 repository · 2 generated files · 3 environments · 4 AWS roles · 5 protection of main · 6 push

Everything that can refuse does so before step 1. Each step compares what is there with what has to
be, so a run that broke off is finished by running it again, and a run with nothing to do says so.
A ruleset that is made before the first push is made disabled (it would refuse that very push) and
is switched on by step 6, which checks it again on every run.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import DevopsError, FailedError, UnavailableError
from common.github_errors import GitHubError, Record
from repository import environments as gating
from repository import protection, settings
from repository.changes import ChangeError, carried_out
from repository.checks import required_checks, workflow_texts
from repository.generating import Generate, generate
from repository.owners import PATH as CODE_OWNERS
from repository.owners import code_owners
from repository.publish import Checkout, Origin
from repository.remote import Remote, RulesetsUnavailableError, ruleset_of
from repository.setup_facts import Known, Order, read_known, ruleset_name
from repository.subjects import is_github_com, subjects
from repository.vault import ROLE, plan_variables, wanted_variables

if TYPE_CHECKING:
    from repository.changes import Change, Executor
    from repository.policy import Policy
    from repository.protection import Demands

Show = Callable[[str], AbstractContextManager[None]]

_CLASSIC = "no rulesets here: classic protection follows the first push"


@dataclass(frozen=True, slots=True)
class Step:
    """One step that happened, and what it changed: nothing, on a second run."""

    number: int
    name: str
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()


class SetupError(DevopsError):
    """A step did not end well; what the steps before it made stays and is usable."""

    def __init__(self, number: int, name: str, cause: DevopsError) -> None:
        super().__init__(
            f"step {number} of 6 ({name}): {cause.message}",
            hint="; ".join(
                [*([cause.hint] if cause.hint else []), "the same command goes on from this step"]
            ),
        )
        self.exit_code = cause.exit_code
        self.code = cause.code


class Setup:
    """One run over one repository."""

    def __init__(
        self,
        remote: Remote,
        policy: Policy,
        order: Order,
        executor: Executor,
        *,
        make_files: Generate = generate,
        sleep: Callable[[float], None],
    ) -> None:
        self._remote = remote
        self._policy = policy
        self._order = order
        self._executor = executor
        self._make_files = make_files
        self._sleep = sleep
        self._known = Known()
        self._slug = remote.slug

    def run(self, show: Show) -> list[Step]:
        """All six steps.

        Raises:
            SetupError: Names the step that did not end well.
            DevopsError: Something refused before the first step; nothing was changed.
        """
        with show("reading the repository, its owner and its teams"):
            self._known = read_known(self._remote, self._policy, self._order)
        steps = []
        for number, (name, act) in enumerate(self._steps(), start=1):
            with show(f"{number}/6 {name}"):
                try:
                    changes, notes = act()
                except DevopsError as error:
                    raise SetupError(number, name, error) from error
            steps.append(Step(number, name, tuple(changes), tuple(notes)))
        return steps

    def _steps(self) -> tuple[tuple[str, Callable[[], tuple[list[Change], list[str]]]], ...]:
        return (
            ("repository", self._repository),
            ("generated files", self._files),
            ("environments and their gates", self._environments),
            ("AWS roles", self._roles),
            ("protection of main", self._protection),
            ("first push", self._push),
        )

    @property
    def url(self) -> str:
        """The address people open; known once the repository is there."""
        facts = self._known.facts
        return facts.html_url if facts else str(self._slug)

    # --- 1 --------------------------------------------------------------------------------------

    def _repository(self) -> tuple[list[Change], list[str]]:
        known, wanted = self._known, self._order.wanted
        if known.facts is None and known.owner is not None:
            changes = settings.creation(wanted, known.owner, self._policy)
        elif known.facts is not None:
            plan = known.owner.plan if known.owner else None
            changes = settings.alignment(
                wanted, known.facts, self._policy, alerts_on=known.alerts_on, plan=plan
            )
        is_org = known.owner.is_org if known.owner else bool(known.facts.owned_by_org)  # type: ignore[union-attr]
        if is_org:
            changes += settings.team_access(self._slug, self._policy.teams, known.access)
        made = known.facts is None
        answers = self._executor.run(changes)
        if made and not self._executor.dry_run:
            known.facts = self._remote.learn(Record(answers[0]))
            settings.check_default_branch(known.facts, self._policy)
            self._remote.await_branch(self._policy.branch, self._sleep)
        applied, refused = carried_out(self._executor, changes)
        return list(applied), list(refused)

    # --- 2 --------------------------------------------------------------------------------------

    def _files(self) -> tuple[list[Change], list[str]]:
        if self._executor.dry_run:
            with tempfile.TemporaryDirectory() as folder:
                made = self._make_files(self._order.design, Path(folder))
                self._known.texts = workflow_texts(Path(folder))
            return [], [f"would write {made.files} files to {self._order.folder}"]
        checkout = self._checkout()
        checkout.connect()
        made = self._make_files(self._order.design, self._order.folder)
        owners = self._order.folder / CODE_OWNERS
        if not owners.exists() and self._remote_is_org():
            owners.parent.mkdir(parents=True, exist_ok=True)
            owners.write_text(code_owners(self._slug, self._policy), encoding="utf-8")
        self._known.texts = workflow_texts(self._order.folder)
        return [], [f"{made.files} files, {made.written} written"] if made.written else []

    def _remote_is_org(self) -> bool:
        return bool(self._known.facts and self._known.facts.owned_by_org)

    def _checkout(self) -> Checkout:
        facts = self._known.facts
        if facts is None:
            raise UnavailableError("step 1 has not made the repository")
        origin = Origin(facts.clone_url, self._remote.github.token, self._policy.branch)
        return Checkout(self._order.folder, origin)

    # --- 3 --------------------------------------------------------------------------------------

    def _environments(self) -> tuple[list[Change], list[str]]:
        known = self._known
        changes = gating.plan_environments(
            self._slug, self._policy, known.environments, known.approvers
        )
        self._executor.run(changes)
        if changes and not self._executor.dry_run:
            self._read_back()
        return changes, []

    def _read_back(self) -> None:
        now = self._remote.environments(with_refs=False)
        wrong = gating.verify(self._policy, now, self._known.approvers)
        if wrong:
            raise FailedError(
                f"GitHub took the settings, and reads back other ones: {'; '.join(wrong)}",
                hint="these gates are NOT enforced; repo_cli.py status shows them",
            )

    # --- 4 --------------------------------------------------------------------------------------

    def _roles(self) -> tuple[list[Change], list[str]]:
        changes: list[Change] = []
        for env in self._policy.environments:
            if env.deploys:
                wanted = wanted_variables(self._policy, env, self._slug.name)
                held = self._known.variables.get(env.name, {})
                if ROLE in held:
                    wanted.pop(ROLE)  # a role that somebody named stays
                changes += plan_variables(self._slug, env.name, wanted, held)
        self._executor.run(changes)
        return changes, self._subjects() if changes else []

    def _subjects(self) -> list[str]:
        """The subject that each role has to trust, and what makes it do so: what comes next."""
        facts = self._known.facts
        if facts is None:
            return []
        on_github_com = is_github_com(self._remote.github.api)
        found = subjects(facts, self._remote.oidc(), on_github_com=on_github_com)
        return [
            f"{self._policy.role_name(self._slug.name, env.deploys)} has to trust "
            f"{found.of_environment(env.name)}: "
            f"terraform_cli.py bootstrap --env {env.deploys} --repository {found.repository}"
            for env in self._policy.environments
            if env.deploys
        ]

    # --- 5 --------------------------------------------------------------------------------------

    def _demands(self) -> Demands:
        checks = required_checks(self._known.texts)
        return protection.demands_of(self._policy, self._policy.branch, checks.names, signed=False)

    def _protection(self) -> tuple[list[Change], list[str]]:
        notes = list(required_checks(self._known.texts).unusable)
        if not self._known.has_rulesets:
            return [], [*notes, _CLASSIC]
        now = self._known.ruleset
        kept = now.enforcement if now else protection.DISABLED
        changes = protection.plan_ruleset(
            self._slug, ruleset_name(self._policy), self._demands(), now, kept
        )
        try:
            answers = self._executor.run(changes)
        except ChangeError as error:
            if not self._lacks_rulesets(error):
                raise
            return [], [*notes, _CLASSIC]
        if changes and not self._executor.dry_run:
            self._known.ruleset = ruleset_of(Record(answers[0]))
        return changes, notes

    def _lacks_rulesets(self, error: ChangeError) -> bool:
        """Whether the reason is a server without rulesets: a 404 alone does not prove that."""
        cause = error.__cause__
        if not (isinstance(cause, GitHubError) and cause.status == 404):
            return False
        try:
            self._remote.ruleset(ruleset_name(self._policy))
        except RulesetsUnavailableError:
            self._known.has_rulesets = False
        return not self._known.has_rulesets

    # --- 6 --------------------------------------------------------------------------------------

    def _push(self) -> tuple[list[Change], list[str]]:
        if self._executor.dry_run:
            changes = self._switched_on()
            self._executor.run(changes)
            return changes, ["would push what differs and switch the protection on"]
        notes = self._push_files()
        changes = self._switched_on()
        self._executor.run(changes)
        return changes, notes

    def _push_files(self) -> list[str]:
        checkout = self._checkout()
        checkout.restore_deleted()
        if checkout.is_pushed():
            return []
        if self._is_protected():
            paths = checkout.uncommitted()
            return [
                f"{len(paths)} files differ from {self._policy.branch}, which is protected: "
                f"commit them in {str(self._order.folder)!r} on a branch and open a pull request"
            ]
        checkout.commit_all(f"feat: service from {self._order.design.document}")
        checkout.push()
        return [f"pushed to {self._policy.branch}"]

    def _is_protected(self) -> bool:
        ruleset = self._known.ruleset
        if ruleset is not None:
            return ruleset.enforcement == protection.ACTIVE
        if self._known.has_rulesets:
            return False
        return self._remote.classic_protection(self._policy.branch) is not None

    def _switched_on(self) -> list[Change]:
        """The change that puts the protection in force, now that it stops nobody's first push."""
        demands = self._demands()
        if not self._known.has_rulesets:
            now = self._remote.classic_protection(self._policy.branch)
            return protection.plan_classic(self._slug, demands, now)
        if self._known.ruleset is None:
            return []  # a dry run: the creation was shown
        return protection.plan_ruleset(
            self._slug, ruleset_name(self._policy), demands, self._known.ruleset
        )

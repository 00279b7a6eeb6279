"""Role, variables and secrets of one environment, and who the role has to trust."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from common.environments import environment
from common.errors import RefusedError, UsageProblemError
from repository import vault
from repository.changes import Outcome
from repository.checks import workflow_texts
from repository.policy import policy
from repository.preflight import Presented, presented_subjects
from repository.subjects import Subjects, is_github_com, issuer, subjects
from repository.trust import Provider, judge, trust_policy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from common.accounts import ValidatedSession
    from repository.model import Facts, Stored
    from repository.policy import WantedEnvironment
    from repository.remote import Remote
    from repository.target import Target


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the values of secrets come from; never the command line."""

    from_env: tuple[str, ...] = ()
    from_stdin: str | None = None
    from_secrets_manager: tuple[str, ...] = ()
    rotate: bool = False


@dataclass(frozen=True, slots=True)
class Aws:
    """How to reach the account, where that is needed."""

    region: str | None = None
    profile: str | None = None
    role_arn: str | None = None


def open_account(wanted: WantedEnvironment, aws: Aws) -> ValidatedSession:
    """A session with the account that an environment deploys to.

    Raises:
        UsageProblemError: It is a gate, which deploys nothing.
    """
    from common.accounts import open_session

    if wanted.deploys is None:
        raise UsageProblemError(f"{wanted.name} is a gate: it has no AWS account")
    env = environment(wanted.deploys)
    return open_session(env, region=aws.region, profile=aws.profile)


def set_credentials(target: Target, name: str, sources: Sources, aws: Aws) -> Outcome:
    """Set the variables and the given secrets of environment `name`."""
    wanted = policy().environment(name)
    values = _values(wanted, sources, aws)
    remote, executor = target.open()
    remote.require_facts()
    known = remote.environment_exists(name)
    if not known and not target.dry_run:
        raise RefusedError(
            f"environment {name!r} does not exist: a secret in an unprotected one is not safe",
            hint=f"repo_cli.py configure --name {target.slug.name} --environments",
        )
    variables = vault.wanted_variables(policy(), wanted, target.slug.name, aws.role_arn)
    held = remote.variables(name) if known else {}
    changes = vault.plan_variables(target.slug, name, variables, held)
    kept: list[str] = []
    if values:
        key = remote.public_key(name) if known else None
        secrets = remote.secrets(name) if known else {}
        more, kept = vault.plan_secrets(
            target.slug, name, values, secrets, key, rotate=sources.rotate
        )
        changes += more
    executor.run(changes)
    notes = [f"secret {k} is there already; --rotate replaces it" for k in kept]
    return Outcome(str(target.slug), remote.url(), tuple(changes), tuple(notes), target.dry_run)


def _values(wanted: WantedEnvironment, sources: Sources, aws: Aws) -> list[vault.SecretValue]:
    values = [vault.from_environment(words) for words in sources.from_env]
    if sources.from_stdin:
        values.append(vault.from_stdin(sources.from_stdin))
    if sources.from_secrets_manager:
        session = open_account(wanted, aws).session
        found = sources.from_secrets_manager
        values += [vault.from_secrets_manager(session, words) for words in found]
    return values


# --- listing ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Aged:
    """One secret or variable and how many days it has been as it is."""

    kind: str
    name: str
    updated_at: str
    days: int
    value: str | None = None


def list_credentials(target: Target, name: str) -> list[Aged]:
    """What an environment holds, oldest first; of secrets only their names."""
    policy().environment(name)
    remote, _ = target.open()
    found = [_aged("secret", stored) for stored in remote.secrets(name).values()]
    found += [_aged("variable", stored) for stored in remote.variables(name).values()]
    return sorted(found, key=lambda entry: (entry.updated_at, entry.name))


def _aged(kind: str, stored: Stored) -> Aged:
    days = vault.age_in_days(stored)
    return Aged(kind, stored.name, stored.updated_at, days, stored.value)


# --- trust --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Trust:
    """The trust policy that the role of one environment has to have.

    `repository` is owner and name as GitHub's tokens have them, with ids where they carry ids.
    """

    role: str
    account: str
    repository: str
    subject: str
    source: str
    document: dict[str, Any]


def wanted_trust(remote: Remote, name: str, aws: Aws) -> Trust:
    """The exact policy for this repository and this environment."""
    wanted = policy().environment(name)
    if wanted.deploys is None:
        raise UsageProblemError(f"{name} is a gate: it assumes no role")
    facts, found = _subjects(remote)
    provider = _provider(remote, wanted.deploys)
    subject = found.of_environment(name)
    return Trust(
        role=_role_name(facts, wanted.deploys, aws),
        account=provider.account,
        repository=found.repository,
        subject=subject,
        source=found.source,
        document=trust_policy(provider, subject),
    )


def _subjects(remote: Remote) -> tuple[Facts, Subjects]:
    facts = remote.require_facts()
    on_github_com = is_github_com(remote.github.api)
    return facts, subjects(facts, remote.oidc(), on_github_com=on_github_com)


def _provider(remote: Remote, env: str) -> Provider:
    return Provider(environment(env).account, issuer(remote.github.api))


def _role_name(facts: Facts, env: str, aws: Aws) -> str:
    if aws.role_arn:
        return vault.check_role(aws.role_arn, environment(env)).rsplit("/", 1)[-1]
    return policy().role_name(facts.full_name.split("/", 1)[1], env)


def apply_trust(trust: Trust, session: ValidatedSession, *, dry_run: bool) -> bool:
    """Set the policy where it differs, unless that is only asked about; whether it did differ."""
    from repository.iam import Roles

    roles = Roles(session, trust.repository)
    if roles.trust(trust.role) == trust.document:
        return False
    if not dry_run:
        roles.set_trust(trust.role, trust.document)
    return True


# --- preflight ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether AWS will let one job in, and what is wrong if not."""

    workflow: str
    job: str
    environment: str | None
    subject: str
    role: str
    ok: bool
    reasons: tuple[str, ...]


def preflight(target: Target, name: str, folder: Path | None, aws: Aws) -> list[Verdict]:
    """Hold the subject of each job of environment `name` against the trust policy of its role.

    Jobs that ask for a token outside any environment are judged too: no role trusts them.
    """
    from repository.iam import Roles

    wanted = policy().environment(name)
    remote, _ = target.open()
    trust = wanted_trust(remote, name, aws)
    facts, found = _subjects(remote)
    texts = workflow_texts(folder) if folder else remote.workflow_texts(facts.default_branch)
    session = open_account(wanted, aws)
    document = Roles(session, trust.repository).trust(trust.role)
    provider = _provider(remote, str(wanted.deploys))
    return [
        _verdict(presented, trust, document, provider)
        for presented in presented_subjects(texts, found)
        if presented.environment in {name, None}
    ]


def _verdict(
    presented: Presented, trust: Trust, document: Mapping[str, Any], provider: Provider
) -> Verdict:
    found = judge(document, provider, presented.subject)
    reasons = list(found.findings)
    if not found.allows:
        trusted = ", ".join(found.trusted) or "nothing"
        reasons.insert(0, f"presents {presented.subject}, the role trusts {trusted}")
    return Verdict(
        presented.workflow,
        presented.job,
        presented.environment,
        presented.subject,
        trust.role,
        found.allows and not found.findings,
        tuple(reasons),
    )

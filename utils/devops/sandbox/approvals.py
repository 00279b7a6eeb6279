"""Approves what waits in the sandbox's GitHub, as one of the people who may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from common.errors import RefusedError, UnavailableError, UsageProblemError
from sandbox.components import tokens

if TYPE_CHECKING:
    from requests import Session

    from sandbox.control import Sandbox

_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides what, on which run; `repository` is `owner/name` where more than one has it."""

    run: int
    person: str
    approve: bool = True
    comment: str = ""
    repository: str | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision was about."""

    repository: str
    run: int
    environments: tuple[str, ...]
    state: str
    person: str


def decide(sandbox: Sandbox, decision: Decision) -> Decided:
    """Approve or reject what this person may approve of a waiting run.

    Raises:
        UsageProblemError: There is no such person or run.
        RefusedError: Nothing of the run waits for this person.
        UnavailableError: The sandbox has no GitHub, or it does not answer.
    """
    session, base = _signed_in(sandbox, decision.person)
    repository = decision.repository or _repository_of(session, base, decision.run)
    pending = f"{base}/repos/{repository}/actions/runs/{decision.run}/pending_deployments"
    waiting = _get(session, pending)
    mine = [item for item in waiting if item["current_user_can_approve"]]
    if not mine:
        names = ", ".join(item["environment"]["name"] for item in waiting) or "nothing"
        raise RefusedError(
            f"run {decision.run} has nothing that {decision.person} may approve",
            hint=f"waiting: {names}",
        )
    state = "approved" if decision.approve else "rejected"
    answer = session.post(
        pending,
        json={
            "environment_ids": [item["environment"]["id"] for item in mine],
            "state": state,
            "comment": decision.comment or f"{state} by {decision.person}",
        },
        timeout=_TIMEOUT_S,
    )
    if not answer.ok:
        raise RefusedError(f"GitHub refused: {answer.json().get('message', answer.status_code)}")
    environments = tuple(item["environment"]["name"] for item in mine)
    return Decided(repository, decision.run, environments, state, decision.person)


def _signed_in(sandbox: Sandbox, person: str) -> tuple[Session, str]:
    import requests

    known = tokens(sandbox.where.github)
    if not sandbox.running.github or not known:
        raise UnavailableError("this sandbox has no GitHub")
    if person not in known:
        raise UsageProblemError(f"there is no {person!r}", hint=f"one of: {', '.join(known)}")
    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = f"Bearer {known[person]}"
    return session, sandbox.running.github


def _repository_of(session: Session, base: str, run: int) -> str:
    from sandbox.components import ORGANISATION

    for repository in _get(session, f"{base}/orgs/{ORGANISATION}/repos?per_page=100"):
        name: str = repository["full_name"]
        url = f"{base}/repos/{name}/actions/runs/{run}"
        if session.get(url, timeout=_TIMEOUT_S).ok:
            return name
    raise UsageProblemError(
        f"there is no run {run} in {ORGANISATION}'s repositories", hint="--repo names another one"
    )


def _get(session: Session, url: str) -> Any:
    answer = session.get(url, timeout=_TIMEOUT_S)
    if not answer.ok:
        raise UsageProblemError(f"GitHub answers {answer.status_code} to {url}")
    return answer.json()

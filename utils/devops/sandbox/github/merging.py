"""Whether a pull request may be merged, what a merge makes, and the runs that judge it.

Reviews and checks are demanded as rulesets and classic protection of the base branch say; who owns
which code is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.github import engine, gits

if TYPE_CHECKING:
    from sandbox.github.store import Data, Store

_GOOD = frozenset({"success", "skipped", "neutral"})
_TYPES = frozenset({"opened", "synchronize", "reopened"})


@dataclass(frozen=True, slots=True)
class Demands:
    """What a base branch demands of a merge."""

    approvals: int = 0
    fresh: bool = False
    checks: tuple[str, ...] = ()
    strict: bool = False


def pulls_of(repo: Data) -> dict[str, Data]:
    """The pull requests of a repository by number; a state kept earlier has none yet."""
    found: dict[str, Data] = repo.setdefault("pulls", {})
    return found


def head_of(store: Store, repo: Data, pull: Data) -> str:
    """The commit to be merged: the branch's, or the one it had when the request was closed."""
    now = gits.branches(store.git_folder(repo)).get(pull["head"])
    return str(now if now and pull["state"] == "open" else pull["head_sha"])


def holds(store: Store, repo: Data, pull: Data, commit: str) -> bool:
    """Whether a commit is among those of a pull request, or is what its merge made."""
    if commit == pull["merge_commit_sha"]:
        return True
    since = pull["base_sha"]
    return commit in gits.commits(store.git_folder(repo), since, head_of(store, repo, pull))


def trial(store: Store, repo: Data, pull: Data) -> str | None:
    """The commit that merging now would make, under `refs/pull/N/merge`; None on a conflict."""
    folder = store.git_folder(repo)
    head = head_of(store, repo, pull)
    message = f"Merge {head} into {pull['base']}"
    sha = gits.merge_commit(folder, pull["base"], head, message, squash=False)
    if sha:
        gits.set_ref(folder, f"refs/pull/{pull['number']}/merge", sha)
    return sha


def judge(store: Store, repo: Data, pull: Data, executor: engine.Executor | None) -> list[Data]:
    """Start the workflows that listen to pull requests, on the trial merge."""
    sha = trial(store, repo, pull)
    if sha is None:
        return []
    started = []
    for path, workflow in engine.workflow_files(store, repo, sha).items():
        if _listens(engine.triggers(workflow), pull["base"]):
            try:
                run = engine.run_on_pull(store, repo, path, workflow, pull, sha)
            except engine.WorkflowError:
                continue  # asks for what no machine here has
            engine.advance(store, repo, run, executor)
            started.append(run)
    return started


def moved(
    store: Store, repo: Data, branches: set[str], executor: engine.Executor | None
) -> list[Data]:
    """Judge the open pull requests of branches that were pushed to."""
    started = []
    for pull in pulls_of(repo).values():
        head = head_of(store, repo, pull)
        if pull["state"] == "open" and pull["head"] in branches and head != pull["head_sha"]:
            pull["head_sha"] = head
            started += judge(store, repo, pull, executor)
    return started


def _listens(triggers: Data, base: str) -> bool:
    if "pull_request" not in triggers:
        return False
    filters = triggers["pull_request"] or {}
    if not _TYPES & set(filters.get("types") or _TYPES):
        return False
    wanted, unwanted = filters.get("branches"), filters.get("branches-ignore")
    if unwanted is not None:
        return not engine.matches(unwanted, base)
    return wanted is None or engine.matches(wanted, base)


def demands(repo: Data, base: str) -> Demands:
    """What rulesets and classic protection demand of a merge into `base`, taken together."""
    each = [*_of_rulesets(repo, base), *_of_protection(repo, base)]
    return Demands(
        approvals=max((one.approvals for one in each), default=0),
        fresh=any(one.fresh for one in each),
        checks=tuple(dict.fromkeys(name for one in each for name in one.checks)),
        strict=any(one.strict for one in each),
    )


def _of_rulesets(repo: Data, base: str) -> Iterator[Demands]:
    for ruleset in gits.rulesets_on(repo, base):
        rules = {rule["type"]: rule.get("parameters") or {} for rule in ruleset["rules"]}
        reviews = rules.get("pull_request", {})
        checks = rules.get("required_status_checks", {})
        yield Demands(
            int(reviews.get("required_approving_review_count", 0)),
            bool(reviews.get("dismiss_stale_reviews_on_push")),
            tuple(check["context"] for check in checks.get("required_status_checks", ())),
            bool(checks.get("strict_required_status_checks_policy")),
        )


def _of_protection(repo: Data, base: str) -> Iterator[Demands]:
    kept = repo["protection"].get(base)
    if kept:
        reviews = kept["required_pull_request_reviews"] or {}
        checks = kept["required_status_checks"] or {}
        names = [check["context"] for check in checks.get("checks", ())]
        yield Demands(
            int(reviews.get("required_approving_review_count", 1 if reviews else 0)),
            bool(reviews.get("dismiss_stale_reviews")),
            tuple(names or checks.get("contexts", ())),
            bool(checks.get("strict")),
        )


def lacking(store: Store, repo: Data, pull: Data) -> str | None:
    """Why the base branch does not take it yet; None when it does."""
    wanted, head = demands(repo, pull["base"]), head_of(store, repo, pull)
    if len(_approvers(pull, head, fresh=wanted.fresh)) < wanted.approvals:
        return f"At least {wanted.approvals} approving review is required"
    passed = _passed(repo, head)
    for name in wanted.checks:
        if name not in passed:
            return f'Required status check "{name}" is expected'
    folder = store.git_folder(repo)
    if wanted.strict and not gits.contains(folder, head, pull["base"]):
        return "This branch is not up to date with the base branch"
    return None


def _approvers(pull: Data, head: str, *, fresh: bool) -> set[str]:
    latest = {
        review["user"]: review for review in pull["reviews"] if review["state"] != "COMMENTED"
    }
    return {
        login
        for login, review in latest.items()
        if review["state"] == "APPROVED" and (review["commit_id"] == head or not fresh)
    }


def _passed(repo: Data, head: str) -> set[str]:
    """The checks that were good on a commit the last time they ran."""
    latest: dict[str, Any] = {}
    for run in sorted(repo["runs"].values(), key=lambda run: int(run["id"])):
        if run["head_sha"] == head:
            latest |= {job["name"]: job["conclusion"] for job in run["jobs"]}
    return {name for name, conclusion in latest.items() if conclusion in _GOOD}

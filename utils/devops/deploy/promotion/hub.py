"""What deployments ask of GitHub: runs, their approvals and jobs, tags, statuses and issues."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from common.errors import UnavailableError

if TYPE_CHECKING:
    from common.github import GitHub
    from common.github_errors import Record
    from deploy.model import Deployment

WORKFLOWS = ".github/workflows"
_FAILED = ("failure", "timed_out", "startup_failure")


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A workflow run, as GitHub tells it."""

    id: str
    repository: str
    head_repository: str
    path: str
    event: str
    status: str
    conclusion: str
    head_sha: str
    head_branch: str
    title: str
    people: frozenset[str]
    url: str


@dataclass(frozen=True, slots=True)
class Review:
    """Somebody approved or rejected gates of a run."""

    gates: tuple[str, ...]
    state: str
    by: str


@dataclass(frozen=True, slots=True)
class Job:
    """A job of a run."""

    name: str
    status: str
    conclusion: str


class Hub:
    """One repository on GitHub."""

    def __init__(
        self, github: GitHub, slug: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.slug = slug
        self._github = github
        self._sleep = sleep

    def releases(self) -> str:
        """Where people read the notes of a release, up to its tag."""
        server = os.environ.get("GITHUB_SERVER_URL") or "https://github.com"
        return f"{server}/{self.slug}/releases/tag/"

    def full_name(self) -> str:
        """The repository's name as GitHub spells it."""
        return str(self._github.get(f"/repos/{self.slug}")["full_name"])

    def run(self, identity: str) -> RunFacts | None:
        """One run, or None."""
        found = self._github.find(f"/repos/{self.slug}/actions/runs/{identity}")
        return _run(found) if found is not None else None

    def reviews(self, identity: str) -> list[Review]:
        """Who approved or rejected which gates of this very run."""
        rows = self._github.listing(f"/repos/{self.slug}/actions/runs/{identity}/approvals")
        return [
            Review(
                tuple(str(environment["name"]) for environment in row["environments"]),
                str(row["state"]),
                str((row.get("user") or {}).get("login", "")),
            )
            for row in rows
        ]

    def jobs(self, identity: str) -> list[Job]:
        """The jobs of a run."""
        rows = self._github.listing(f"/repos/{self.slug}/actions/runs/{identity}/jobs", "jobs")
        return [Job(r["name"], r["status"], str(r.get("conclusion") or "")) for r in rows]

    def waiting(self, identity: str) -> list[str]:
        """What a run waits for: approvals and by whom, timers and until when."""
        path = f"/repos/{self.slug}/actions/runs/{identity}/pending_deployments"
        return [text for row in self._github.listing(path) for text in waits_of(row)]

    def waiting_runs(self, workflow: str) -> list[str]:
        """The runs of a workflow that wait, and what for."""
        path = f"/repos/{self.slug}/actions/workflows/{workflow}/runs"
        rows = self._github.listing(path, "workflow_runs", status="waiting")
        return [
            f"run {row['id']} ({row.get('display_title') or workflow}) waits for {text}"
            for row in rows
            if row["status"] == "waiting"
            for text in self.waiting(str(row["id"]))
        ]

    def commit(self, reference: str) -> str | None:
        """The commit of a tag or branch, or None."""
        from common.github_errors import GitHubError

        try:
            found = self._github.find(f"/repos/{self.slug}/commits/{reference}")
        except GitHubError as error:
            # What GitHub says of a name that stands for no commit.
            if error.status == 422:
                return None
            raise
        return str(found["sha"]) if found is not None else None

    def is_merged(self, commit: str) -> bool:
        """Whether a pull request with exactly this head was merged into main."""
        rows = self._github.listing(f"/repos/{self.slug}/commits/{commit}/pulls")
        return any(
            row.get("merged_at") and row["base"]["ref"] == "main" and row["head"]["sha"] == commit
            for row in rows
        )

    def is_on_main(self, commit: str) -> bool:
        """Whether a commit is on the branch main; a tag of that name is another thing."""
        main = self.commit("heads/main")
        found = self._github.find(f"/repos/{self.slug}/compare/{main}...{commit}") if main else None
        return found is not None and found["status"] in ("behind", "identical")

    def is_reviewed(self, commit: str) -> bool:
        """Whether a commit is on main, or a pull request with exactly it was merged into main."""
        return self.is_on_main(commit) or self.is_merged(commit)

    def tag(self, version: str) -> str | None:
        """The commit of a tag; a branch of the same name is another thing."""
        return self.commit(f"tags/{version}")

    def failed_checks(self, commit: str) -> tuple[list[str], bool]:
        """Names of a commit's workflows whose last run failed, and whether CI passed in one."""
        path = f"/repos/{self.slug}/actions/runs"
        rows = self._github.listing(path, "workflow_runs", head_sha=commit)
        ci = [row for row in rows if str(row["path"]).endswith(("/ci.yml", "/deploy-dev.yml"))]
        ended = [row for row in ci if row["status"] == "completed"]
        newest = {str(row["path"]): row for row in sorted(ended, key=lambda row: int(row["id"]))}
        over = list(newest.values())
        bad = [str(row["name"]) for row in over if row["conclusion"] in _FAILED]
        return bad, any(row["conclusion"] == "success" for row in over)

    def is_deploying(self, identity: str, commit: str) -> bool:
        """Whether this is a run of DEV's pipeline for a commit, at work now."""
        run = self.run(identity) if identity.isdigit() else None
        return (
            run is not None
            and (run.head_sha, run.status) == (commit, "in_progress")
            and run.path == f"{WORKFLOWS}/deploy-dev.yml"
        )

    def dispatch(self, workflow: str, reference: str, inputs: dict[str, str]) -> str:
        """Start a workflow and return its run's id.

        Raises:
            UnavailableError: The run does not show up.
        """
        since = datetime.now(UTC) - timedelta(seconds=5)
        base = f"/repos/{self.slug}/actions/workflows/{workflow}"
        body = {"ref": reference, "inputs": inputs, "return_run_details": True}
        answer = self._github.post(f"{base}/dispatches", body)
        if answer.get("workflow_run_id"):
            return str(answer["workflow_run_id"])
        for _ in range(20):
            rows = self._github.listing(f"{base}/runs", "workflow_runs", event="workflow_dispatch")
            # Not the run that somebody else starts now for another release.
            ours = [r for r in rows if r.get("head_branch") == reference]
            fresh = [r for r in ours if datetime.fromisoformat(str(r["created_at"])) >= since]
            if fresh:
                return str(max(int(r["id"]) for r in fresh))
            self._sleep(2)
        raise UnavailableError(f"{workflow} was started, but its run does not show up")

    def report(self, deployment: Deployment, state: str, text: str) -> None:
        """Set the status of this release in this environment, as GitHub shows it."""
        path = f"/repos/{self.slug}/deployments"
        name = deployment.environment
        rows = self._github.listing(path, sha=deployment.commit, environment=name)
        number = rows[0]["id"] if rows else self._github.post(path, _deployment(deployment))["id"]
        body = {"state": state, "description": text[:140], "auto_inactive": state == "success"}
        self._github.post(f"{path}/{number}/statuses", body)

    def open_issue(self, title: str, body: str) -> str:
        """Open an issue, unless one of this title is open; returns its address."""
        path = f"/repos/{self.slug}/issues"
        for row in self._github.listing(path, state="open", labels="incident"):
            if row["title"] == title:
                return str(row["html_url"])
        made = self._github.post(path, {"title": title, "body": body, "labels": ["incident"]})
        return str(made["html_url"])


def _deployment(deployment: Deployment) -> dict[str, object]:
    return {
        "ref": deployment.commit,
        "environment": deployment.environment,
        "task": "deploy",
        "auto_merge": False,
        "required_contexts": [],
        "payload": {"deployment": deployment.id, "version": deployment.version},
        "description": f"{deployment.version} ({deployment.kind.value})",
    }


def _run(row: Record) -> RunFacts:
    people = {str((row.get(key) or {}).get("login", "")) for key in ("actor", "triggering_actor")}
    return RunFacts(
        id=str(row["id"]),
        repository=str(row["repository"]["full_name"]),
        head_repository=str((row.get("head_repository") or {}).get("full_name", "")),
        path=str(row["path"]).split("@", 1)[0],
        event=str(row["event"]),
        status=str(row["status"]),
        conclusion=str(row.get("conclusion") or ""),
        head_sha=str(row["head_sha"]),
        head_branch=str(row.get("head_branch") or ""),
        title=str(row.get("display_title") or ""),
        people=frozenset(people - {""}),
        url=str(row.get("html_url", "")),
    )


def waits_of(row: Record) -> list[str]:
    """What one gate of a run waits for; a gate can have reviewers and a timer."""
    gate, who = str(row["environment"]["name"]), ", ".join(_reviewers(row))
    waits = [f"approval of {gate} by {who}"] if who else []
    minutes, since = row.get("wait_timer"), row.get("wait_timer_started_at")
    if minutes and since:
        end = datetime.fromisoformat(str(since)) + timedelta(minutes=int(minutes))
        waits.append(f"the timer of {gate}, until {end:%H:%M} UTC")
    return waits or [f"{gate} to begin"]


def _reviewers(row: Record) -> list[str]:
    found = []
    for entry in row.get("reviewers", []):
        who = entry["reviewer"]
        found.append(str(who.get("login") or who.get("slug") or who.get("name")))
    return found

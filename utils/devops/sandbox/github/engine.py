"""What a workflow run goes through: jobs by their needs, gates that wait, approvals, conclusions.

The state machine only. What a job *does* is the executor's business: it is told that a job may
start and answers with the conclusion, or with None when it reports later, through `finish_job`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any, Protocol

import yaml

from sandbox.github import gits
from sandbox.github.conditions import holds, needs_context, ref_kind, run_contexts, text_of
from sandbox.github.job_plan import Source, UnrunnableError, plan_jobs
from sandbox.github.store import Data, Store, now

SUCCESS, FAILURE, SKIPPED, CANCELLED = "success", "failure", "skipped", "cancelled"


class WorkflowError(Exception):
    """The run cannot be: no such file or ref, or a workflow that is not dispatched."""


class Executor(Protocol):
    """Runs the steps of jobs."""

    def start(self, store: Store, repo: Data, run: Data, job: Data) -> str | None:
        """Begin a job; its conclusion, or None when `finish_job` will be called. Called once."""
        ...

    def cancel(self, run: Data) -> None:
        """End what runs of a run that was cancelled."""
        ...


def workflow_files(store: Store, repo: Data, ref: str) -> dict[str, Data]:
    """The parsed workflows of a branch, tag or commit, by path."""
    folder = store.git_folder(repo)
    sha = gits.resolve(folder, ref)
    entries = gits.list_folder(folder, sha, ".github/workflows") if sha else None
    found = {}
    for _, _, path in entries or []:
        if path.endswith((".yml", ".yaml")):
            found[path] = yaml.safe_load(gits.read_file(folder, str(sha), path) or b"") or {}
    return found


def matches(patterns: Any, name: str) -> bool:
    """Whether a branch or tag passes a filter: the last that matches decides, `!` excludes."""
    found = False
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        if fnmatchcase(name, str(pattern).removeprefix("!")):
            found = not str(pattern).startswith("!")
    return found


def triggers(workflow: Data) -> Data:
    """The `on:` of a workflow (which YAML 1.1 reads as True) as an object."""
    raw: Any = {str(key): value for key, value in workflow.items()}
    raw = raw.get("on", raw.get("True"))
    if isinstance(raw, str):
        return {raw: None}
    return dict.fromkeys(raw) if isinstance(raw, list) else dict(raw or {})


def dispatch(store: Store, repo: Data, path: str, ref: str, inputs: Data, actor: str) -> Data:
    """Start a run of the workflow at `path`, as `workflow_dispatch` does."""
    name = ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
    sha = gits.resolve(store.git_folder(repo), name)
    if sha is None:
        raise WorkflowError(f"No ref found for: {ref}")
    workflow = workflow_files(store, repo, name).get(path)
    if workflow is None:
        raise WorkflowError(f"Could not find workflow {path}")
    if "workflow_dispatch" not in triggers(workflow):
        raise WorkflowError("Workflow does not have 'workflow_dispatch' trigger")
    declared = (triggers(workflow)["workflow_dispatch"] or {}).get("inputs") or {}
    unknown = sorted(set(inputs) - set(declared))
    if unknown:
        raise WorkflowError(f"Unexpected inputs provided: {unknown}")
    for key, facts in declared.items():
        if (facts or {}).get("required") and not inputs.get(key) and "default" not in facts:
            raise WorkflowError(f"Required input '{key}' not provided")
    given = {k: _given(f or {}, inputs.get(k)) for k, f in declared.items()}
    return _new_run(store, repo, path, workflow, name, sha, "workflow_dispatch", given, actor)


def _given(facts: Data, value: Any) -> Any:
    """An input's value; the API takes text, workflows read a boolean as one."""
    if value is None:
        return facts.get("default", "")
    is_boolean = facts.get("type") == "boolean"
    return str(value).lower() == "true" if is_boolean else value


def run_on_push(
    store: Store, repo: Data, path: str, workflow: Data, ref: str, sha: str, actor: str
) -> Data:
    """A run of the workflow at `path` for a pushed commit."""
    return _new_run(store, repo, path, workflow, ref, sha, "push", {}, actor)


def run_on_pull(store: Store, repo: Data, path: str, workflow: Data, pull: Data, sha: str) -> Data:
    """A run of the workflow at `path` on `sha`, the trial merge of a pull request."""
    made = {"pull": pull["number"], "sha": sha}
    head, actor = pull["head_sha"], pull["user"]
    event = "pull_request"
    return _new_run(store, repo, path, workflow, pull["head"], head, event, {}, actor, made)


def _new_run(
    store: Store,
    repo: Data,
    path: str,
    workflow: Data,
    ref: str,
    sha: str,
    event: str,
    inputs: Data,
    actor: str,
    more: Data | None = None,
) -> Data:
    number = store.new_id()
    run: Data = {
        **{"id": number, "path": path, "name": workflow.get("name", path), "event": event},
        **{"head_branch": ref, "head_sha": sha, "actor": actor, "inputs": inputs},
        **{"run_number": len(repo["runs"]) + 1, "run_attempt": 1, "created_at": now()},
        **{"status": "queued", "conclusion": None, "updated_at": now(), "approvals": []},
        **(more or {}),
    }
    contexts = run_contexts(store, repo, run)
    source = Source(workflow_files(store, repo, run.get("sha", sha)), contexts, store.new_id)
    try:
        run["jobs"] = plan_jobs(source, workflow)
    except UnrunnableError as error:
        raise WorkflowError(str(error)) from error
    run["title"] = text_of(workflow.get("run-name", run["name"]), contexts)
    repo["runs"][str(number)] = run
    return run


def advance(store: Store, repo: Data, run: Data, executor: Executor | None) -> None:
    """Let every job that may start now start, until nothing moves."""
    moved = True
    while moved and run["status"] != "completed":
        moved = any(_advance_job(store, repo, run, job, executor) for job in run["jobs"])
        _settle(run)


def _advance_job(store: Store, repo: Data, run: Data, job: Data, executor: Executor | None) -> bool:
    if job["status"] not in {"queued", "waiting"}:
        return False
    by_key = {other["key"]: other for other in run["jobs"]}
    needed = [by_key[key] for key in job["needs"] if key in by_key]
    if any(other["status"] != "completed" for other in needed):
        return False
    if job["called"] is not None:
        return _sum_up(job, by_key)
    if not _may_start(store, repo, run, job, by_key):
        return _end(job, SKIPPED)
    if job["environment"] and not job["approved"]:
        return _at_gate(store, repo, run, job)
    return _start(store, repo, run, job, executor)


def _may_start(store: Store, repo: Data, run: Data, job: Data, by_key: dict[str, Data]) -> bool:
    """Whether its conditions, and those of what calls it, hold after the jobs it needs."""
    contexts = {
        **run_contexts(store, repo, run),
        "inputs": job["inputs"],
        "needs": needs_context(job, by_key),
    }
    conclusions = [by_key[key]["conclusion"] for key in job["needs"] if key in by_key]
    return all(holds(guard, contexts, conclusions) for guard in job["guards"] or [None])


def _sum_up(job: Data, by_key: dict[str, Data]) -> bool:
    """End a job that calls a workflow as the jobs of that workflow ended."""
    inner = [by_key[key] for key in job["called"]]
    outcomes = {other["conclusion"] for other in inner}
    contexts = {
        "jobs": {
            other["key"].rpartition("/")[2]: {
                "result": other["conclusion"],
                "outputs": other["outputs"],
            }
            for other in inner
        }
    }
    job["outputs"] = {
        name: text_of((facts or {}).get("value", ""), contexts)
        for name, facts in job["call_outputs"].items()
    }
    if outcomes == {SKIPPED}:
        return _end(job, SKIPPED)
    bad = next((c for c in (FAILURE, CANCELLED) if c in outcomes), SUCCESS)
    return _end(job, bad)


def _at_gate(store: Store, repo: Data, run: Data, job: Data) -> bool:
    """Stop at the environment, fail where its branch policy says so, or pass."""
    name = job["environment"]
    env = repo["environments"].get(name)
    if env is None:
        # As on GitHub: an environment that is only named comes into being, without protection.
        env = {"id": store.new_id(), "name": name, "created_at": now(), "updated_at": now()}
        env |= {"wait_timer": 0, "prevent_self_review": False, "reviewers": [], "policies": {}}
        env |= {"deployment_branch_policy": None, "can_admins_bypass": True}
        repo["environments"][name] = {**env, "secrets": {}, "variables": {}}
        env = repo["environments"][name]
    if not _ref_allowed(store, repo, env, run["head_branch"]):
        return _end(job, FAILURE)
    if job["waiting_since"] is None:
        job["waiting_since"] = now()
    unreviewed = bool(env["reviewers"]) and not job["reviewed"]
    if unreviewed or not _timer_over(store, env, job):
        changed = job["status"] != "waiting"
        job["status"] = "waiting"
        return bool(changed)
    job["approved"] = True
    return True


def _timer_over(store: Store, env: Data, job: Data) -> bool:
    started = datetime.fromisoformat(job["waiting_since"])
    minute = float(store.settings.get("minute_seconds", 60))
    waited = (datetime.now(UTC) - started).total_seconds()
    return waited >= float(env["wait_timer"]) * minute


def _ref_allowed(store: Store, repo: Data, env: Data, ref: str) -> bool:
    policy = env["deployment_branch_policy"]
    if not policy or not policy["custom_branch_policies"]:
        return True
    kind = ref_kind(store, repo, ref)
    wanted = [p["name"] for p in env["policies"].values() if p["type"] == kind]
    return any(fnmatchcase(ref, str(pattern)) for pattern in wanted)


def _start(store: Store, repo: Data, run: Data, job: Data, executor: Executor | None) -> bool:
    job |= {"status": "in_progress", "started_at": now()}
    if job["environment"] and job["deploys"]:
        _deploy(store, repo, run, job)
    conclusion = executor.start(store, repo, run, job) if executor else None
    if conclusion is not None:
        _end(job, conclusion)
    return True


def _deploy(store: Store, repo: Data, run: Data, job: Data) -> None:
    number = store.new_id()
    repo["deployments"][str(number)] = {
        **{"id": number, "sha": run["head_sha"], "ref": run["head_branch"], "task": "deploy"},
        **{"environment": job["environment"], "creator": run["actor"], "payload": {}},
        **{"description": None, "created_at": now(), "statuses": [], "run_id": run["id"]},
    }


def _end(job: Data, conclusion: str) -> bool:
    job |= {"status": "completed", "conclusion": conclusion, "completed_at": now()}
    return True


def finish_job(
    store: Store, repo: Data, run: Data, job: Data, conclusion: str, executor: Executor | None
) -> None:
    """Record how a job ended and let what waited for it go on."""
    _end(job, conclusion)
    advance(store, repo, run, executor)


def cancel(run: Data) -> None:
    """End every job that has not ended."""
    for job in run["jobs"]:
        if job["status"] != "completed":
            _end(job, CANCELLED)
    _settle(run)


def _settle(run: Data) -> None:
    statuses = {job["status"] for job in run["jobs"]}
    if statuses <= {"completed"}:
        outcomes = {job["conclusion"] for job in run["jobs"]}
        bad = next((c for c in (FAILURE, CANCELLED) if c in outcomes), SUCCESS)
        run |= {"status": "completed", "conclusion": bad}
    elif "in_progress" in statuses:
        run["status"] = "in_progress"
    else:
        run["status"] = "waiting" if "waiting" in statuses else "queued"
    run["updated_at"] = now()


def review(run: Data, environment_names: list[str], state: str, comment: str, login: str) -> None:
    """Record an approval or rejection and apply it to the jobs that waited for it."""
    review_ = {"environments": environment_names, "state": state, "user": login, "comment": comment}
    run["approvals"].append({**review_, "created_at": now()})
    for job in run["jobs"]:
        if job["environment"] in environment_names and job["status"] == "waiting":
            if state == "approved":
                job["reviewed"] = True
            else:
                _end(job, FAILURE)
    _settle(run)

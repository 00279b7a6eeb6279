"""Workflows, their runs and jobs, and the deployments that wait for approval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, current_app, request

from sandbox.github import engine, gits, replies
from sandbox.github.environments import reviewers_view
from sandbox.github.replies import body, caller, not_found, refuse, repository, store
from sandbox.github.views import node_id, repo_view, user_view

if TYPE_CHECKING:
    from sandbox.github.store import Data

pages = Blueprint("runs", __name__)


def executor() -> engine.Executor | None:
    found: engine.Executor | None = current_app.extensions.get("github_executor")
    return found


def _base(repo: Data) -> str:
    return f"{store().base_url}/repos/{repo['owner']}/{repo['name']}"


# --- workflows ----------------------------------------------------------------------------------


def _workflow_id(repo: Data, path: str) -> int:
    """A number that stays with the path, given out when it is first asked for."""
    known = repo["workflows"]
    if path not in known:
        known[path] = store().new_id()
    return int(known[path])


def _workflow_view(repo: Data, path: str, workflow: Data) -> Data:
    number = _workflow_id(repo, path)
    url = f"{_base(repo)}/actions/workflows/{number}"
    urls = {"url": url, "html_url": url, "badge_url": f"{url}/badge.svg"}
    stamps = {"created_at": repo["created_at"], "updated_at": repo["updated_at"]}
    facts = {"id": number, "name": workflow.get("name", path), "path": path, "state": "active"}
    return {**facts, **urls, **stamps, "node_id": node_id(number)}


@pages.get("/repos/<owner>/<repo>/actions/workflows")
def workflows(owner: str, repo: str) -> Any:
    found = repository(owner, repo)
    files = engine.workflow_files(store(), found, found["default_branch"])
    views = [_workflow_view(found, path, workflow) for path, workflow in files.items()]
    return replies.counted("workflows", views)


def _path_of(repo: Data, workflow: str) -> str:
    files = engine.workflow_files(store(), repo, repo["default_branch"])
    for path in files:
        if workflow in {str(_workflow_id(repo, path)), path.rsplit("/", 1)[-1]}:
            return path
    return not_found()


@pages.get("/repos/<owner>/<repo>/actions/workflows/<workflow>")
def workflow(owner: str, repo: str, workflow: str) -> Data:
    found = repository(owner, repo)
    path = _path_of(found, workflow)
    files = engine.workflow_files(store(), found, found["default_branch"])
    return _workflow_view(found, path, files[path])


@pages.post("/repos/<owner>/<repo>/actions/workflows/<workflow>/dispatches")
def dispatch(owner: str, repo: str, workflow: str) -> Any:
    found = repository(owner, repo)
    if not replies.may_write(found):
        refuse(403, "Must have write rights to Repository.")
    sent = body("ref")
    path = _path_of(found, workflow)
    try:
        run = engine.dispatch(
            store(), found, path, sent["ref"], sent.get("inputs") or {}, caller()["login"]
        )
    except engine.WorkflowError as error:
        refuse(422, str(error))
    engine.advance(store(), found, run, executor())
    if not sent.get("return_run_details"):
        return "", 204
    url = f"{_base(found)}/actions/runs/{run['id']}"
    return {"workflow_run_id": run["id"], "run_url": url, "html_url": url}


# --- runs ---------------------------------------------------------------------------------------


@pages.get("/repos/<owner>/<repo>/actions/runs")
@pages.get("/repos/<owner>/<repo>/actions/workflows/<workflow>/runs")
def runs(owner: str, repo: str, workflow: str | None = None) -> Any:
    found = repository(owner, repo)
    path = _path_of(found, workflow) if workflow else None
    filters = {"event": "event", "branch": "head_branch", "actor": "actor", "head_sha": "head_sha"}
    chosen = [run for run in found["runs"].values() if path in {None, run["path"]}]
    for parameter, key in filters.items():
        wanted = request.args.get(parameter)
        chosen = [run for run in chosen if wanted in {None, run[key]}]
    status = request.args.get("status")
    chosen = [run for run in chosen if status in {None, run["status"], run["conclusion"]}]
    newest_first = sorted(chosen, key=lambda run: int(run["id"]), reverse=True)
    return replies.counted("workflow_runs", [run_view(found, run) for run in newest_first])


def _run(owner: str, repo: str, number: str) -> tuple[Data, Data]:
    found = repository(owner, repo)
    run = found["runs"].get(number)
    if run is None:
        not_found()
    engine.advance(store(), found, run, executor())
    return found, run


@pages.get("/repos/<owner>/<repo>/actions/runs/<number>")
def run(owner: str, repo: str, number: str) -> Data:
    return run_view(*_run(owner, repo, number))


def run_view(repo: Data, run: Data) -> Data:
    url = f"{_base(repo)}/actions/runs/{run['id']}"
    names = ("jobs", "logs", "cancel", "rerun", "artifacts", "check_suite")
    facts = gits.commit_facts(store().git_folder(repo), run["head_sha"])
    author = {"name": facts["author"]["name"], "email": facts["author"]["email"]}
    stamp = facts["author"]["date"]
    commit = {"id": run["head_sha"], "tree_id": facts["tree"], "message": facts["message"]}
    kept = ("id", "name", "path", "event", "head_branch", "head_sha", "run_number", "run_attempt")
    more = ("status", "conclusion", "created_at", "updated_at")
    view = {key: run[key] for key in (*kept, *more)}
    number = _workflow_id(repo, run["path"])
    slim = repo_view(store(), repo, admin=False)
    return {
        **view,
        **{f"{name}_url": f"{url}/{name}" for name in names},
        **{"url": url, "html_url": url, "node_id": node_id(run["id"]), "workflow_id": number},
        "workflow_url": f"{_base(repo)}/actions/workflows/{number}",
        "display_title": run["title"],
        "run_started_at": run["created_at"],
        "pull_requests": [],
        "actor": user_view(store(), run["actor"]),
        "triggering_actor": user_view(store(), run["actor"]),
        "head_commit": {**commit, "timestamp": stamp, "author": author, "committer": author},
        "repository": slim,
        "head_repository": slim,
    }


@pages.get("/repos/<owner>/<repo>/actions/runs/<number>/jobs")
def jobs(owner: str, repo: str, number: str) -> Any:
    found, run = _run(owner, repo, number)
    return replies.counted(
        "jobs", [_job_view(found, run, job) for job in run["jobs"] if job["called"] is None]
    )


def _job_view(repo: Data, run: Data, job: Data) -> Data:
    url = f"{_base(repo)}/actions/jobs/{job['id']}"
    kept = ("id", "name", "status", "conclusion", "completed_at", "steps")
    return {
        **{key: job[key] for key in kept},
        **{"url": url, "html_url": url, "check_run_url": url, "node_id": node_id(job["id"])},
        **{"run_id": run["id"], "run_url": f"{_base(repo)}/actions/runs/{run['id']}"},
        **{"head_sha": run["head_sha"], "head_branch": run["head_branch"], "run_attempt": 1},
        **{"workflow_name": run["name"], "labels": ["ubuntu-latest"], "runner_id": None},
        **{"runner_name": None, "runner_group_id": None, "runner_group_name": None},
        **{"created_at": run["created_at"], "started_at": job["started_at"] or run["created_at"]},
    }


@pages.post("/repos/<owner>/<repo>/actions/runs/<number>/cancel")
def cancel(owner: str, repo: str, number: str) -> Any:
    _, run = _run(owner, repo, number)
    if run["status"] == "completed":
        refuse(409, "Cannot cancel a workflow run that is completed.")
    engine.cancel(run)
    running = executor()
    if running is not None:
        running.cancel(run)
    return {}, 202


@pages.get("/repos/<owner>/<repo>/actions/jobs/<number>/logs")
def job_log(owner: str, repo: str, number: str) -> Any:
    found = repository(owner, repo)
    for run in found["runs"].values():
        if any(str(job["id"]) == number for job in run["jobs"]):
            path = store().folder / "logs" / str(run["id"]) / f"{number}.log"
            if path.is_file():
                return Response(path.read_bytes(), content_type="text/plain; charset=utf-8")
    return not_found()


# --- gates --------------------------------------------------------------------------------------


def _waiting(repo: Data, run: Data) -> list[Data]:
    names = dict.fromkeys(j["environment"] for j in run["jobs"] if j["status"] == "waiting")
    return [repo["environments"][name] for name in names]


def _may_approve(repo: Data, env: Data, run: Data, login: str) -> bool:
    if env["prevent_self_review"] and login == run["actor"]:
        return False
    org = store().data["orgs"].get(repo["owner"])
    for reviewer in env["reviewers"]:
        if reviewer["type"] == "User" and reviewer["login"] == login:
            return True
        team = org["teams"].get(reviewer.get("slug")) if org else None
        if team and login in team["members"]:
            return True
    return False


_PENDING = "/repos/<owner>/<repo>/actions/runs/<number>/pending_deployments"


@pages.get(_PENDING)
def pending(owner: str, repo: str, number: str) -> list[Data]:
    found, run = _run(owner, repo, number)
    return [_pending_view(found, run, env) for env in _waiting(found, run)]


def _pending_view(repo: Data, run: Data, env: Data) -> Data:
    started = next(j["waiting_since"] for j in run["jobs"] if j["environment"] == env["name"])
    return {
        "environment": _short(repo, env),
        "wait_timer": env["wait_timer"],
        "wait_timer_started_at": started,
        "current_user_can_approve": _may_approve(repo, env, run, caller()["login"]),
        "reviewers": reviewers_view(repo, env),
    }


def _short(repo: Data, env: Data) -> Data:
    url = f"{_base(repo)}/environments/{env['name']}"
    facts = {"id": env["id"], "node_id": node_id(env["id"]), "name": env["name"]}
    return {**facts, "url": url, "html_url": url}


@pages.post(_PENDING)
def review(owner: str, repo: str, number: str) -> Any:
    found, run = _run(owner, repo, number)
    sent = body("environment_ids", "state", "comment")
    chosen = [env for env in _waiting(found, run) if env["id"] in sent["environment_ids"]]
    if not chosen or len(chosen) != len(sent["environment_ids"]):
        refuse(422, "There were no pending deployments found for these environments.")
    login = caller()["login"]
    if any(not _may_approve(found, env, run, login) for env in chosen):
        refuse(403, f"{login} is not a required reviewer of this deployment, or started it.")
    if sent["state"] not in {"approved", "rejected"}:
        refuse(422, "Validation Failed")
    names = [env["name"] for env in chosen]
    engine.review(run, names, sent["state"], sent["comment"], login)
    engine.advance(store(), found, run, executor())
    from sandbox.github.deployments import deployment_view

    mine = [d for d in found["deployments"].values() if d.get("run_id") == run["id"]]
    return [deployment_view(found, d) for d in mine if d["environment"] in names]


@pages.get("/repos/<owner>/<repo>/actions/runs/<number>/approvals")
def approvals(owner: str, repo: str, number: str) -> list[Data]:
    found, run = _run(owner, repo, number)
    return [
        {
            "environments": [
                _short(found, found["environments"][n]) for n in entry["environments"]
            ],
            "state": entry["state"],
            "user": user_view(store(), entry["user"]),
            "comment": entry["comment"],
        }
        for entry in run["approvals"]
    ]

"""What a job is told before it starts, gathered from GitHub's state while that stands still."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.github import conditions
from sandbox.github.vault import open_secret
from sandbox.github.views import subject_prefix
from sandbox.runner.identity import subject
from sandbox.runner.job import JobOrder
from sandbox.runner.step import Facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.github.store import Data, Store
    from sandbox.runner.machine import Machine


def order_for(
    store: Store, repo: Data, run: Data, job: Data, machine: Machine, folder: Path, token: str
) -> JobOrder:
    """The order of a job that may start now."""
    contexts = _contexts(store, repo, run, job, token)
    github = contexts["github"]
    github["workspace"] = str(folder / "workspace")
    facts = Facts(
        bare=store.git_folder(repo),
        repository=github["repository"],
        sha=github["sha"],
        ref=github["ref"],
        url=store.base_url,
        token=token,
        claims=_claims(store, repo, run, job, github),
        permissions=store.job_permissions(token),
        artifacts=store.folder / "artifacts" / str(run["id"]),
    )
    return JobOrder(
        key=job["key"],
        definition=job["definition"],
        workflow=job["workflow"],
        contexts=contexts,
        facts=facts,
        variables={
            **machine.variables(folder / "home"),
            **_github_variables(github, run, job),
            **{"RUNNER_TEMP": str(folder / "home"), "RUNNER_OS": "Linux", "RUNNER_ARCH": "X64"},
        },
        folder=folder,
        minute=float(store.settings.get("minute_seconds", 60)) or 60.0,
    )


def _contexts(store: Store, repo: Data, run: Data, job: Data, token: str) -> dict[str, Any]:
    """`github`, `inputs`, `vars`, `secrets` and `needs`; an environment's values come first."""
    contexts = conditions.run_contexts(store, repo, run)
    environment = repo["environments"].get(job["environment"]) if job["environment"] else None
    holders = [repo, *([environment] if environment else [])]
    variables: dict[str, str] = {}
    secrets: dict[str, str] = {}
    for holder in holders:
        variables |= {name: found["value"] for name, found in holder["variables"].items()}
        secrets |= {name: open_secret(store, s["sealed"]) for name, s in holder["secrets"].items()}
    jobs = {other["key"]: other for other in run["jobs"]}
    return {
        **contexts,
        "github": {**contexts["github"], "token": token, "job": job["key"]},
        "inputs": job["inputs"],
        "vars": variables,
        "secrets": {**secrets, "GITHUB_TOKEN": token},
        "needs": conditions.needs_context(job, jobs),
    }


def _claims(
    store: Store, repo: Data, run: Data, job: Data, github: Mapping[str, Any]
) -> dict[str, Any]:
    prefix = subject_prefix(store, repo)
    named = {"environment": job["environment"]} if job["environment"] else {}
    return {
        **named,
        "sub": subject(prefix, environment=job["environment"], ref=github["ref"]),
        **{key: github[key] for key in ("repository", "repository_owner", "ref", "sha", "actor")},
        **{key: github[key] for key in ("run_id", "run_number", "run_attempt", "event_name")},
        **{"ref_type": github["ref_type"], "workflow": run["name"]},
        "job_workflow_ref": f"{github['repository']}/{run['path']}@{github['ref']}",
    }


def _github_variables(github: Mapping[str, Any], run: Data, job: Data) -> dict[str, str]:
    names = (
        *("repository", "repository_owner", "sha", "ref", "ref_name", "ref_type", "run_id"),
        *("run_number", "run_attempt", "event_name", "actor", "triggering_actor", "workflow"),
        *("server_url", "api_url", "workspace", "head_ref", "base_ref"),
    )
    return {
        **{f"GITHUB_{name.upper()}": str(github[name]) for name in names},
        "GITHUB_JOB": job["key"].rpartition("/")[2],
        "GITHUB_WORKFLOW_REF": f"{github['repository']}/{run['path']}@{github['ref']}",
        "GITHUB_ACTIONS": "true",
        "CI": "true",
    }

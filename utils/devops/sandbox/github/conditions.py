"""The expressions of a workflow, evaluated for one run: conditions, names, environments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pipelines.simulation.evaluate import condition, render, value_of
from sandbox.github import gits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sandbox.github.store import Data, Store

_STATUS_CALL = re.compile(r"\b(success|failure|always|cancelled)\s*\(\s*\)", re.I)


def holds(guard: Any, contexts: Mapping[str, Any], conclusions: Iterable[str]) -> bool:
    """Whether an `if:` holds after what it depends on has ended with these conclusions."""
    ended = set(conclusions)
    statuses = {
        "success()": ended <= {"success"},
        "failure()": "failure" in ended,
        "cancelled()": "cancelled" in ended,
        "always()": True,
    }
    text = "" if guard is None else render(guard)
    if not _STATUS_CALL.search(text) and not statuses["success()"]:
        return False
    # Evaluation knows no reason to stop at what it cannot know; the job says so when it runs.
    return not text or condition(text, {**contexts, **statuses}) is not False


def text_of(raw: Any, contexts: Mapping[str, Any]) -> str:
    """A value of a workflow as text, its expressions filled in."""
    return render(value_of(raw, contexts) if isinstance(raw, str) else raw)


def run_contexts(store: Store, repo: Data, run: Data) -> dict[str, Any]:
    """`github`, `inputs` and the repository's `vars`, as a run's jobs see them."""
    name = f"{repo['owner']}/{repo['name']}"
    kind = ref_kind(store, repo, run["head_branch"])
    ref = f"refs/{'tags' if kind == 'tag' else 'heads'}/{run['head_branch']}"
    event: Data = {"inputs": run["inputs"]}
    sides = {"head_ref": "", "base_ref": ""}
    if "pull" in run:
        pull = repo["pulls"][str(run["pull"])]
        ref = f"refs/pull/{pull['number']}/merge"
        event = {"number": pull["number"], "pull_request": _pull_context(pull, run)}
        sides = {"head_ref": pull["head"], "base_ref": pull["base"]}
    return {
        "github": {
            **{"repository": name, "repository_owner": repo["owner"]},
            **{"sha": run.get("sha", run["head_sha"]), "ref": ref, "ref_type": kind, **sides},
            "ref_name": ref.split("/", 2)[2],
            **{"run_id": str(run["id"]), "run_number": str(run["run_number"])},
            **{"run_attempt": str(run["run_attempt"]), "event_name": run["event"]},
            **{"actor": run["actor"], "triggering_actor": run["actor"], "workflow": run["name"]},
            **{"server_url": store.base_url, "api_url": store.base_url},
            **{"event": event, "repository_id": str(repo["id"])},
        },
        "inputs": run["inputs"],
        "vars": {key: found["value"] for key, found in repo["variables"].items()},
    }


def _pull_context(pull: Data, run: Data) -> Data:
    return {
        **{key: pull[key] for key in ("number", "title", "draft")},
        "head": {"ref": pull["head"], "sha": run["head_sha"]},
        "base": {"ref": pull["base"]},
        "user": {"login": pull["user"]},
    }


def needs_context(job: Data, jobs: Mapping[str, Data]) -> dict[str, Any]:
    """`needs`: result and outputs of the jobs this one names."""
    return {
        key.rpartition("/")[2]: {
            "result": jobs[key]["conclusion"],
            "outputs": jobs[key].get("outputs", {}),
        }
        for key in job["needs"]
        if key in jobs
    }


def ref_kind(store: Store, repo: Data, ref: str) -> str:
    """`tag` or `branch`."""
    return "tag" if ref in gits.tags(store.git_folder(repo)) else "branch"

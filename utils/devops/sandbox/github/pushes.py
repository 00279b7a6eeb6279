"""What a push starts: the workflows of the pushed commit that listen to its branch or tag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.github import engine, gits, merging

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.github.store import Data, Store

Refs = dict[tuple[str, str], str]


def refs_of(store: Store, repo: Data) -> Refs:
    """Commit by `("branches" or "tags", name)`."""
    folder = store.git_folder(repo)
    heads = {("branches", name): sha for name, sha in gits.branches(folder).items()}
    return heads | {("tags", name): sha for name, sha in gits.tags(folder).items()}


def start_runs(
    store: Store, repo: Data, before: Refs, actor: str, executor: engine.Executor
) -> list[Data]:
    """Start a run for each workflow that a push since `before` concerns."""
    pushed = {ref: sha for ref, sha in refs_of(store, repo).items() if before.get(ref) != sha}
    branches = {name for kind, name in pushed if kind == "branches"}
    started = merging.moved(store, repo, branches, executor)
    for (kind, name), sha in pushed.items():
        for path, workflow in engine.workflow_files(store, repo, sha).items():
            if not listens(engine.triggers(workflow), kind, name):
                continue
            try:
                run = engine.run_on_push(store, repo, path, workflow, name, sha, actor)
            except engine.WorkflowError:
                continue  # asks for what no machine here has
            engine.advance(store, repo, run, executor)
            started.append(run)
    return started


def listens(triggers: Mapping[str, Any], kind: str, name: str) -> bool:
    """Whether a workflow runs when this branch or tag is pushed."""
    if "push" not in triggers:
        return False
    filters = triggers["push"] or {}
    wanted, unwanted = filters.get(kind), filters.get(f"{kind}-ignore")
    if unwanted is not None:
        return not engine.matches(unwanted, name)
    if wanted is not None:
        return engine.matches(wanted, name)
    # With a filter for the other kind alone, this kind starts nothing.
    return not {"branches", "branches-ignore", "tags", "tags-ignore"} & set(filters)

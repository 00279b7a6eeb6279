"""Bare repositories: made, committed to by the API, and served over smart HTTP with their rules."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from common.git import environment, git
from common.process import find, run

if TYPE_CHECKING:
    from sandbox.github.store import Data, Store

_HOOK = """#!/bin/sh
# Written by the sandbox: refuses what a ruleset or branch protection forbids.
while read -r old new ref; do
  grep -q "^$ref$" "$GIT_DIR/protected-refs" 2>/dev/null || continue
  echo "remote: error: GH013: Repository rule violations found for $ref." >&2
  echo "remote: - Changes must be made through a pull request." >&2
  exit 1
done
"""


def create(folder: Path, default_branch: str) -> None:
    """An empty bare repository that takes pushes over HTTP."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    words = ("init", "--quiet", "--bare", "--template=", f"--initial-branch={default_branch}")
    git(*words, folder, cwd=folder.parent)
    git("config", "http.receivepack", "true", cwd=folder)
    hook = folder / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(_HOOK, encoding="utf-8")
    hook.chmod(0o755)


def commit_file(
    folder: Path, branch: str, path: str, content: bytes, message: str, author: str
) -> str:
    """Commit one file on top of `branch` (or as its first commit) and return the commit."""
    who = {
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in (("NAME", author), ("EMAIL", f"{author}@users.noreply.github.com"))
    }
    env = {**environment(), **who, "GIT_INDEX_FILE": str(folder / f"index-{os.getpid()}")}
    parent = resolve(folder, branch)
    run(["git", "read-tree", parent or "--empty"], cwd=folder, env=env)
    blob = _write_blob(folder, content)
    run(
        ["git", "update-index", "--add", "--cacheinfo", f"100644,{blob},{path}"],
        cwd=folder,
        env=env,
    )
    tree = run(["git", "write-tree"], cwd=folder, env=env).stdout.strip()
    parents = ["-p", parent] if parent else []
    commit = run(["git", "commit-tree", tree, *parents, "-m", message], cwd=folder, env=env)
    sha = commit.stdout.strip()
    git("update-ref", f"refs/heads/{branch}", sha, cwd=folder)
    return sha


def merge_commit(folder: Path, base: str, head: str, message: str, *, squash: bool) -> str | None:
    """The commit that merging `head` into the branch `base` makes; None when they conflict."""
    onto = f"refs/heads/{base}"
    merged = git("merge-tree", "--write-tree", onto, head, cwd=folder, check=False)
    if not merged.ok:
        return None
    who = {f"GIT_{role}_NAME": "GitHub" for role in ("AUTHOR", "COMMITTER")}
    who |= {f"GIT_{role}_EMAIL": "noreply@github.com" for role in ("AUTHOR", "COMMITTER")}
    parents = ["-p", onto, *([] if squash else ["-p", head])]
    tree = merged.stdout.split()[0]
    made = ["git", "commit-tree", tree, *parents, "-m", message]
    return run(made, cwd=folder, env={**environment(), **who}).stdout.strip()


def set_ref(folder: Path, ref: str, sha: str) -> None:
    git("update-ref", ref, sha, cwd=folder)


def delete_ref(folder: Path, ref: str) -> None:
    git("update-ref", "-d", ref, cwd=folder)


def contains(folder: Path, commit: str, base: str) -> bool:
    """Whether a commit has all of a branch in it."""
    words = ("merge-base", "--is-ancestor", f"refs/heads/{base}", commit)
    return git(*words, cwd=folder, check=False).ok


def commits(folder: Path, base: str, head: str) -> list[str]:
    """The commits of `head` that `base` has not got, the newest first."""
    answer = git("rev-list", f"{base}..{head}", cwd=folder, check=False)
    return answer.stdout.split() if answer.ok else []


def _write_blob(folder: Path, content: bytes) -> str:
    made = subprocess.run(  # bytes, which the text-only process boundary does not take
        [find("git"), "hash-object", "-w", "--stdin"],
        cwd=folder,
        input=content,
        env=environment(),
        capture_output=True,
        check=True,
        timeout=60,
    )
    return made.stdout.decode().strip()


def resolve(folder: Path, ref: str) -> str | None:
    """The commit a branch, tag or commit name stands for."""
    if ref.startswith("-"):
        return None
    for name in (f"refs/heads/{ref}", f"refs/tags/{ref}", ref):
        words = ("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        answer = git(*words, cwd=folder, check=False)
        if answer.ok:
            return answer.stdout.strip()
    return None


def branches(folder: Path) -> dict[str, str]:
    """Commit by branch name."""
    return _refs(folder, "refs/heads")


def tags(folder: Path) -> dict[str, str]:
    """Commit by tag name, annotated tags followed to their commit."""
    return _refs(folder, "refs/tags")


def _refs(folder: Path, under: str) -> dict[str, str]:
    form = "--format=%(refname:lstrip=2) %(objectname) %(*objectname)"
    lines = git("for-each-ref", form, under, cwd=folder).stdout.splitlines()
    found = (line.split(" ") for line in lines)
    return {name: peeled or sha for name, sha, peeled in found}


def read_file(folder: Path, commit: str, path: str) -> bytes | None:
    made = subprocess.run(  # bytes, which the text-only process boundary does not take
        [find("git"), "cat-file", "blob", f"{commit}:{path}"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        timeout=60,
    )
    return made.stdout if made.returncode == 0 else None


def list_folder(folder: Path, commit: str, path: str) -> list[tuple[str, str, str]] | None:
    """`(type, sha, path)` of the entries of a folder, or None where there is none."""
    answer = git("ls-tree", "-z", f"{commit}:{path.strip('/')}", cwd=folder, check=False)
    if not answer.ok:
        return None
    entries = []
    for line in answer.stdout.split("\0"):
        if line:
            facts, name = line.split("\t", 1)
            _, kind, sha = facts.split(" ")
            entries.append((kind, sha, f"{path.strip('/')}/{name}".strip("/")))
    return entries


def commit_facts(folder: Path, commit: str) -> Data:
    """Tree, parents, author, date and message of a commit."""
    form = "--format=%T%x00%P%x00%an%x00%ae%x00%aI%x00%B"
    text = git("show", "--no-patch", form, commit, cwd=folder).stdout
    tree, parents, name, email, date, message = text.split("\0", 5)
    return {
        "tree": tree,
        "parents": parents.split(),
        "author": {"name": name, "email": email, "date": date},
        "message": message.strip(),
    }


def apply_rules(store: Store, repo: Data) -> None:
    """Tell the pre-receive hook which branches rulesets or classic protection close."""
    folder = store.git_folder(repo)
    closed = set(repo["protection"])
    for ruleset in repo["rulesets"].values():
        kinds = {rule["type"] for rule in ruleset["rules"]}
        if ruleset["enforcement"] == "active" and "pull_request" in kinds:
            closed |= set(_matched(repo, ruleset))
    lines = "".join(f"refs/heads/{branch}\n" for branch in sorted(closed))
    (folder / "protected-refs").write_text(lines, encoding="utf-8")


def rulesets_on(repo: Data, branch: str) -> list[Data]:
    """The active rulesets that name a branch."""
    every = repo["rulesets"].values()
    return [r for r in every if r["enforcement"] == "active" and branch in _matched(repo, r)]


def _matched(repo: Data, ruleset: Data) -> list[str]:
    include = ruleset["conditions"].get("ref_name", {}).get("include", [])
    names = [repo["default_branch"] if name == "~DEFAULT_BRANCH" else name for name in include]
    return [name.removeprefix("refs/heads/") for name in names]

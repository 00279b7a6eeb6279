"""`actions/checkout`: the repository at a commit, with as much of its history as asked for."""

from __future__ import annotations

import base64
import re
import shlex
from typing import TYPE_CHECKING

from common.errors import DevopsError
from common.git import git
from common.process import find
from sandbox.runner.step import Step, StepError

if TYPE_CHECKING:
    from pathlib import Path

_COMMIT = re.compile(r"[0-9a-f]{40}")
_HEADS = "+refs/heads/*:refs/remotes/origin/*"


def check_out(step: Step) -> None:
    """Fill the workspace.

    Raises:
        StepError: Another repository is asked for, or there is no such ref.
    """
    facts = step.facts
    other = step.given.get("repository") or facts.repository
    if other.lower() != facts.repository.lower():
        raise StepError(f"the sandbox checks out {facts.repository} only, not {other}")
    folder = step.workspace / (step.given.get("path") or ".")
    if not folder.resolve().is_relative_to(step.workspace.resolve()):
        raise StepError(f"the path {step.given.get('path')!r} leads out of the workspace")
    try:
        _check_out(step, folder, step.given.get("ref") or facts.ref)
    except DevopsError as error:
        raise StepError(f"checkout: {error.message}") from error


def _check_out(step: Step, folder: Path, ref: str) -> None:
    facts = step.facts
    folder.mkdir(parents=True, exist_ok=True)
    git("init", "--quiet", "--template=", "--initial-branch=main", ".", cwd=folder)
    git("remote", "add", "origin", f"{facts.url}/{facts.repository}.git", cwd=folder)
    commit = facts.sha if ref == facts.ref else _resolved(step, ref)
    depth = int(step.given.get("fetch-depth") or 1)
    if depth:
        words = [f"--depth={depth}", "--no-tags", facts.bare.as_uri(), commit]
    else:
        words = ["--tags", facts.bare.as_uri(), _HEADS, "+refs/tags/*:refs/tags/*", commit]
    program = f"{shlex.quote(find('git'))} -c uploadpack.allowAnySHA1InWant=true upload-pack"
    git("fetch", "--quiet", f"--upload-pack={program}", *words, cwd=folder, timeout=300)
    short = ref.removeprefix("refs/heads/")
    if ref.startswith("refs/heads/"):
        git("update-ref", f"refs/remotes/origin/{short}", commit, cwd=folder)
        git("checkout", "--quiet", "--force", "-B", short, commit, cwd=folder)
    else:
        git("checkout", "--quiet", "--force", "--detach", commit, cwd=folder)
    if step.wants("persist-credentials", default=True):
        coded = base64.b64encode(f"x-access-token:{facts.token}".encode()).decode()
        step.hide(coded)
        header = f"AUTHORIZATION: basic {coded}"
        git("config", f"http.{facts.url}/.extraheader", header, cwd=folder)
    step.outputs |= {"commit": commit, "ref": ref}
    step.say(f"checked out {facts.repository} at {commit}")


def _resolved(step: Step, ref: str) -> str:
    if _COMMIT.fullmatch(ref):
        return ref
    from sandbox.github.gits import resolve

    found = resolve(step.facts.bare, ref.removeprefix("refs/heads/").removeprefix("refs/tags/"))
    if found is None:
        raise StepError(f"there is no ref {ref!r} in {step.facts.repository}")
    return found

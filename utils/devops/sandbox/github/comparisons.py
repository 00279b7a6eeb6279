"""How commits stand to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint

from common.git import git
from sandbox.github import gits
from sandbox.github.replies import not_found, refuse, repository, store
from sandbox.github.repositories import commit_view

if TYPE_CHECKING:
    from sandbox.github.store import Data

pages = Blueprint("comparisons", __name__)

_STATUS = {(False, False): "identical", (True, False): "ahead", (False, True): "behind"}


@pages.get("/repos/<owner>/<repo>/compare/<path:basehead>")
def compare(owner: str, repo: str, basehead: str) -> Data:
    """The commits of `base...head` that only the head has."""
    found = repository(owner, repo)
    folder = store().git_folder(found)
    base, _, head = basehead.partition("...")
    ends = [gits.resolve(folder, name) for name in (base, head)]
    if None in ends:
        not_found()
    first, last = map(str, ends)
    shared = git("merge-base", first, last, cwd=folder, check=False)
    if not shared.ok:
        refuse(404, f"No common ancestor between {base} and {head}.")
    ahead, behind = (
        git("rev-list", "--reverse", span, cwd=folder).stdout.split()
        for span in (f"{first}..{last}", f"{last}..{first}")
    )
    url = f"{store().base_url}/repos/{owner}/{repo}/compare/{basehead}"
    return {
        **dict.fromkeys(("url", "html_url", "permalink_url"), url),
        **{"diff_url": f"{url}.diff", "patch_url": f"{url}.patch"},
        "base_commit": commit_view(found, first),
        "merge_base_commit": commit_view(found, shared.stdout.strip()),
        "status": _STATUS.get((bool(ahead), bool(behind)), "diverged"),
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [commit_view(found, sha) for sha in ahead],
    }

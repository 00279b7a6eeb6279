"""DEV takes no commit whose CI failed, and no variable's word for it."""

from __future__ import annotations

from typing import Any

import pytest

from common.errors import RefusedError
from deploy.promotion.deploying_dev import _require_ci
from deploy.promotion.hub import Hub

COMMIT = "c" * 40
CI, DEV = ".github/workflows/ci.yml", ".github/workflows/deploy-dev.yml"


def run(number: int, path: str, conclusion: str | None, sha: str = COMMIT) -> dict[str, Any]:
    status = "completed" if conclusion else "in_progress"
    return {
        "id": number, "path": path, "status": status, "conclusion": conclusion, "event": "push",
        "name": path.rsplit("/", 1)[-1], "head_sha": sha, "repository": {"full_name": "bbws/x"},
    }  # fmt: skip


class FakeGitHub:
    """Knows runs, newest first."""

    def __init__(self, *runs: dict[str, Any]) -> None:
        self._runs = runs

    def listing(self, path, key, **query):
        return [row for row in reversed(self._runs) if row["head_sha"] == query["head_sha"]]

    def find(self, path):
        return next((r for r in self._runs if str(r["id"]) == path.rsplit("/", 1)[-1]), None)


class Site:
    """As much of a site as the check asks."""

    def __init__(self, *runs: dict[str, Any]) -> None:
        self._hub = Hub(FakeGitHub(*runs), "bbws/x")

    def hub(self):
        return self._hub


@pytest.fixture(autouse=True)
def on_a_laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_RUN_ID", raising=False)


@pytest.mark.parametrize("conclusion", ["failure", "timed_out", "startup_failure"])
def test_a_commit_whose_ci_failed_is_refused(conclusion: str):
    with pytest.raises(RefusedError, match=r"CI of cccccccccccc failed: ci\.yml"):
        _require_ci(Site(run(1, CI, conclusion)), COMMIT)


def test_what_was_run_again_and_passed_counts_by_its_last_run():
    _require_ci(Site(run(1, CI, "failure"), run(2, CI, "success")), COMMIT)
    with pytest.raises(RefusedError):
        _require_ci(Site(run(1, CI, "success"), run(2, CI, "failure")), COMMIT)


def test_the_run_of_dev_s_pipeline_for_this_commit_waited_for_ci(monkeypatch):
    monkeypatch.setenv("GITHUB_RUN_ID", "2")
    _require_ci(Site(run(1, CI, "failure"), run(2, DEV, None)), COMMIT)


@pytest.mark.parametrize(
    ("forged", "found"),
    [("2", run(2, DEV, None, "e" * 40)), ("2", run(2, CI, None)), ("3", run(2, DEV, None)),
     ("../2", run(2, DEV, None)), ("2", run(2, DEV, "success"))],
    ids=["another commit", "another workflow", "no such run", "no run at all", "one that is over"],
)  # fmt: skip
def test_a_forged_run_does_not_excuse_failed_ci(monkeypatch, forged: str, found: dict[str, Any]):
    monkeypatch.setenv("GITHUB_RUN_ID", forged)
    with pytest.raises(RefusedError):
        _require_ci(Site(run(1, CI, "failure"), found), COMMIT)

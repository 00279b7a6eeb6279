"""What is asked of GitHub, and what its answers mean."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from common.github_errors import Record
from deploy.promotion.hub import Hub, waits_of
from tests.repository.house import NAME, PATH, opened

LEAD = {"type": "Team", "reviewer": {"slug": "tech-lead"}}
EVE = {"type": "User", "reviewer": {"login": "eve"}}
STARTED = "2026-01-05T12:00:00Z"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"reviewers": [LEAD, EVE]}, ["approval of prod by tech-lead, eve"]),
        (
            {"reviewers": [], "wait_timer": 5, "wait_timer_started_at": STARTED},
            ["the timer of prod, until 12:05 UTC"],
        ),
        (
            {"reviewers": [EVE], "wait_timer": 30, "wait_timer_started_at": STARTED},
            ["approval of prod by eve", "the timer of prod, until 12:30 UTC"],
        ),
        ({"reviewers": [], "wait_timer": 0, "wait_timer_started_at": None}, ["prod to begin"]),
    ],
    ids=["people", "a timer", "both", "neither"],
)
def test_a_gate_says_what_it_waits_for(facts, said):
    assert waits_of(Record({"environment": {"name": "prod"}, **facts})) == said


class Refs:
    """A GitHub of two commits: main's, and one that a tag named main stands on."""

    def __init__(self, main: str | None = "a" * 40) -> None:
        known = {"commits/heads/main": {"sha": main}} if main else {}
        self._known = {
            **known,
            f"compare/{main}...{main}": {"status": "identical"},
            f"compare/{main}...{'e' * 40}": {"status": "diverged"},
            f"compare/main...{'e' * 40}": {"status": "identical"},
        }

    def find(self, path):
        return self._known.get(path.removeprefix("/repos/bbws/x/"))

    def listing(self, path):
        return []


def test_a_tag_named_main_is_not_main():
    assert Hub(Refs(), "bbws/x").is_reviewed("a" * 40)
    assert not Hub(Refs(), "bbws/x").is_reviewed("e" * 40)


def test_without_main_nothing_is_on_it():
    assert not Hub(Refs(main=None), "bbws/x").is_reviewed("e" * 40)


def test_what_is_on_main_is_told_by_github_itself(tmp_path):
    with opened(tmp_path) as house:
        github = house.connect()
        github.post("/orgs/bbws/repos", {"name": NAME, "auto_init": True})
        first = github.get(f"{PATH}/commits/main")["sha"]
        github.post(f"{PATH}/git/refs", {"ref": "refs/heads/side", "sha": first})
        body = {"message": "side", "content": "YQ==", "branch": "side"}
        github.put(f"{PATH}/contents/side.txt", body)
        side = github.get(f"{PATH}/commits/side")["sha"]
        hub = Hub(github, PATH.removeprefix("/repos/"))
        assert hub.is_on_main(first)
        assert hub.is_reviewed(first)
        assert not hub.is_on_main(side)
        assert not hub.is_reviewed(side)
        assert not hub.is_on_main("e" * 40)


class Dispatched:
    """A GitHub that does not say which run it started; another one starts in the same moment."""

    def post(self, path, body):
        return {}

    def listing(self, path, key, **query):
        now = datetime.now(UTC).isoformat()
        return [
            {"id": 8, "created_at": now, "head_branch": "v2.0.0"},
            {"id": 7, "created_at": now, "head_branch": "v1.0.0"},
            {"id": 9, "created_at": "2026-01-05T12:00:00+00:00", "head_branch": "v1.0.0"},
        ]


def test_the_run_that_is_followed_is_the_one_of_this_release():
    assert Hub(Dispatched(), "bbws/x").dispatch("promote-sit.yml", "v1.0.0", {}) == "7"

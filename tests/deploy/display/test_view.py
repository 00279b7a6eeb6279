"""Deployments as programs and people read them."""

from __future__ import annotations

import json

from deploy.display.view import list_data, list_text
from deploy.states import Position, State
from tests.deploy.builders import deployment

DONE = Position(State.SUCCEEDED, 100, done=True)
OLD = deployment("d1", position=DONE, version="v1.0.0", actor="ann")
LIVE = deployment("d2", position=DONE, version="v1.1.0", actor="bob")
BAD = deployment(
    "d3", position=Position(State.ROLLED_BACK, 0, True), version="v1.2.0", cause="judged fail"
)


def test_trap_2_5_the_list_is_for_programs_and_marks_what_is_live():
    rows = json.loads(json.dumps(list_data([OLD, LIVE, BAD], "d2", frozenset({"d1", "d2"}))))
    assert [(r["version"], r["live"], r["can_roll_back_to"]) for r in rows] == [
        ("v1.2.0", False, False),
        ("v1.1.0", True, False),
        ("v1.0.0", False, True),
    ]
    for key in ("commit", "digest", "started", "by", "state", "kind"):
        assert all(row[key] for row in rows)
    assert rows[0]["reason"] == "judged fail"


def test_trap_2_5_the_list_shows_people_the_same():
    text = list_text(list_data([OLD, LIVE], "d2", frozenset({"d1", "d2"})))
    live, old = text.splitlines()[-2:]
    assert "v1.1.0" in live
    assert "live" in live
    assert old.rstrip().endswith("yes")


def test_a_service_without_deployments_says_so():
    assert list_text([]) == "no deployments yet"

"""What is told to people, programs and GitHub; and that nobody's silence stops a deployment."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest

from common.errors import UnavailableError
from deploy.incidents.telling import SOURCE, Herald
from deploy.model import Kind, Options
from deploy.states import Position, State
from tests.conftest import ROOT
from tests.deploy.builders import deployment
from tests.deploy.fakes import FakeTime

SCHEMA = json.loads((ROOT / "templates" / "deploy" / "event.schema.json").read_text())
EVENTS = (
    "BackupRequested", "TrafficMoved", "DeploymentSucceeded", "DeploymentRolledBack",
    "DeploymentBlocked",
)  # fmt: skip
MOVING = replace(deployment(), position=Position(State.CANARY, 10))


class Ears:
    """Hears everything, or cannot be reached."""

    def __init__(self, *, deaf: bool = False) -> None:
        self.heard: list[tuple] = []
        self._deaf = deaf

    def _hear(self, *words: object) -> None:
        if self._deaf:
            raise UnavailableError("nobody there")
        self.heard.append(words)

    publish = put = report = _hear


def herald(ears: Ears) -> Herald:
    return Herald(ears, ears, ears, FakeTime().clock)


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("kind", Kind)
def test_every_event_is_as_its_schema_says(event: str, kind: Kind):
    ears = Ears()
    herald(ears).tell(event, replace(MOVING, kind=kind), "10 %")
    source, name, body = next(words for words in ears.heard if words[0] == SOURCE)
    assert (source, name) == ("bbws.devops", event)
    jsonschema.validate(json.loads(json.dumps(body)), SCHEMA)
    assert event in SCHEMA["description"]


def test_people_and_github_hear_how_it_ended_and_why():
    ears = Ears()
    herald(ears).tell("DeploymentRolledBack", MOVING, "judged fail at 10 %")
    (subject, text) = next(words for words in ears.heard if len(words) == 2)
    assert subject == "auth v1.0.0 was rolled back in prod"
    assert "judged fail at 10 %" in text
    assert (MOVING, "failure", "judged fail at 10 %") in ears.heard


def test_people_find_the_notes_of_the_release():
    ears = Ears()
    page = "https://github.com/bbws/2_bbws_auth_lambda/releases/tag/"
    Herald(ears, ears, ears, FakeTime().clock, page).tell("DeploymentSucceeded", MOVING)
    (_, text) = next(words for words in ears.heard if len(words) == 2)
    assert f"notes       {page}v1.0.0" in text


def test_secrets_in_a_reason_are_masked():
    ears = Ears()
    key = "AKIA" + "ABCDEFGHIJKLMNOP"
    herald(ears).tell("DeploymentBlocked", MOVING, f"key {key} refused")
    assert ears.heard
    assert key not in str(ears.heard)


def test_who_cannot_be_reached_is_named_and_stops_nothing(capsys):
    herald(Ears(deaf=True)).tell("DeploymentSucceeded", MOVING)
    said = capsys.readouterr().err
    for whom in ("EventBridge", "SNS", "GitHub"):
        assert f"{whom} could not be told" in said


def test_an_emergency_is_told_to_everybody_as_one():
    ears, options = Ears(), Options(emergency=True)
    back = replace(MOVING, kind=Kind.ROLLBACK, options=options, reason="it burns")
    herald(ears).tell("DeploymentSucceeded", back)
    (subject, text) = next(words for words in ears.heard if len(words) == 2)
    assert subject == "EMERGENCY, not approved: auth is back at v1.0.0 in prod"
    assert "because     it burns" in text

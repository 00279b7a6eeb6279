"""Other agents answer before anything is changed, or nothing is changed in PROD."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import jsonschema
import pytest

from common.errors import RefusedError
from deploy.canary.strategy import parse_strategy
from deploy.execution.answers import Asked, Status, parse_answer
from deploy.execution.saving import Saver
from deploy.ledger.ledger import AbortedError
from deploy.model import Abort
from deploy.packaging.artifacts import Artifacts
from deploy.resources import Resources
from deploy.states import State
from tests.conftest import ROOT
from tests.deploy.builders import deployment
from tests.deploy.fakes import FakeTime, MemoryBucket
from tests.deploy.world import FakeWorld

SCHEMA = json.loads((ROOT / "templates" / "deploy" / "backup_answer.schema.json").read_text())
AGENTS = ("backup-manager", "tenant-manager")
DONE = {"schema": 1, "status": "done", "reference": "arn:backup"}


class NoState:
    """There is no Terraform state yet."""

    def current(self):
        return ""


@dataclass
class Scene:
    """A deployment that asks for backups; answers come at given seconds."""

    environment: str = "prod"
    time: FakeTime = field(default_factory=FakeTime)
    bucket: MemoryBucket = field(default_factory=MemoryBucket)
    coming: dict[int, tuple[str, object]] = field(default_factory=dict)
    stopped: bool = False

    def answers(self, agent: str, answer: object, *, after: int = 0) -> None:
        self.coming[after] = (agent, answer)

    def save(self):
        self.time.then = self._tick
        self._tick(self.time.moment)
        self._tick_at(0)
        here = deployment(environment=self.environment, functions=())
        return self.saver().save(here, self._go_on)

    def saver(self) -> Saver:
        artifacts = Artifacts(self.bucket, "2_bbws_auth_lambda")
        asked, clock = Asked(AGENTS, 60), self.time.clock
        return Saver(None, None, NoState(), artifacts, Resources(), clock, asked)

    def _go_on(self) -> None:
        if self.stopped:
            raise AbortedError(Abort("ann", "enough", "now"))

    def _tick(self, _) -> None:
        self._tick_at(int(sum(self.time.slept)))

    def _tick_at(self, second: int) -> None:
        for at in [at for at in self.coming if at <= second]:
            agent, answer = self.coming.pop(at)
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.bucket.content[f"2_bbws_auth_lambda/backups/d1/{agent}.json"] = content


def test_answers_in_time_are_kept_in_the_record():
    scene = Scene()
    scene.answers("backup-manager", DONE)
    scene.answers("tenant-manager", {"schema": 1, "status": "nothing-to-do"}, after=30)
    kept = {backup.name: backup.reference for backup in scene.save().backups}
    assert kept == {"backup-manager": "arn:backup", "tenant-manager": "nothing-to-do"}
    assert sum(scene.time.slept) == 30


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "tenant-manager did not answer within 60 s"),
        ({"schema": 1, "status": "failed", "detail": "disk full"}, "tenant-manager: disk full"),
        (b"yes", "tenant-manager: its answer makes no sense"),
        ({"schema": 1, "status": "fine"}, "tenant-manager: its answer makes no sense"),
        ({"schema": 2, "status": "done"}, "tenant-manager: its answer makes no sense"),
        ([], "tenant-manager: its answer makes no sense"),
    ],
    ids=["none", "failed", "no JSON", "an unknown status", "an unknown schema", "a list"],
)
def test_prod_is_not_touched_without_every_backup(answer, said, capsys):
    for environment in ("prod", "sit"):
        scene = Scene(environment)
        scene.answers("backup-manager", DONE)
        if answer is not None:
            scene.answers("tenant-manager", answer, after=5)
        if environment == "prod":
            with pytest.raises(RefusedError) as caught:
                scene.save()
            assert said in caught.value.message
        else:
            scene.save()
            assert said in capsys.readouterr().err


@pytest.mark.parametrize("name", ["old/tenant-manager.json", "tenant-manager", "tenant-manager.md"])
def test_only_an_object_of_the_agents_own_name_is_its_answer(name: str):
    scene = Scene()
    scene.answers("backup-manager", DONE)
    scene.bucket.content[f"2_bbws_auth_lambda/backups/d1/{name}"] = json.dumps(DONE).encode()
    with pytest.raises(RefusedError, match="tenant-manager did not answer"):
        scene.save()


def test_trap_2_1_an_abort_ends_the_waiting():
    scene = Scene(stopped=True)
    with pytest.raises(AbortedError):
        scene.save()
    assert scene.time.slept == []


def test_a_no_of_somebody_who_was_not_asked_counts_too():
    scene = Scene()
    for number, agent in enumerate(AGENTS):
        scene.answers(agent, DONE, after=-number)
    scene.answers("ecs", {"schema": 1, "status": "failed", "detail": "not now"}, after=-9)
    with pytest.raises(RefusedError, match="ecs: not now"):
        scene.save()


def test_the_request_says_where_to_answer():
    assert Scene().saver().request(deployment()) == {
        "bucket": "bbws-artifacts-test",
        "prefix": "2_bbws_auth_lambda/backups/d1/",
        "agents": list(AGENTS),
        "seconds": 60,
    }


@pytest.mark.parametrize("status", Status)
def test_every_answer_of_the_schema_is_understood(status: Status):
    answer = {"schema": 1, "status": status.value, "reference": "r", "detail": "d"}
    jsonschema.validate(answer, SCHEMA)
    assert parse_answer("a", json.dumps(answer).encode()).status is status


def test_deploy_yml_names_who_must_answer_and_the_credentials_outlive_it():
    row = {"agents": ["backup-manager"], "seconds": 120}
    strategy = parse_strategy({"environments": {"prod": {"backup": row}}}, "prod")
    without = parse_strategy({}, "prod")
    assert strategy.backup == Asked(("backup-manager",), 120)
    assert strategy.longest_seconds == without.longest_seconds + 120


def test_a_refused_backup_changes_nothing_and_blocks_nobody():
    world = FakeWorld().with_live_release()
    changed = len(world.lambda_.changes)

    def refuse(_deployment, _go_on):
        raise RefusedError("backup of other agents: backup-manager: disk full")

    world.save = refuse
    with pytest.raises(RefusedError, match="disk full"):
        world.deploy()
    assert world.states()[-1] is State.REFUSED
    assert (len(world.lambda_.changes), world.ledger().head().block) == (changed, "")
    assert world.inconsistencies() == []

"""`chaos`: every fault is bounded, written down before it is made, and undone whatever happens."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from common.errors import FailedError, UnavailableError
from pipeline_test import cli
from rehearsal.chaos import faults
from rehearsal.chaos.experiments import EXPERIMENTS, Experiment, Subject
from rehearsal.chaos.laboratory import Laboratory, Outcome
from rehearsal.chaos.records import BucketRecords, Record
from rehearsal.chaos.report import as_data, as_text, keep
from rehearsal.chaos.run import ChaosRun
from rehearsal.chaos.watching import Sample, steady
from tests.deploy.fakes import NOON, FakeTime

SUBJECT = Subject("fn", ("table",))


@dataclass
class Bucket:
    """Objects in memory."""

    objects: dict[str, bytes] = field(default_factory=dict)
    name: str = "bbws-artifacts-dev"

    def get(self, key: str) -> bytes | None:
        return self.objects.get(key)

    def has(self, key: str) -> bool:
        return key in self.objects

    def put(self, key: str, content: bytes, *, content_type: str) -> None:
        self.objects[key] = content

    def keys(self, prefix: str) -> list[str]:
        return [key for key in self.objects if key.startswith(prefix)]

    def remove(self, key: str) -> None:
        self.objects.pop(key, None)


@dataclass
class Service:
    """A service that can be broken, its alarm, and what was done to it in order."""

    done: list[str] = field(default_factory=list)
    broken: bool = False
    alarm: str | None = "OK"
    notices: bool = True
    comes_back: bool = True
    on_call: Callable[[], None] = lambda: None
    kind: str = "test"

    def call(self) -> str:
        self.on_call()
        return "answered 503" if self.broken and self.notices else ""

    def states(self) -> dict[str, str]:
        if self.alarm is None:
            return {}
        return {"fn-errors": "ALARM" if self.broken else self.alarm}

    def prepare(self, identifier: str) -> dict[str, str]:
        self.done.append("prepare")
        return {"function": "fn"}

    def make(self, identifier: str, details: object) -> None:
        self.done.append("make")
        self.broken = True

    def undo(self, hands: object, identifier: str, details: object) -> None:
        self.done.append("undo")
        self.broken = self.broken and not self.comes_back


@dataclass
class Place:
    service: Service
    bucket: Bucket
    time: FakeTime
    laboratory: Laboratory

    def go(self, seconds: int = 60, subject: Subject = SUBJECT):
        experiment = Experiment("test", "breaks", "holds", lambda hands, subject: self.service)
        return self.laboratory.try_out(experiment, subject, seconds)

    @property
    def records(self) -> BucketRecords:
        return BucketRecords(self.bucket, "auth")


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Place:
    service, bucket, time = Service(), Bucket(), FakeTime()
    monkeypatch.setitem(faults.UNDOING, "test", lambda *words: service.undo(*words))
    hands = faults.Hands(None, None, None, time.sleep)  # type: ignore[arg-type]
    records = BucketRecords(bucket, "auth")
    laboratory = Laboratory(hands, records, service, service, time.clock, "ada")
    return Place(service, bucket, time, laboratory)


def test_a_service_that_notices_rings_and_returns_confirms(place: Place) -> None:
    result = place.go()
    assert result.outcome is Outcome.CONFIRMED
    assert place.service.done == ["prepare", "make", "undo"]
    assert place.bucket.objects == {}


def test_a_fault_without_effect_teaches_nothing(place: Place) -> None:
    place.service.notices = False
    place.service.alarm = None
    result = place.go()
    assert result.outcome is Outcome.NOTHING_LEARNED
    assert ChaosRun("auth", (result,), ()).exit_code == 4


def test_a_call_that_outlives_the_function_refutes(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def timed(caller: Service, at: datetime) -> Sample:
        return Sample(at, 21_000.0 if caller.broken else 30.0, caller.call())

    monkeypatch.setattr("rehearsal.chaos.laboratory.sample", timed)
    result = place.go(subject=Subject("fn", ("table",), longest_call_s=20.0))
    assert [(part.true, part.detail) for part in result.parts if part.name.endswith("in time")] == [
        (False, "the slowest took 21.0 s, 20 s at most were expected")
    ]
    assert result.outcome is Outcome.REFUTED


@pytest.mark.parametrize(
    ("milliseconds", "outcome"), [(20.0, Outcome.NOTHING_LEARNED), (3_000.0, Outcome.CONFIRMED)]
)
def test_a_dependency_that_refuses_at_once_was_not_slow(
    place: Place, monkeypatch: pytest.MonkeyPatch, milliseconds: float, outcome: Outcome
) -> None:
    def timed(caller: Service, at: datetime) -> Sample:
        return Sample(at, milliseconds if caller.broken else 30.0, caller.call())

    monkeypatch.setattr("rehearsal.chaos.laboratory.sample", timed)
    slow = replace(EXPERIMENTS["slow-dependency"], fault=lambda hands, subject: place.service)
    assert place.laboratory.try_out(slow, SUBJECT, 60).outcome is outcome


def test_an_alarm_that_stays_silent_refutes(place: Place) -> None:
    place.service.states = lambda: {"fn-errors": "OK"}  # type: ignore[method-assign]
    result = place.go()
    assert result.outcome is Outcome.REFUTED
    assert ChaosRun("auth", (result,), ()).exit_code == 1


def test_an_alarm_that_rang_before_is_not_the_fault_s(place: Place) -> None:
    place.service.alarm = "ALARM"
    assert place.go().outcome is Outcome.REFUTED


def test_a_service_that_does_not_return_refutes_in_bounded_time(place: Place) -> None:
    place.service.comes_back = False
    result = place.go()
    assert [part.true for part in result.parts if part.name == "the service returned"] == [False]
    assert (place.time.moment - NOON).total_seconds() < 300


def test_a_fault_lasts_no_longer_than_asked(place: Place) -> None:
    place.service.notices = False
    place.go(seconds=30)
    assert 30 <= (place.time.moment - NOON).total_seconds() <= 34


def test_nothing_is_broken_when_the_service_is_not_steady(place: Place) -> None:
    place.service.broken = True
    with pytest.raises(FailedError, match="10 of 10 calls fail"):
        place.go()
    assert place.service.done == []


def test_how_to_undo_is_written_down_before_the_fault_is_made(place: Place) -> None:
    seen: list[int] = []
    make = place.service.make
    place.service.make = lambda *words: (seen.append(len(place.records.all())), make(*words))  # type: ignore[method-assign]
    place.go()
    assert seen == [1]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), UnavailableError("lost the lock")])
def test_whatever_ends_the_watch_the_fault_is_undone(place: Place, error: BaseException) -> None:
    def interrupt() -> None:
        if place.service.broken:
            raise error

    place.service.on_call = interrupt
    with pytest.raises(type(error)):
        place.go()
    assert (place.service.done[-1], place.bucket.objects) == ("undo", {})


def test_a_fault_that_was_half_made_is_undone(place: Place) -> None:
    def half(identifier: str, details: object) -> None:
        place.service.broken = True
        raise UnavailableError("throttled")

    place.service.make = half  # type: ignore[method-assign]
    with pytest.raises(UnavailableError, match="throttled"):
        place.go()
    assert (place.service.broken, place.bucket.objects) == (False, {})


def test_what_cannot_be_undone_keeps_its_record_and_says_so(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise UnavailableError("no network")

    monkeypatch.setitem(faults.UNDOING, "test", fails)
    with pytest.raises(UnavailableError, match="is NOT undone: no network") as caught:
        place.go()
    assert caught.value.hint == "pipeline_test.py chaos --env dev --undo"
    (left,) = place.records.all()
    monkeypatch.setitem(faults.UNDOING, "test", lambda *words: place.service.undo(*words))
    assert place.laboratory.undo_leftovers() == [left]
    assert place.bucket.objects == {}


def test_a_record_that_did_not_arrive_stops_the_fault(place: Place) -> None:
    place.bucket.put = lambda *_, **__: None  # type: ignore[method-assign]
    with pytest.raises(UnavailableError, match="not as it was written"):
        place.go()
    assert "make" not in place.service.done


def test_a_fault_of_another_version_of_the_tools_is_not_guessed_at(place: Place) -> None:
    place.records.keep(Record("1", "x", "unheard-of", "now", "ada", {}))
    with pytest.raises(UnavailableError, match="cannot undo 'unheard-of'"):
        place.laboratory.undo_leftovers()
    assert len(place.records.all()) == 1


def test_a_damaged_record_is_unavailable(place: Place) -> None:
    place.bucket.objects["chaos/auth/1.json"] = b"{"
    with pytest.raises(UnavailableError, match="cannot be read"):
        place.laboratory.undo_leftovers()


def test_steady_is_judged_by_answers_and_time() -> None:
    before = steady([Sample(NOON, 100.0) for _ in range(10)])
    assert (before.holds, before.p95_ms) == (True, 100.0)
    assert before.is_like([Sample(NOON, 1900.0)])
    assert not before.is_like([Sample(NOON, 2100.0)])
    assert not before.is_like([Sample(NOON, 10.0, "answered 500")])
    assert not before.is_like([])
    assert not steady([]).holds


@pytest.mark.parametrize("env", ["sit", "prod", "prod-dr"])
@pytest.mark.parametrize("words", [(), ("--undo",), ("--dry-run",)])
def test_faults_are_made_in_dev_only(env: str, words: tuple[str, ...]) -> None:
    result = run("chaos", "--env", env, "--service", "auth", *words)
    assert result.exit_code == 3
    assert "never made in" in result.stderr


def test_an_unknown_experiment_is_named_with_the_known_ones() -> None:
    result = run("chaos", "--env", "dev", "--experiment", "meteor")
    assert result.exit_code == 2
    assert ", ".join(EXPERIMENTS) in result.stderr


def test_the_reports_tell_hypothesis_and_outcome(place: Place, tmp_path: Path) -> None:
    run_ = ChaosRun("auth", (place.go(),), ())
    keep(run_, tmp_path)
    data = json.loads((tmp_path / "report.json").read_text())
    assert data["experiments"][0]["outcome"] == "confirmed"
    assert "holds" in (tmp_path / "report.html").read_text()
    assert "✓ an alarm rang: fn-errors" in as_text(run_)
    assert as_data(run_)["not_exercised"]


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words))

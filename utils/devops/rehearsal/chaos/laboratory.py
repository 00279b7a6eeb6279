"""One experiment from its steady state to its steady state, undone whatever happens between."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from common.errors import DevopsError, FailedError, UnavailableError
from common.output import note, warn
from rehearsal.chaos.faults import undo
from rehearsal.chaos.records import Record
from rehearsal.chaos.watching import Sample, Steady, sample, steady

if TYPE_CHECKING:
    from deploy.clock import Clock
    from rehearsal.chaos.experiments import Experiment, Subject
    from rehearsal.chaos.faults import Hands
    from rehearsal.chaos.records import Remembering
    from rehearsal.chaos.watching import Calling

_BEFORE, _AFTER = 10, 5
_EVERY_S = 2.0
_RETURN_S = 180
_ENOUGH = 3
_WAITED_MS = 900.0
RINGING = "ALARM"


class Alarms(Protocol):
    """The states of the service's alarms, by name; reads only."""

    def states(self) -> dict[str, str]: ...


class Outcome(StrEnum):
    """What an experiment showed."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    NOTHING_LEARNED = "nothing learned"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a hypothesis, and whether it came true; None: it could not be seen."""

    name: str
    true: bool | None
    detail: str


@dataclass(slots=True)
class Result:
    """One experiment as it went."""

    experiment: Experiment
    function: str
    began: datetime
    before: Steady
    samples: list[Sample] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        if any(part.true is None for part in self.parts):
            return Outcome.NOTHING_LEARNED
        came_true = all(part.true for part in self.parts)
        return Outcome.CONFIRMED if came_true else Outcome.REFUTED


@dataclass(frozen=True, slots=True)
class Laboratory:
    """Everything an experiment needs."""

    hands: Hands
    records: Remembering
    caller: Calling
    alarms: Alarms
    clock: Clock
    by: str
    still_ours: Callable[[], None] = lambda: None
    """Raises when the service's lock was lost."""

    def try_out(self, experiment: Experiment, subject: Subject, seconds: int) -> Result:
        """Run one experiment; its fault lasts for at most `seconds`.

        Raises:
            FailedError: The service is not steady; no fault was made.
            UnavailableError: The fault could not be undone; its record is kept.
        """
        before = steady(self._calls(_BEFORE))
        if not before.holds:
            raise FailedError(
                f"{subject.function} is not steady: {before.failures} of {before.calls} calls fail",
                hint="no fault was made; see its log first",
            )
        result = Result(experiment, subject.function, self.clock.now(), before)
        rang = self._ringing()
        with self._fault(experiment, subject):
            fired = self._watch(result, rang, seconds)
        result.parts += [_effect(result), *_slow(result)]
        result.parts += _in_time(result, subject.longest_call_s)
        result.parts.append(_alarm(fired, self.alarms.states()))
        result.parts.append(Part("the fault was undone", true=True, detail="read back"))
        result.parts.append(self._return(result))
        return result

    @contextmanager
    def _fault(self, experiment: Experiment, subject: Subject) -> Iterator[None]:
        fault = experiment.fault(self.hands, subject)
        identifier = uuid.uuid4().hex[:12]
        details = fault.prepare(identifier)
        at = self.clock.now().isoformat()
        record = Record(identifier, experiment.name, fault.kind, at, self.by, details)
        self.records.keep(record)
        note(f"fault: {experiment.action}")
        try:
            fault.make(identifier, details)
            yield
        finally:
            self.undo(record)

    def undo(self, record: Record) -> None:
        """Undo a fault and forget its record.

        Raises:
            UnavailableError: It could not be undone; the record stays.
        """
        try:
            undo(self.hands, record.kind, record.id, record.details)
        except DevopsError as error:
            raise UnavailableError(
                f"the fault {record.experiment!r} ({record.id}) is NOT undone: {error.message}",
                hint="pipeline_test.py chaos --env dev --undo",
            ) from error
        self.records.forget(record)
        note(f"undone: {record.experiment}")

    def undo_leftovers(self) -> list[Record]:
        """Undo what earlier runs left."""
        left = self.records.all()
        for record in left:
            warn(f"{record.experiment} of {record.at} by {record.by} was never undone")
            self.undo(record)
        return left

    def _calls(self, count: int) -> list[Sample]:
        return [sample(self.caller, self.clock.now()) for _ in range(count)]

    def _ringing(self) -> set[str]:
        return {name for name, state in self.alarms.states().items() if state == RINGING}

    def _watch(self, result: Result, rang: set[str], seconds: int) -> set[str]:
        """Call and look until enough was seen, or the time is over; the alarms that rang."""
        fired: set[str] = set()
        until = result.began.timestamp() + seconds
        while self.clock.now().timestamp() < until:
            self.still_ours()
            result.samples.append(sample(self.caller, self.clock.now()))
            fired |= self._ringing() - rang
            failures = sum(not one.ok for one in result.samples)
            if fired and failures >= _ENOUGH:
                break
            self.clock.sleep(_EVERY_S)
        return fired

    def _return(self, result: Result) -> Part:
        started = self.clock.now()
        while True:
            samples = self._calls(_AFTER)
            result.samples += samples
            seconds = (self.clock.now() - started).total_seconds()
            if result.before.is_like(samples):
                return Part("the service returned", true=True, detail=f"after {seconds:.0f} s")
            if seconds >= _RETURN_S:
                last = next((one.error for one in reversed(samples) if one.error), "slow")
                return Part(
                    "the service returned", true=False, detail=f"{last}, {seconds:.0f} s on"
                )
            self.clock.sleep(_EVERY_S)


def _effect(result: Result) -> Part:
    failed = [one for one in result.samples if not one.ok]
    slow = [one for one in result.samples if one.ok and not result.before.is_like([one])]
    if not failed and not slow:
        why = f": {result.experiment.silent}" if result.experiment.silent else ""
        text = f"all of {len(result.samples)} calls were answered as before{why}"
        return Part("callers noticed", true=None, detail=text)
    errors = sorted({one.error for one in failed})
    said = f"{len(failed)} of {len(result.samples)} calls failed, {len(slow)} were slow"
    return Part("callers noticed", true=True, detail="; ".join([said, *errors[:3]]))


def _slow(result: Result) -> Iterator[Part]:
    """Whether the fault was the one meant: a network may refuse at once what should stay silent."""
    failed = [one.milliseconds for one in result.samples if not one.ok]
    if not result.experiment.is_slow or not failed:
        return
    quickest = min(failed) / 1000
    if quickest * 1000 < _WAITED_MS:
        said = f"calls failed after {quickest:.1f} s: this network refuses at once"
        yield Part("the dependency was slow", true=None, detail=said)
    else:
        said = f"no call failed before {quickest:.1f} s"
        yield Part("the dependency was slow", true=True, detail=said)


def _in_time(result: Result, longest_s: float | None) -> Iterator[Part]:
    """Whether callers got their answer, good or bad, before the function's time was over."""
    if longest_s is None or not result.samples:
        return
    slowest = max(one.milliseconds for one in result.samples) / 1000
    said = f"the slowest took {slowest:.1f} s, {longest_s:.0f} s at most were expected"
    yield Part("calls ended in time", true=slowest <= longest_s, detail=said)


def _alarm(fired: set[str], states: dict[str, str]) -> Part:
    if fired:
        return Part("an alarm rang", true=True, detail=", ".join(sorted(fired)))
    if not states:
        return Part("an alarm rang", true=False, detail="the service has no alarm")
    return Part("an alarm rang", true=False, detail=f"none of {len(states)} in the time given")

"""Walks a plan: writes each step to the ledger before it acts, acts, verifies, writes that down.

Whatever goes wrong on the way ends in one place, `_undo`: traffic goes back to the stable versions
of all functions, and the ledger says so. Only a runner that was killed leaves a deployment in the
middle; then the lease runs out, and `resume` starts again at the step the ledger names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from common.errors import DevopsError, RefusedError
from common.masking import mask
from common.output import warn
from deploy.canary.evidence import closed_window
from deploy.canary.judgement import Judgement, Look, Move, judge, next_move
from deploy.canary.strategy import Hold, Strategy
from deploy.clock import Clock, stamp
from deploy.execution.plan import Action, Step, remaining
from deploy.failures import BlockedError, RejectedError, RolledBackError
from deploy.ledger.heartbeat import Heartbeat
from deploy.ledger.leases import Lock, LockLostError
from deploy.ledger.ledger import AbortedError, Ledger
from deploy.model import Deployment, Judged, Kind, Verdict
from deploy.ports import Probed, World
from deploy.states import Position, State, is_untouched

_UNDO_ATTEMPTS = 3


class Run:
    """One deployment on its way, for the holder of its lock."""

    def __init__(
        self,
        world: World,
        ledger: Ledger,
        strategy: Strategy,
        clock: Clock,
        deployment: Deployment,
        lock: Lock,
    ) -> None:
        self.here = deployment
        self._world = world
        self._ledger = ledger
        self._strategy = strategy
        self._clock = clock
        self._lock = lock
        self._heartbeat = Heartbeat(ledger, lock)
        self._judgement: Judgement | None = None

    def go(self, steps: tuple[Step, ...]) -> Deployment:
        """Take the steps that are left, to success or back.

        Raises:
            RefusedError: A check said no; nothing was changed.
            RolledBackError: It failed and was rolled back.
            BlockedError: It failed and could not be rolled back.
            LockLostError: Somebody else goes on with it; nothing more was touched.
        """
        with self._heartbeat:
            if self.here.position.state is State.BLOCKED and self.here.kind is Kind.ROLLBACK:
                return self._guarded(steps)
            if self.here.position.state in (State.ROLLING_BACK, State.BLOCKED):
                return self._undo(self.here.cause)
            return self._guarded(steps)

    def back(self, cause: str, *, by_hand: bool = False) -> Deployment:
        """Roll back from wherever it is; a rollback is undone, its traffic stays or returns."""
        with self._heartbeat:
            return self._undo(cause, by_hand=by_hand, undone=True)

    def give_up(self, cause: str) -> Deployment:
        """End a blocked deployment where it is: something else takes its place at once."""
        with self._heartbeat:
            going = Position(State.ROLLING_BACK)
            self.here = self._ledger.advance(self.here, going, self._lock, cause=mask(cause))
            over = Position(State.ROLLED_BACK, 0, done=True)
            self.here = self._ledger.advance(self.here, over, self._lock)
            return self.here

    def _guarded(self, steps: tuple[Step, ...]) -> Deployment:
        try:
            for step in remaining(steps, self.here.position):
                self._take(step)
        except AbortedError as stop:
            cause = f"aborted by {stop.abort.by}: {stop.abort.reason}"
            self._undo(cause, by_hand=True, undone=True)
        except LockLostError:
            raise
        except DevopsError as error:
            if isinstance(error, RefusedError) and is_untouched(self.here.position):
                self._refuse(error)
                raise
            self._judgement = getattr(error, "judgement", None)
            self._undo(error.message)
        except KeyboardInterrupt:
            self._undo("interrupted", by_hand=True, raising=False)
            raise
        except Exception as error:
            self._undo(f"a bug in this tool: {type(error).__name__}", raising=False)
            raise
        return self.here

    def _refuse(self, error: RefusedError) -> None:
        refused = Position(State.REFUSED, 0, done=True)
        self.here = self._ledger.advance(self.here, refused, self._lock, cause=mask(error.message))

    def _take(self, step: Step) -> None:
        if self._nothing_new() and step.action is Action.HOLD:
            return
        position = step.position
        if self._nothing_new() and step.action in (Action.SMOKE, Action.FINISH):
            position = replace(position, percent=0)
        if step.action is Action.FINISH:
            position = replace(position, done=True)
        if (self.here.position.state, self.here.position.percent) != (
            position.state,
            position.percent,
        ):
            self._world.telling.show(f"{step.position}: {step.title}")
            self.here = self._ledger.advance(self.here, position, self._lock)
        changed = _ACTIONS[step.action](self, step)
        if step.action is not Action.FINISH:
            done = replace(position, done=True)
            self.here = self._ledger.advance(changed, done, self._lock)

    def _nothing_new(self) -> bool:
        """Every function has this very version already: publishing gave no new one."""
        functions = self.here.functions
        past = self.here.position.state not in (State.REQUESTED, State.CHECKED, State.BACKED_UP)
        return (
            past
            and self.here.kind is not Kind.ROLLBACK
            and bool(functions)
            and all(target.candidate == target.stable for target in functions)
        )

    # --- the steps ------------------------------------------------------------------------------

    def _check(self, _: Step) -> Deployment:
        here = self._world.checks.snapshot(self.here)
        failed = [check for check in self._world.checks.preflight(here) if not check.ok]
        if failed:
            raise RefusedError(
                "; ".join(f"{check.name}: {check.detail}" for check in failed),
                hint="nothing was changed; `deploy_cli.py preflight` shows all checks",
            )
        return here

    def _save(self, _: Step) -> Deployment:
        saving = self._world.saving
        self._world.telling.tell("BackupRequested", self.here, backup=saving.request(self.here))
        saved = saving.save(self.here, self._still_ours)
        return replace(self.here, backups=saved.backups, api=saved.api)

    def _release(self, _: Step) -> Deployment:
        released = self._world.releasing.release(self.here)
        here = replace(
            self.here,
            functions=released.functions,
            api=released.api,
            infrastructure=released.infrastructure,
        )
        if here.kind is not Kind.ROLLBACK:
            # Only when the ledger knows the new versions can a rollback name them.
            self.here = self._ledger.note(here, self._lock, "published")
            _require(self._world.smoking.versions(self.here).failures, "the new versions")
        return self.here if here.kind is not Kind.ROLLBACK else here

    def _hold(self, step: Step) -> Deployment:
        hold = step.hold or Hold(step.position.percent, 0)
        self._heartbeat.check()
        self._world.routing.move(self.here.functions, hold.percent)
        moved = self._clock.now()
        self.here = self._ledger.note(
            self.here,
            self._lock,
            f"{hold.percent} % moved",
            weight_since=stamp(moved),
            canary_since=self.here.canary_since or stamp(moved),
        )
        self._world.telling.tell("TrafficMoved", self.here, f"{hold.percent} %")
        if not hold.judged or self.here.first:
            return self.here
        judged = self._watch(hold, moved)
        return replace(self.here, judged=(*self.here.judged, judged))

    def _watch(self, hold: Hold, moved: datetime) -> Judged:
        """Look again and again until the hold is a pass, or is not."""
        strategy, probed, errors = self._strategy, Probed(), 0
        last = moved + timedelta(
            seconds=hold.seconds + strategy.settle_seconds + 60 + strategy.extension_seconds
        )
        while True:
            self._heartbeat.check()
            self._stop_if_aborted()
            now = self._clock.now()
            window = closed_window(moved, now, strategy.settle_seconds)
            due = window.seconds >= hold.seconds
            evidence = self._world.metering.read(self.here, hold.percent, window, probed)
            over = now >= last
            look = Look(due, _looks(strategy), max(1, len(strategy.holds)), final=over)
            judgement = judge(evidence, strategy.limits, self.here.options, look)
            self._world.telling.judged(hold.percent, judgement, window)
            errors = errors + 1 if judgement.verdict is Verdict.ERROR else 0
            exhausted = over or errors > strategy.limits.max_measuring_errors
            move = next_move(judgement, due=due, exhausted=exhausted)
            if move is Move.PROMOTE:
                return Judged(hold.percent, judgement.verdict, str(window), judgement.reasons)
            if move is Move.ROLL_BACK:
                raise _rejected(hold, judgement)
            if move is Move.PROBE and strategy.probes.enabled:
                probed = self._probe(judgement, probed)
            self._clock.sleep(strategy.poll_seconds)

    def _probe(self, judgement: Judgement, probed: Probed) -> Probed:
        batch = self._strategy.probes.batch
        for target in self.here.functions:
            if target.name in judgement.thin:
                new, stable = self._world.probing.probe(target, batch)
                probed = probed.plus(target.name, new, stable)
        return probed

    def _still_ours(self) -> None:
        self._heartbeat.check()
        self._stop_if_aborted()

    def _stop_if_aborted(self) -> None:
        abort = self._ledger.abort_of(self.here.id)
        if abort:
            raise AbortedError(abort)

    def _smoke(self, _: Step) -> Deployment:
        self._stop_if_aborted()
        _require(self._world.smoking.live(self.here).failures, "what callers get")
        return self.here

    def _finish(self, _: Step) -> Deployment:
        """Make the success known; it is written down already, and nothing takes it back."""
        try:
            self._world.recording.proven(self.here)
        except DevopsError as error:
            warn(f"what was proven could not be kept ({error.message}): `resume` tries again")
        self._world.telling.tell("DeploymentSucceeded", self.here)
        return self.here

    # --- back -----------------------------------------------------------------------------------

    def _undo(
        self, cause: str, *, by_hand: bool = False, raising: bool = True, undone: bool = False
    ) -> Deployment:
        """Give all traffic back to the stable versions, and say so; or say that it did not work.

        Args:
            undone: So does a rollback. Otherwise one that fails keeps its traffic on the release
                that a person wanted, and is blocked.
        """
        cause = mask(cause)
        self._read_again()
        if self.here.is_final:
            if raising and not self.here.succeeded:
                # Somebody else took it over and ended it.
                raise RolledBackError(self.here)
            return self.here
        trouble = self._ledger_says(Position(State.ROLLING_BACK), cause)
        for attempt in range(_UNDO_ATTEMPTS):
            try:
                self._put_back(undone=undone)
            except LockLostError:
                raise
            except DevopsError as error:
                trouble = error.message
                self._clock.sleep(1 + attempt)
                continue
            trouble = self._ledger_says(Position(State.ROLLING_BACK), cause)
            break
        if self.here.kind is Kind.ROLLBACK and not (trouble or undone):
            trouble = cause
        return self._conclude(trouble, by_hand=by_hand, raising=raising)

    def _read_again(self) -> None:
        """What was interrupted may have been written all the same."""
        with suppress(DevopsError):
            self.here = self._ledger.find(self.here.id) or self.here

    def _ledger_says(self, position: Position, cause: str) -> str:
        """Write a backward move down; an unreachable ledger must not stop traffic going back."""
        if self.here.position.state is position.state:
            return ""
        try:
            self.here = self._ledger.advance(self.here, position, self._lock, cause=cause)
        except LockLostError:
            raise
        except DevopsError as error:
            return error.message
        return ""

    def _put_back(self, *, undone: bool) -> None:
        self._heartbeat.check()
        if self.here.kind is Kind.ROLLBACK and not undone:
            if any(target.candidate for target in self.here.functions):
                self._world.routing.move(self.here.functions, 100)
            return
        self._world.routing.restore(self.here.functions)
        api = self.here.api
        if api and api.before:
            self._world.staging.show(api, api.before)

    def _conclude(self, trouble: str, *, by_hand: bool, raising: bool) -> Deployment:
        state = State.BLOCKED if trouble else State.ROLLED_BACK
        incident = self._world.recording.incident(self.here, self._judgement)
        self.here = self._ledger.advance(
            self.here,
            Position(state, 0, done=True),
            self._lock,
            incident=incident,
        )
        in_prod = self.here.environment.startswith("prod")
        if incident and (trouble or (in_prod and not by_hand)):
            self._ledger.block(incident, trouble or self.here.cause)
        event = "DeploymentBlocked" if trouble else "DeploymentRolledBack"
        self._world.telling.tell(event, self.here, trouble or self.here.cause)
        if trouble and raising:
            raise BlockedError(self.here, trouble)
        if raising:
            raise RolledBackError(self.here)
        return self.here


_ACTIONS: Mapping[Action, Callable[[Run, Step], Deployment]] = {
    Action.CHECK: Run._check,
    Action.SAVE: Run._save,
    Action.RELEASE: Run._release,
    Action.HOLD: Run._hold,
    Action.SMOKE: Run._smoke,
    Action.FINISH: Run._finish,
}


def _looks(strategy: Strategy) -> int:
    """How many closed minutes one looks at, over the whole deployment."""
    holds = sum(hold.seconds for hold in strategy.holds)
    return max(1, (holds + strategy.extension_seconds) // 60)


def _rejected(hold: Hold, judgement: Judgement) -> RejectedError:
    reasons = "; ".join(judgement.reasons[:3]) or "no reason"
    verdict = judgement.verdict.name.lower()
    return RejectedError(f"judged {verdict} at {hold.percent} %: {reasons}", judgement)


def _require(failures: tuple[str, ...], what: str) -> None:
    if failures:
        raise RejectedError(f"smoke test of {what}: {'; '.join(failures[:3])}")

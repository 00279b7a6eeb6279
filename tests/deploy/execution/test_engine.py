from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta

import pytest

from common.aws_call import AwsError, CredentialsExpiredError
from common.errors import RefusedError
from deploy.failures import BlockedError, RolledBackError
from deploy.ledger.leases import LockHeldError
from deploy.model import Abort, Options, Verdict
from deploy.ports import Check
from deploy.states import State
from tests.deploy.world import NAMES, NEW, OLD, FakeWorld, KilledError


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld().with_live_release()


def moves(world: FakeWorld) -> list[str]:
    return [detail for event, detail in world.told if event == "TrafficMoved"]


def test_trap_1_14_a_first_version_gets_all_traffic_at_once():
    world = FakeWorld()
    done = world.deploy("d1", version="v1.0.0")
    assert done.succeeded
    assert done.first
    assert moves(world) == ["100 %"]
    assert world.inconsistencies() == []


def test_trap_1_18_traffic_moves_in_our_own_steps(world):
    done = world.deploy()
    assert done.succeeded
    assert moves(world) == ["10 %", "25 %", "50 %", "100 %"]
    assert [j.verdict for j in done.judged] == [Verdict.PASS] * 4
    assert world.lambda_.live_versions() == {"2"}
    assert world.inconsistencies() == []
    assert ("DeploymentSucceeded", "") in world.told
    assert world.proofs[-1] == "v1.1.0"


def test_the_canary_takes_five_minutes_of_closed_periods(world):
    started = world.time.moment
    world.deploy()
    holds = 300 + 3 * 180
    assert holds <= (world.time.moment - started).total_seconds() <= holds + 4 * 135


@pytest.mark.parametrize("share", [1.0, 0.2, 0.05])
def test_a_bad_release_is_stopped_in_the_canary(world, share):
    world.behaviour.errors = dict.fromkeys(NAMES, share)
    with pytest.raises(RolledBackError, match="judged fail at 10 %"):
        world.deploy()
    assert moves(world) == ["10 %"]
    assert world.lambda_.live_versions() == {"1"}
    assert world.inconsistencies() == []


def test_one_bad_function_stops_all(world):
    world.behaviour.errors = {"auth-put": 0.5}
    with pytest.raises(RolledBackError, match="auth-put: errors"):
        world.deploy()
    assert world.lambda_.live_versions() == {"1"}


def test_a_failure_in_prod_blocks_the_next_deployment_until_cleared(world):
    world.behaviour.errors = {"auth-put": 0.5}
    with pytest.raises(RolledBackError) as caught:
        world.deploy()
    assert world.ledger().head().block == caught.value.deployment.incident != ""
    assert world.incidents[0].cause.startswith("judged fail at 10 %")


@pytest.mark.parametrize("environment", ["dev", "sit"])
def test_a_failure_elsewhere_blocks_nothing(environment):
    world = FakeWorld(environment=environment).with_live_release()
    world.smoke_failures = {"live": ("auth-get: 500",)}
    with pytest.raises(RolledBackError):
        world.deploy()
    assert world.ledger().head().block == ""
    assert world.inconsistencies() == []


def test_trap_1_5_metrics_that_cannot_be_read_roll_back(world):
    world.behaviour.blind = True
    with pytest.raises(RolledBackError, match="judged error"):
        world.deploy()
    assert world.lambda_.live_versions() == {"1"}


def test_trap_1_2_without_datapoints_probes_decide_and_are_recorded(world):
    world.behaviour.per_minute = 0
    assert world.deploy().succeeded


def test_trap_2_8_without_any_answer_the_hold_ends_in_time_and_rolls_back(world):
    world.behaviour.per_minute = 0
    world.probe = lambda target, count: (_empty(target.candidate), _empty(target.stable))
    started = world.time.moment
    with pytest.raises(RolledBackError, match="judged inconclusive at 10 %"):
        world.deploy()
    assert (world.time.moment - started).total_seconds() < 300 + 60 + 60 + 900 + 30
    assert world.inconsistencies() == []


def _empty(version):
    from deploy.canary.evidence import VersionSample

    return VersionSample(version)


def test_trap_1_3_no_traffic_may_be_allowed_and_is_recorded(world):
    world.behaviour.per_minute = 0
    world.probe = lambda target, count: (_empty(target.candidate), _empty(target.stable))
    done = world.deploy(options=Options(allow_no_traffic=True))
    assert done.succeeded
    assert done.options.allow_no_traffic


def test_trap_1_16_the_new_version_is_tested_before_it_has_any_traffic(world):
    world.smoke_failures = {"versions": ("auth-get: 500",)}
    with pytest.raises(RolledBackError, match="smoke test of the new versions"):
        world.deploy()
    assert moves(world) == []


def test_trap_1_12_an_unchanged_release_moves_no_traffic(world):
    done = world.deploy("d2", digest=OLD)
    assert done.succeeded
    assert moves(world) == []
    assert world.inconsistencies() == []


def test_a_check_that_says_no_refuses_and_changes_nothing(world):
    world.checks = [Check("credentials", False, "5 s are left")]
    before = list(world.lambda_.changes)
    with pytest.raises(RefusedError, match="credentials: 5 s are left"):
        world.deploy()
    assert world.lambda_.changes == before
    assert world.states()[-1] is State.REFUSED
    assert world.inconsistencies() == []


def test_a_failed_smoke_test_of_all_traffic_rolls_back(world):
    world.smoke_failures = {"live": ("GET /health: 503",)}
    before, world.shown = world.shown, "api-before"
    with pytest.raises(RolledBackError, match="GET /health: 503"):
        world.deploy()
    assert world.lambda_.live_versions() == {"1"}
    assert world.shown == "api-before" != before


def test_trap_2_1_abort_wins_at_every_step(world):
    total = _moments(world)
    for at in range(1, total + 1, 3):
        fresh = FakeWorld().with_live_release()
        fate = fresh.mortal(None)
        ledger = fresh.ledger()
        asked = []

        def watch(name, fate=fate, at=at, ledger=ledger, asked=asked, fresh=fresh):
            fate.count += 1
            if fate.count >= at and not asked:
                asked.append(name)
                fresh.table.before = fresh.table.after = lambda _: None
                ledger.request_abort("d2", Abort("bob", "stop", "now"))

        fate.moment = watch
        try:
            done = fresh.deploy()
        except RolledBackError as error:
            done = error.deployment
            assert "aborted by bob" in done.cause
        assert asked
        fresh.immortal()
        # After the last transition it is over, and an abort comes too late.
        assert done.position.state is State.ROLLED_BACK or fate.count - at <= 3
        assert fresh.inconsistencies() == []


def _moments(world: FakeWorld) -> int:
    fate = world.mortal(None)
    world.deploy()
    world.immortal()
    return fate.count


def survive(world: FakeWorld, *, forward: bool) -> None:
    world.immortal()
    with suppress(RolledBackError):
        world.operation("bob@elsewhere").resume(forward=forward)


@pytest.mark.parametrize("forward", [True, False], ids=["resume", "roll back"])
def test_trap_1_17_a_killed_deployment_always_ends_consistent(forward):
    total = _moments(FakeWorld().with_live_release())
    assert total > 60
    for at in range(1, total + 1):
        world = FakeWorld().with_live_release()
        fate = world.mortal(at)
        with pytest.raises(KilledError):
            world.deploy()
        survive(world, forward=forward)
        assert world.inconsistencies() == [], f"killed {fate.names[-1]} ({at} of {total})"
        assert world.ledger().running() is None


@pytest.mark.parametrize("forward", [True, False], ids=["resume", "roll back"])
def test_a_killed_rollback_always_ends_consistent(forward):
    def failing() -> FakeWorld:
        world = FakeWorld().with_live_release()
        world.behaviour.errors = dict.fromkeys(NAMES, 1.0)
        return world

    counting = failing()
    fate = counting.mortal(None)
    with pytest.raises(RolledBackError):
        counting.deploy()
    for at in range(fate.count - 24, fate.count + 1):
        world = failing()
        dying = world.mortal(at)
        with pytest.raises(KilledError):
            world.deploy()
        survive(world, forward=forward)
        assert world.inconsistencies() == [], f"killed {dying.names[-1]}"
        assert world.lambda_.live_versions() == {"1"}


FAULTS = {
    "throttled": lambda: AwsError("slow down", reason="ThrottlingException"),
    "server error": lambda: AwsError("500", reason="InternalError", uncertain=True),
    "conflict": lambda: AwsError("busy", reason="ResourceConflictException"),
    "expired": lambda: CredentialsExpiredError("expired", reason="ExpiredToken"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize("answered", [False, True], ids=["before", "lost answer"])
def test_a_fault_at_any_change_never_is_a_false_success(fault, answered):
    counting = FakeWorld().with_live_release()
    before = len(counting.lambda_.changes)
    counting.deploy()
    total = len(counting.lambda_.changes) - before
    for at in range(total):
        world = FakeWorld().with_live_release()
        left = [at]

        def wrong(operation, name, left=left):
            if operation.endswith("answered") is answered:
                left[0] -= 1
                if left[0] == -1:
                    raise fault()

        world.lambda_.wrong = wrong
        try:
            done = world.deploy()
        except RolledBackError as error:
            done = error.deployment
            assert world.lambda_.live_versions() == {"1"}
        else:
            assert done.succeeded
        assert world.inconsistencies() == []


def test_trap_1_13_an_alias_that_did_not_move_is_noticed(world):
    real = world.lambda_.point

    def lie(seen, version, weights=None):
        if weights is None or seen.function != "auth-put":
            real(seen, version, weights)

    world.lambda_.point = lie
    with pytest.raises(RolledBackError, match="'auth-put' points to 1"):
        world.deploy()
    assert world.inconsistencies() == []


def test_trap_1_11_a_stranger_who_moves_the_alias_once_is_overcome(world):
    real, done = world.lambda_.point, []

    def disturbed(seen, version, weights=None):
        if not done:
            done.append(seen)
            real(world.lambda_.aliases[seen.function], "1", {})
        real(seen, version, weights)

    world.lambda_.point = disturbed
    assert world.deploy().succeeded
    assert world.inconsistencies() == []


def test_a_rollback_that_does_not_work_blocks_until_a_person_resumes(world):
    world.behaviour.errors = dict.fromkeys(NAMES, 1.0)
    real = world.lambda_.point

    def stuck(seen, version, weights=None):
        if not weights:
            raise AwsError("denied", reason="AccessDeniedException")
        real(seen, version, weights)

    world.lambda_.point = stuck
    with pytest.raises(BlockedError, match="could not be rolled back"):
        world.deploy()
    assert world.states()[-1] is State.BLOCKED
    assert world.ledger().head().block
    world.lambda_.point = real
    with pytest.raises(RolledBackError):
        world.operation().resume(forward=True)
    assert world.inconsistencies() == []


def test_an_interrupted_run_rolls_back_before_it_ends(world):
    def interrupt(*_):
        raise KeyboardInterrupt

    world.read = interrupt
    with pytest.raises(KeyboardInterrupt):
        world.deploy()
    assert world.states()[-1] is State.ROLLED_BACK
    assert world.ledger().head().block == ""
    assert world.inconsistencies() == []


def test_a_bug_of_ours_rolls_back_too(world):
    def broken(*_):
        raise ZeroDivisionError

    world.read = broken
    with pytest.raises(ZeroDivisionError):
        world.deploy()
    assert world.inconsistencies() == []


def test_twenty_deployments_at_once_one_runs_and_nineteen_are_refused(world):
    gate, results = threading.Barrier(20), []
    release = world.release

    def slow(deployment):
        deadline = threading.Event()
        deadline.wait(0.3)
        return release(deployment)

    world.release = slow

    def attempt(number: int) -> None:
        gate.wait()
        try:
            results.append(world.deploy(f"d{number}").id)
        except LockHeldError as error:
            results.append(error)

    threads = [threading.Thread(target=attempt, args=(n,)) for n in range(2, 22)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = [r for r in results if isinstance(r, LockHeldError)]
    assert len(refused) == 19
    assert all("ann@laptop is deploying" in error.message for error in refused)
    assert world.inconsistencies() == []


def test_a_deployment_left_in_the_middle_is_not_walked_over(world):
    world.mortal(40)
    with pytest.raises(KilledError):
        world.deploy()
    world.immortal()
    with pytest.raises(RefusedError, match="was left at"):
        world.deploy("d3")


def test_aborting_a_dead_runner_rolls_back_from_here(world):
    world.mortal(45)
    with pytest.raises(KilledError):
        world.deploy()
    world.immortal()
    done = world.operation("bob@elsewhere").abort("wrong release", "bob")
    assert done.position.state is State.ROLLED_BACK
    assert "aborted by bob: wrong release" in done.cause
    assert world.inconsistencies() == []


def test_aborting_twice_is_harmless(world):
    world.mortal(45)
    with pytest.raises(KilledError):
        world.deploy()
    world.immortal()
    world.operation().abort("wrong release", "bob")
    assert world.operation().abort("again", "eve") is None
    assert world.inconsistencies() == []


def test_what_somebody_else_rolled_back_meanwhile_is_no_success(world):
    def stalls(_deployment, _go_on):
        world.time.moment += timedelta(minutes=5)
        with pytest.raises(RolledBackError):
            world.operation("bob@elsewhere").resume(forward=False)
        raise AwsError("dynamodb: read timeout", reason="ReadTimeoutError")

    world.save = stalls
    with pytest.raises(RolledBackError, match="its runner died"):
        world.deploy()
    assert world.inconsistencies() == []


def test_resume_with_nothing_to_do_makes_the_last_success_known(world):
    world.proofs.clear()
    assert world.operation().resume(forward=True).version == "v1.0.0"
    assert world.proofs == ["v1.0.0"]


def test_a_success_that_cannot_be_made_known_stays_one(world, capsys):
    kept = world.proven

    def fails(_deployment):
        raise AwsError("s3: conflict", reason="ResourceConflictException")

    world.proven = fails
    assert world.deploy().succeeded
    assert "`resume` tries again" in capsys.readouterr().err
    assert (world.lambda_.live_versions(), world.proofs) == ({"2"}, ["v1.0.0"])
    world.proven = kept
    assert world.operation().resume(forward=True).version == "v1.1.0"
    assert world.proofs[-1] == "v1.1.0"
    assert world.inconsistencies() == []


def test_an_interruption_after_the_success_takes_nothing_back(world):
    def interrupted(_deployment):
        raise KeyboardInterrupt

    world.proven = interrupted
    with pytest.raises(KeyboardInterrupt):
        world.deploy()
    assert (world.states()[-1], world.lambda_.live_versions()) == (State.SUCCEEDED, {"2"})
    assert world.inconsistencies() == []


def test_new_bytes_are_what_is_live_afterwards(world):
    from deploy.packaging.package import lambda_digest

    done = world.deploy()
    assert {target.code_sha256 for target in done.functions} == {lambda_digest(NEW)}

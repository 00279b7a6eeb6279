from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from common.errors import RefusedError, UnavailableError
from deploy.codec import decode, encode
from deploy.ledger.chain import broken_links
from deploy.ledger.heartbeat import Heartbeat
from deploy.ledger.leases import LockHeldError, LockLostError
from deploy.ledger.ledger import AbortedError, Ledger
from deploy.model import Abort, Approval, Deployment, Judged, Verdict
from deploy.states import Position, State
from tests.deploy.builders import deployment, walk
from tests.deploy.fakes import FakeTime, MemoryTable, lost

ABORT = Abort("bob", "wrong day", "2026-01-05T12:00:00.000+00:00")


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable()


@pytest.fixture
def ledger(table, time) -> Ledger:
    return Ledger(table, "auth", time.clock)


def begun(ledger: Ledger, identity: str = "d1"):
    lock = ledger.acquire(identity, "ann@laptop")
    return ledger.begin(deployment(identity), lock), lock


def test_a_deployment_survives_being_written_and_read():
    full = deployment(
        approvals=(Approval("prod-tech-lead", "tim"),),
        judged=(Judged(10, Verdict.PASS, "12:00 to 12:05", ("fine",)),),
        position=Position(State.CANARY, 10),
    )
    assert decode(Deployment, encode(full)) == full


def test_a_record_of_a_newer_tool_can_be_read():
    assert decode(Deployment, {**encode(deployment()), "colour": "blue"}) == deployment()


def test_a_whole_deployment_is_one_chain(ledger):
    last = walk(ledger)
    entries = ledger.entries()
    assert last.succeeded
    assert broken_links(entries, ledger.head()) == []
    assert entries[0].event == "requested promotion"
    assert entries[-1].event == "succeeded begun"
    assert ledger.live() == last
    assert ledger.lock() is None
    assert ledger.running() is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda e: replace(e, body={**e.body, "digest": "0" * 64}), "was changed"),
        (lambda e: replace(e, previous="0" * 64), "does not follow"),
        (lambda e: replace(e, event="canary(10 %) done"), "was changed"),
    ],
    ids=["other digest", "other predecessor", "other event"],
)
def test_a_changed_entry_breaks_the_chain(ledger, change, said):
    walk(ledger)
    entries = ledger.entries()
    entries[3] = change(entries[3])
    assert said in " ".join(broken_links(entries, ledger.head()))


def test_a_removed_or_cut_entry_breaks_the_chain(ledger):
    walk(ledger)
    entries = ledger.entries()
    assert broken_links(entries[:3] + entries[4:], ledger.head())[0] == "entry 4 is missing"
    assert broken_links(entries[:-1], ledger.head()) == [
        "the end of the chain is not where the head says"
    ]


def test_a_second_deployment_is_refused_and_told_who_is_at_work(ledger):
    begun(ledger)
    with pytest.raises(LockHeldError, match="ann@laptop is deploying 'auth'") as caught:
        ledger.acquire("d2", "bob@laptop")
    assert caught.value.exit_code == 3
    assert "another 65 s" in (caught.value.hint or "")


def test_a_dead_runners_lease_is_taken_over_only_after_it_ran_out(ledger, time):
    _, old = begun(ledger)
    time.sleep(64)
    with pytest.raises(LockHeldError):
        ledger.acquire("d1", "bob@laptop")
    time.sleep(2)
    new = ledger.acquire("d1", "bob@laptop")
    assert new.token == old.token + 1


def test_the_dead_runner_that_wakes_up_can_write_nothing(ledger, time):
    here, old = begun(ledger)
    time.sleep(70)
    ledger.acquire("d1", "bob@laptop")
    with pytest.raises(LockLostError):
        ledger.advance(here, Position(State.CHECKED), old)
    with pytest.raises(LockLostError):
        ledger.renew(old)
    ledger.release(old)
    assert ledger.lock().owner == "bob@laptop"


def test_renewing_extends_the_lease(ledger, time):
    _, lock = begun(ledger)
    for _ in range(5):
        time.sleep(50)
        lock = ledger.renew(lock)
    with pytest.raises(LockHeldError):
        ledger.acquire("d2", "bob@laptop")


def test_every_transition_renews_the_lease(ledger, time):
    here, lock = begun(ledger)
    time.sleep(50)
    ledger.advance(here, Position(State.CHECKED), lock)
    assert ledger.lock().until - time.moment.timestamp() == 60


def test_twenty_at_once_one_runs_and_nineteen_are_told(table, time):
    won, refused = [], []

    def attempt(number: int) -> None:
        try:
            won.append(Ledger(table, "auth", time.clock).acquire(f"d{number}", f"p{number}"))
        except LockHeldError as error:
            refused.append(error)

    threads = [threading.Thread(target=attempt, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(refused)) == (1, 19)
    assert all(won[0].owner in error.message for error in refused)


def test_trap_2_1_nothing_goes_forward_once_somebody_asked_to_abort(ledger):
    here, lock = begun(ledger)
    ledger.request_abort("d1", ABORT)
    with pytest.raises(AbortedError) as caught:
        ledger.advance(here, Position(State.CHECKED), lock)
    assert caught.value.abort == ABORT
    assert ledger.advance(here, Position(State.ROLLING_BACK), lock).position.state is (
        State.ROLLING_BACK
    )


def test_the_first_abort_is_the_one_that_is_kept(ledger):
    begun(ledger)
    ledger.request_abort("d1", ABORT)
    later = ledger.request_abort("d1", replace(ABORT, by="eve", reason="me too"))
    assert later == ABORT


def test_a_transition_the_state_machine_does_not_have_is_a_bug(ledger):
    here, lock = begun(ledger)
    with pytest.raises(ValueError, match="no way from requested"):
        ledger.advance(here, Position(State.SHIFT, 100, True), lock)


def test_a_lost_answer_after_a_write_is_no_second_write(ledger, table):
    here, lock = begun(ledger)
    length = len(ledger.entries())

    def lose(_: int) -> None:
        table.after = lambda _: None
        raise lost()

    table.after = lose
    here = ledger.advance(here, Position(State.CHECKED), lock)
    assert len(ledger.entries()) == length + 1
    assert ledger.find("d1") == here
    assert broken_links(ledger.entries(), ledger.head()) == []


def test_a_write_that_never_arrived_is_made_again(ledger, table):
    here, lock = begun(ledger)

    def lose(_: int) -> None:
        table.before = lambda _: None
        raise lost()

    table.before = lose
    assert ledger.advance(here, Position(State.CHECKED), lock).position.state is State.CHECKED


def test_a_lost_answer_to_taking_the_lock_is_still_our_lock(ledger, table):
    def lose(_: int) -> None:
        table.after = lambda _: None
        raise lost()

    table.after = lose
    lock = ledger.acquire("d1", "ann@laptop")
    assert ledger.lock() == lock


def test_a_table_that_never_answers_is_said_so(ledger, table):
    here, lock = begun(ledger)

    def lose(_: int) -> None:
        raise lost()

    table.before = lose
    with pytest.raises(UnavailableError, match="could not be written"):
        ledger.advance(here, Position(State.CHECKED), lock)


def test_blocking_and_unblocking_need_the_incident(ledger):
    ledger.block("inc-1", "canary failed")
    assert ledger.head().block == "inc-1"
    with pytest.raises(RefusedError, match="inc-1"):
        ledger.unblock("inc-2", "fixed", "ann")
    ledger.unblock("inc-1", "fixed", "ann")
    assert ledger.head().block == ""
    assert [e.event for e in ledger.entries()] == ["blocked", "unblocked"]
    assert broken_links(ledger.entries(), ledger.head()) == []


def test_the_heartbeat_keeps_the_lease_and_notices_a_takeover(table, time):
    ledger = Ledger(table, "auth", time.clock)
    lock = ledger.acquire("d1", "ann@laptop")
    with Heartbeat(ledger, lock, every=0.001) as heartbeat:
        time.moment = time.moment.replace(hour=13)
        before = table.writes
        while table.writes < before + 3:
            pass
        heartbeat.check()
        table.items[("SERVICE#auth", "LOCK")]["nonce"] = "somebody else"
        heartbeat._thread.join(timeout=5)
        with pytest.raises(LockLostError):
            heartbeat.check()

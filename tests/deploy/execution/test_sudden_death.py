"""SIGKILL before and after the transitions of a PROD deployment, in both directions.

Every moment is tried in memory (`test_engine`); here real processes die, and AWS and ledger are
the sandbox's. The run takes samples; `BBWS_DEATH_STRIDE=1` takes every transition.
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import timedelta

import pytest

from deploy.failures import RolledBackError
from tests.conftest import ROOT
from tests.deploy.aws import Repo, enter
from tests.deploy.place import Place

pytestmark = pytest.mark.e2e

STRIDE = int(os.environ.get("BBWS_DEATH_STRIDE", "13"))
_numbers = itertools.count(1)


@pytest.fixture
def new_place(sandbox, service, tmp_path, git_identity, monkeypatch):
    """Makes places in which v1.0.0 is live in prod, each for a service of its own."""

    def make() -> Place:
        name = f"{service}x{next(_numbers)}"
        repo = Repo(tmp_path, name)
        repo.commit("v1.0.0")
        enter(sandbox, monkeypatch, repo.root)
        place = Place(sandbox, name, "prod", hours_ago=4)
        place.deploy("v1.0.0")
        return place

    return make


def run_victim(place: Place, at: int, when: str, health: str) -> subprocess.CompletedProcess:
    words = [sys.executable, "-m", "tests.deploy.victim", place.aws.service, "3"]
    search = os.pathsep.join([str(ROOT), str(ROOT / "utils" / "devops")])
    return subprocess.run(
        [*words, str(at), when, health],
        env={**os.environ, "PYTHONPATH": search},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("health", ["healthy", "broken"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_trap_1_17_a_process_killed_at_a_transition_leaves_nothing_half_done(
    new_place, when: str, health: str
):
    counted = run_victim(new_place(), 0, when, health)
    assert counted.returncode == 0, counted.stderr
    total = int(counted.stdout.split()[-1])
    assert total > 10
    for at in range(1 + (when == "after"), total + 1, STRIDE):
        for forward in (True, False) if STRIDE == 1 else (at % 2 == 0,):
            place = new_place()
            dead = run_victim(place, at, when, health)
            assert dead.returncode == -signal.SIGKILL, dead.stderr
            # The dead one lived at most an hour of its clock; its lease has run out by now.
            place.traffic.rest_until(place.time.moment + timedelta(hours=3))
            if health == "broken":
                place.traffic.errors = {"3": 1.0}
            with suppress(RolledBackError):
                place.operation().resume(forward=forward)
            assert place.inconsistencies() == [], (at, when, forward)
            assert place.aws.answers() == {place.ledger().live().version}

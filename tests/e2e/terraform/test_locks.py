"""Locks: which, who holds them, how they are broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.terraform_project import (
    BUILT_IN,
    Maker,
    error_of,
    eventually,
    kill,
    slow,
    terraform_of,
)

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("lock", ["both", "file", "table"])
def test_trap_3_10_either_lock_or_both(make_project: Maker, lock: str) -> None:
    project = make_project(ready=False)
    project.ok("bootstrap")
    project.ok("init", "--lock", lock)
    planned = project.cli("plan", "-o", "json")
    assert json.loads(planned.stdout)["counts"]["create"] == 1
    assert "deprecated" not in planned.stderr.lower()
    project.ok("apply", "-o", "json")
    assert json.loads(project.ok("output", "-o", "json")) == {}


def test_two_applies_at_once_one_wins_and_one_is_told_who_holds_the_lock(
    make_project: Maker, tmp_path: Path
) -> None:
    project = make_project(BUILT_IN + slow("long", 8))
    other = project.clone(tmp_path / "there")
    project.ok("plan")
    with project.running("apply") as first:
        eventually(project.lock, "the first apply holds the lock")
        assert "still at work" in error_of(project.cli("apply"), 3)
        told = error_of(other.cli("plan"), 3)
        assert "the state is locked by" in told
        assert "unlock --env dev" in told
        stdout, stderr = first.communicate(timeout=120)
    assert first.returncode == 0, stderr
    assert "applied: 1 to create" in stdout
    other.ok("plan")


def test_trap_3_9_unlock_needs_the_id_an_age_and_a_dead_holder(make_project: Maker) -> None:
    project = make_project(BUILT_IN + slow("long", 30))
    project.ok("plan")
    with project.running("apply") as tool:
        terraform = eventually(lambda: terraform_of(project), "terraform runs")
        eventually(project.lock, "it holds the lock")
        (lock_id,) = json.loads(project.ok("unlock", "-o", "json"))["ids"]
        alive = error_of(project.cli("unlock", "--lock-id", lock_id, "--min-age", "0s"), 3)
        assert "still at work" in alive
        kill(terraform)
        tool.communicate(timeout=60)
    told = error_of(project.cli("plan"), 3)
    assert lock_id in told
    assert "unlock --env dev" in told
    error_of(project.cli("unlock", "--lock-id", "00000000-0000-0000-0000-000000000000"), 2)
    assert "younger than 10 min" in error_of(project.cli("unlock", "--lock-id", lock_id), 3)
    breaking = ("unlock", "--lock-id", lock_id, "--min-age", "0s")
    assert "would break" in project.ok(*breaking, "--dry-run")
    assert "lock file and lock table" in project.ok(*breaking)
    project.ok("plan")

"""What may go, and what never may."""

from __future__ import annotations

from dataclasses import replace

from common.aws_lambda import Alias, Configuration
from deploy.ledger.chain import Head
from deploy.model import FunctionTarget
from deploy.packaging.artifacts import Artifacts, package_key
from deploy.rollback.pruning import plan_pruning, prune
from deploy.states import Position, State
from tests.deploy.builders import deployment

REPOSITORY = "2_bbws_auth_lambda"


class Versions:
    """One function with eight versions; `also` is held by a second alias."""

    def __init__(self, live: str = "8", also: str | None = None) -> None:
        self._live, self._also = live, also
        self.removed: list[str] = []

    def versions(self, name):
        return [
            Configuration(name, str(n), "s", "r", "role", "", "Active", "", ()) for n in range(1, 9)
        ]

    def aliases(self, name):
        held = [Alias(name, "live", self._live, (("2", 0.1),), "r")]
        return held + ([Alias(name, "other", self._also, (), "r")] if self._also else [])

    def remove_version(self, name, version):
        self.removed.append(version)


class Packages:
    """A bucket that has every package."""

    name = "bucket"

    def __init__(self) -> None:
        self.removed: list[str] = []

    def has(self, key):
        return True

    def remove(self, key):
        self.removed.append(key)


def release(number: int, state: State = State.SUCCEEDED, **more):
    position = Position(state, 100, done=True)
    target = FunctionTarget("auth-get", str(number - 1), str(number))
    facts = {"version": f"v1.{number}.0", "digest": f"{number:064d}", "functions": (target,)}
    return deployment(f"d{number}", position=position, **{**facts, **more})


def planned(versions: Versions, deployments, *, live: str, keep: int = 2):
    artifacts = Artifacts(Packages(), REPOSITORY)
    head = Head(1, "h", live)
    return plan_pruning(versions, artifacts, deployments, head, ["auth-get"], keep)


def test_trap_2_4_only_versions_without_alias_and_without_use_may_go():
    history = [release(n) for n in range(1, 9)]
    wanted = planned(Versions(also="4"), history, live="d8")
    assert [version for _, version in wanted.versions] == ["1", "3", "5"]
    assert wanted.kept == ("v1.7.0", "v1.8.0")
    assert wanted.packages == tuple(package_key(REPOSITORY, f"{n:064d}") for n in range(1, 7))


def test_trap_2_3_the_live_release_and_the_one_before_it_stay_however_old_they_are():
    history = [release(n) for n in range(1, 8)]
    # Somebody went back to the third release, from the fifth.
    back = replace(release(3), id="d9", previous="d5")
    wanted = planned(Versions(live="3"), [*history, release(8), back], live="d9")
    assert {"v1.3.0", "v1.5.0"} <= set(wanted.kept)
    assert not {"3", "5"} & {version for _, version in wanted.versions}


def test_trap_2_3_failed_deployments_do_not_push_good_ones_out():
    good = [release(1), release(2)]
    failed = [release(n, State.ROLLED_BACK) for n in range(3, 9)]
    wanted = planned(Versions(live="2"), [*good, *failed], live="d2")
    assert wanted.kept == ("v1.1.0", "v1.2.0")
    assert not {"1", "2"} & {version for _, version in wanted.versions}


def test_what_a_running_deployment_names_stays():
    history = [release(1), release(2), release(6, State.CANARY)]
    wanted = planned(Versions(live="2"), history, live="d2")
    assert "6" not in {version for _, version in wanted.versions}


def test_exactly_what_was_planned_is_removed():
    versions, bucket = Versions(), Packages()
    wanted = planned(versions, [release(n) for n in range(1, 9)], live="d8")
    prune(versions, Artifacts(bucket, REPOSITORY), wanted)
    assert versions.removed == [version for _, version in wanted.versions]
    assert bucket.removed == list(wanted.packages)

"""`setup-from-lld` as the runbook spells it: a real design, the real generator, real git."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.git import git
from tests.conftest import ROOT
from tests.repository.house import TOKEN, House, opened

pytestmark = pytest.mark.e2e

LLD = ROOT / "templates" / "examples" / "9.1.1_LLD_Bookmark_Lambda.md"
NAME = "2_bbws_bookmark_lambda"
SCRIPT = ROOT / "utils" / "devops" / "repo_cli.py"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with opened(tmp_path) as found:
        yield found


def words(*more: str) -> list[str]:
    script = ["setup-from-lld", "--lld", str(LLD), "--org", "bbws"]
    return [sys.executable, str(SCRIPT), *script, *more]


def environment(house: House) -> dict[str, str]:
    return {**os.environ, "GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": house.server.url}


def run(house: House, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words(*more),
        cwd=house.folder,
        env=environment(house),
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_design_becomes_a_repository_ready_to_work_in(house: House) -> None:
    done = run(house)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"{house.server.url}/bbws/{NAME}"
    checkout = house.folder / NAME
    assert git("status", "--porcelain", cwd=checkout).stdout == ""
    head = git("rev-parse", "HEAD", cwd=checkout).stdout.strip()
    assert house.connect().get(f"/repos/bbws/{NAME}/commits/main")["sha"] == head
    assert (checkout / "src" / "handlers").is_dir()
    assert house.store.repo("bbws", NAME)["environments"].keys() >= {"dev", "sit", "prod"}


def test_a_second_run_changes_nothing_and_says_so(house: House) -> None:
    first, second = run(house), run(house, "--output", "json")
    assert (first.returncode, second.returncode) == (0, 0), second.stderr
    report = json.loads(second.stdout)
    assert [step["changes"] for step in report["steps"]] == [[]] * 6
    assert [step["notes"] for step in report["steps"]] == [[]] * 6
    assert report["api_calls"] <= 15


def test_a_new_repository_costs_at_most_40_calls(house: House) -> None:
    report = json.loads(run(house, "-o", "json").stdout)
    assert report["api_calls"] == len(house.server.requests)
    assert report["api_calls"] <= 40


def test_a_dry_run_lists_the_changes_and_makes_none(house: House) -> None:
    before = house.world()
    done = run(house, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert f"would create repository bbws/{NAME} (private)" in done.stdout
    assert "would create environment prod" in done.stdout
    assert house.world() == before
    assert [line for line in house.server.requests if not line.startswith("GET ")] == []
    assert not (house.folder / NAME).exists()


def test_killed_at_any_moment_it_is_completed_by_the_next_run(house: House) -> None:
    for requests_before_kill in (3, 12, 25, 36):
        child = subprocess.Popen(
            words(),
            cwd=house.folder,
            env=environment(house),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        target = len(house.server.requests) + requests_before_kill
        deadline = time.monotonic() + 60
        while child.poll() is None and len(house.server.requests) < target:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        child.kill()
        child.wait()
    done = run(house)
    assert done.returncode == 0, done.stderr
    assert house.store.repo("bbws", NAME)["environments"]["prod"]["wait_timer"] == 5
    (ruleset,) = house.store.repo("bbws", NAME)["rulesets"].values()
    assert ruleset["enforcement"] == "active"


def test_a_failure_names_the_step_and_how_to_go_on(house: House) -> None:
    checkout = house.folder / NAME
    checkout.mkdir()
    (checkout / "mine.txt").write_text("mine")
    done = run(house)
    assert done.returncode == 3
    assert "step 2 of 6 (generated files)" in done.stderr
    assert "the same command goes on from this step" in done.stderr
    assert (checkout / "mine.txt").read_text() == "mine"
    (checkout / "mine.txt").unlink()
    assert run(house).returncode == 0


# --- the token ----------------------------------------------------------------------------------


class Watch(threading.Thread):
    """Writes down the words of every process of this machine, as fast as it can."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.words: set[bytes] = set()
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.is_set():
            for entry in Path("/proc").iterdir():
                if entry.name.isdigit():
                    try:
                        self.words.add((entry / "cmdline").read_bytes())
                    except OSError:
                        continue

    def stop(self) -> None:
        self._done.set()
        self.join()


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
def test_the_token_is_in_no_output_file_or_process_list(house: House, own_home: Path) -> None:
    import base64

    watch = Watch()
    watch.start()
    done = run(house, "--output", "json")
    failed = run(house, "--name", "2_bbws_other_lambda", "--path", NAME, "--debug")
    watch.stop()
    assert done.returncode == 0, done.stderr
    assert failed.returncode != 0
    pair = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
    for secret in (TOKEN, pair):
        said = done.stdout + done.stderr + failed.stdout + failed.stderr
        assert secret not in said
        assert [w for w in watch.words if secret.encode() in w] == []
        for folder in (house.folder / NAME, own_home):
            files = [path for path in folder.rglob("*") if path.is_file()]
            assert [path for path in files if secret.encode() in path.read_bytes()] == []
    seen = [w for w in watch.words if b"push" in w and b"git" in w]
    assert seen, "the watch was too slow to see git push: it proved nothing"
    assert "://" in (house.folder / NAME / ".git" / "config").read_text()
    assert "@" not in (house.folder / NAME / ".git" / "config").read_text().split("url = ")[1]

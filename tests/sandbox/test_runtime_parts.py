"""Parts of the runtime on their own: packages, interpreters, the pool."""

from __future__ import annotations

import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from sandbox.runtime.deployed import Deployed, Package, ThrottledError
from sandbox.runtime.interpreters import Interpreter, ask, interpreter, runtime_site
from sandbox.runtime.packages import Packages, UnpackError
from sandbox.runtime.pool import Pool
from tests.sandbox.support import package


def deployed(content: bytes = b"", **settings: Any) -> Deployed:
    given: dict[str, Any] = {
        "account": "1",
        "region": "r",
        "name": "f",
        "version": "1",
        "revision": "a",
        "handler": "app.handler",
        "runtime": "python3.12",
        "memory_mb": 128,
        "timeout_s": 3,
        "role": "",
        "package": Package(f"sha/{len(content)}+=", content),
    }
    return Deployed(**{**given, **settings})


HERE = ask(sys.executable)
WHEEL = "Wheel-Version: 1.0\nTag: cp312-cp312-manylinux2014_{machine}\n"


def compiled(name: str, version: str, machine: str = "s390x") -> dict[str, str]:
    """A distribution as an installer leaves it, built for another machine."""
    folder = f"{name}-{version}.dist-info"
    return {
        f"{folder}/WHEEL": WHEEL.format(machine=machine),
        f"{folder}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nText\n",
        "app.py": "x = 1",
    }


def test_a_package_is_unpacked_once_for_its_digest(tmp_path: Path) -> None:
    packages = Packages(tmp_path)
    first = packages.unpack(deployed(package({"app.py": "x = 1"})), HERE)
    marker = first.root / "marker"
    marker.touch()
    again = packages.unpack(deployed(package({"app.py": "x = 1"})), HERE)
    assert (again.root, marker.exists(), again.notes) == (first.root, True, ())


def test_compiled_parts_for_another_machine_are_replaced_by_those_of_this_one(
    tmp_path: Path,
) -> None:
    version = metadata.version("pydantic_core")
    content = package(compiled("pydantic_core", version))
    found = Packages(tmp_path).unpack(deployed(content), HERE)
    overlay = found.path[0]
    assert overlay != found.root
    assert list((overlay / "pydantic_core").glob("*.so"))
    assert found.notes == (f"pydantic_core {version} built for this machine",)


def test_what_cannot_be_replaced_is_said_and_the_package_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    content = package(compiled("nothing_like_this", "1.2.3"))
    found = Packages(tmp_path).unpack(deployed(content), HERE)
    assert found.path == (found.root,)
    assert "nothing_like_this 1.2.3 is for another platform" in found.notes[0]


def test_what_is_no_zip_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnpackError):
        Packages(tmp_path).unpack(deployed(b"not a zip"), HERE)
    assert not list(tmp_path.iterdir())


def test_a_zip_cannot_write_outside_its_folder(tmp_path: Path) -> None:
    packages = Packages(tmp_path / "code")
    packages.unpack(deployed(package({"../../escaped": "x", "app.py": ""})), HERE)
    assert not (tmp_path / "escaped").exists()
    assert not (tmp_path.parent / "escaped").exists()


def test_an_unknown_runtime_runs_on_this_python_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = interpreter("python3.99")
    assert found.version == sys.version_info[:2]
    assert found.substitute
    own = Interpreter(Path("p"), (3, 12), "linux-x86_64", "python3.12")
    assert not own.substitute


def test_the_runtime_has_boto3_and_little_else(tmp_path: Path) -> None:
    names = {path.name for path in runtime_site(tmp_path).iterdir()}
    assert {"boto3", "botocore", "urllib3"} <= names
    assert "moto" not in names


class FakeWorker:
    """Neither process nor pipe."""

    def __init__(self, function: Deployed) -> None:
        self.deployed = function
        self.used = time.monotonic()
        self.alive = True

    def end(self) -> None:
        self.alive = False


def make_pool(**settings: Any) -> tuple[Pool, list[FakeWorker]]:
    started: list[FakeWorker] = []

    def start(function: Deployed) -> Any:
        started.append(FakeWorker(function))
        return started[-1]

    return Pool(start, **settings), started


def test_an_idle_worker_of_the_same_revision_is_used_again() -> None:
    pool, started = make_pool()
    first, fresh = pool.take(deployed())
    assert fresh
    pool.give_back(first)
    assert pool.take(deployed()) == (first, False)
    _, fresh = pool.take(deployed(revision="b"))
    assert (fresh, len(started)) == (True, 2)


def test_a_worker_that_died_is_not_used() -> None:
    pool, started = make_pool()
    first, _ = pool.take(deployed())
    pool.give_back(first)
    started[0].alive = False
    assert pool.take(deployed())[1] is True


def test_the_one_idle_longest_makes_room() -> None:
    pool, started = make_pool(most=2)
    for name in ("a", "b", "c"):
        worker, _ = pool.take(deployed(name=name))
        pool.give_back(worker)
    assert [worker.alive for worker in started] == [False, True, True]


def test_idle_workers_end_after_a_while() -> None:
    pool, started = make_pool(idle_s=0.0)
    worker, _ = pool.take(deployed())
    pool.give_back(worker)
    pool.take(deployed(name="other"))
    assert not started[0].alive


def test_reserved_concurrency_counts_all_versions_of_a_function() -> None:
    pool, _ = make_pool()
    second = pool.claimed(deployed(version="2", reserved=1))
    with pool.claimed(deployed(reserved=1)), pytest.raises(ThrottledError):
        second.__enter__()
    with pool.claimed(deployed(reserved=1)):
        pass


def test_closing_ends_everything() -> None:
    pool, started = make_pool()
    busy, _ = pool.take(deployed())
    idle, _ = pool.take(deployed(name="g"))
    pool.give_back(idle)
    pool.close()
    pool.give_back(busy)
    assert [worker.alive for worker in started] == [False, False]

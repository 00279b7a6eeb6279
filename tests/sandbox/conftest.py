from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from sandbox import control
from sandbox.control import Sandbox
from tests.sandbox.support import Lambdas

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One running sandbox for the whole test run; tests tell themselves apart by names."""
    home = str(tmp_path_factory.mktemp("sandbox-home"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", home)
        patch.delenv("XDG_STATE_HOME", raising=False)
        started, _ = control.start("tests")
    yield started
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", home)
        patch.delenv("XDG_STATE_HOME", raising=False)
        control.stop("tests")


@pytest.fixture(scope="session")
def lambdas(sandbox: Sandbox) -> Lambdas:
    return Lambdas(sandbox)


@pytest.fixture
def name() -> str:
    """A name for a function that no other test uses."""
    return f"fn-{next(_numbers)}"

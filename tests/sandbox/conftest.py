from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from sandbox.control import Sandbox
from tests.sandbox.support import Lambdas
from tests.support.sandboxes import running

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One running sandbox for the whole test run; tests tell themselves apart by names."""
    with running("tests", tmp_path_factory.mktemp("sandbox-home")) as started:
        yield started


@pytest.fixture(scope="session")
def lambdas(sandbox: Sandbox) -> Lambdas:
    return Lambdas(sandbox)


@pytest.fixture
def name() -> str:
    """A name for a function that no other test uses."""
    return f"fn-{next(_numbers)}"

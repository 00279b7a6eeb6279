"""One deployed service for all tests that look at one; the last of them takes it away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.deployed import World, deployed


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The service, applied, for the tests of the group `deployed service`."""
    with deployed(tmp_path_factory) as world:
        yield world


@pytest.fixture
def inside(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """This process, with the exports."""
    for name, value in world.environment.items():
        monkeypatch.setenv(name, value)
    return world

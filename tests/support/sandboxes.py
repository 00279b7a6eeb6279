"""A sandbox that lasts as long as a test session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox import control
from sandbox.control import Sandbox


@contextmanager
def running(name: str, home: Path) -> Iterator[Sandbox]:
    """A started sandbox, with its state below `home`; it is stopped in the end."""
    with _at_home(home):
        started, _ = control.start(name)
    yield started
    with _at_home(home):
        control.stop(name)


@contextmanager
def _at_home(home: Path) -> Iterator[None]:
    # A session outlives the home directory that every test gets anew.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.delenv("XDG_STATE_HOME", raising=False)
        yield

"""What watching says where nothing is live, and where GitHub does not answer."""

from __future__ import annotations

from types import SimpleNamespace

from common.environments import environment
from common.errors import UnavailableError
from deploy.display import watching
from deploy.display.view import status_text


class SilentHub:
    """A GitHub that cannot be asked."""

    def waiting_runs(self, workflow):
        raise UnavailableError("GET runs: 403")


def site(**more):
    """As much of a site as is asked; nothing is live and nothing runs."""
    ledger = SimpleNamespace(live=lambda: None, running=lambda: None)
    facts = {"environment": environment("sit"), "service": "auth", "ledger": lambda: ledger}
    return SimpleNamespace(**facts, hub=SilentHub, **more)


def test_where_nothing_is_live_nothing_is_healthy():
    assert watching.unhealthy(site()) == ("nothing of auth is live in sit",)


def test_trap_2_8_a_github_that_does_not_answer_is_told_and_not_waited_for(monkeypatch):
    empty = {"deployment": None, "lock": None, "blocked_by": None, "traffic": []}
    monkeypatch.setattr(watching, "status", lambda here: {**empty, **watching.waiting(here)})
    (seen,) = watching.follow(site())
    assert seen["waiting"] == []
    assert "GitHub could not be asked what waits: GET runs: 403" in status_text(seen)

"""Deployments with defaults, so that each test shows only what matters to it."""

from __future__ import annotations

from deploy.ledger.ledger import Ledger
from deploy.model import Deployment, FunctionTarget, Kind
from deploy.states import Position, State

PATH = (
    Position(State.CHECKED),
    Position(State.BACKED_UP),
    Position(State.APPLIED),
    Position(State.CANARY, 10),
    Position(State.SHIFT, 25),
    Position(State.SHIFT, 50),
    Position(State.SHIFT, 100),
    Position(State.SMOKE, 100),
    Position(State.SUCCEEDED, 100),
)


def deployment(identity: str = "d1", **changes) -> Deployment:
    facts = {
        "service": "auth",
        "environment": "prod",
        "version": "v1.0.0",
        "commit": "c" * 40,
        "digest": "d" * 64,
        "kind": Kind.PROMOTION,
        "actor": "ann",
        "started": "2026-01-05T12:00:00.000+00:00",
        "functions": (FunctionTarget("auth-get", "1"), FunctionTarget("auth-put", "1")),
        **changes,
    }
    return Deployment(identity, **facts)


def walk(ledger: Ledger, to: State = State.SUCCEEDED, identity: str = "d1", **facts) -> Deployment:
    """A deployment written down step by step until `to` is done; the lock is given back."""
    lock = ledger.acquire(identity, "ann@laptop")
    here = ledger.begin(deployment(identity, **facts), lock)
    for step in PATH:
        here = ledger.advance(here, step, lock)
        here = (
            ledger.advance(here, Position(step.state, step.percent, True), lock)
            if (step.state is not State.SUCCEEDED)
            else here
        )
        if step.state is to:
            break
    ledger.release(lock)
    return here

"""A deployment in a process of its own that is killed at a chosen transition.

    python -m tests.deploy.victim SERVICE HOURS_AGO AT before|after healthy|broken

`AT` counts writes to the ledger; 0 lets it live, and prints how many there were.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

from deploy.execution.plan import plan_release
from deploy.failures import RolledBackError
from tests.deploy.place import Place


class Death:
    """SIGKILL to this process before a write to the ledger is sent, or after it was answered."""

    def __init__(self, session: Any, at: int, when: str) -> None:
        self.count = 0
        self._at = at
        event = "before-send" if when == "before" else "after-call"
        session.events.register_first(f"{event}.dynamodb.TransactWriteItems", self._moment)

    def _moment(self, **_: Any) -> None:
        self.count += 1
        if self.count == self._at:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    service, hours_ago, at, when, health = sys.argv[1:]
    # Only what finds the account's files is needed of the sandbox: the environment has them.
    files = SimpleNamespace(
        aws_config=os.environ["AWS_CONFIG_FILE"],
        aws_credentials=os.environ["AWS_SHARED_CREDENTIALS_FILE"],
    )
    place = Place(
        SimpleNamespace(where=files), service, "prod", create=False, hours_ago=int(hours_ago)
    )  # type: ignore[arg-type]
    if health == "broken":
        place.traffic.errors = {"3": 1.0}
    site = place.site()
    wanted = place.release(place.fresh_site(), "v1.1.0")
    death = Death(site.session, int(at), when)
    plan = plan_release(wanted, site.strategy, site.resources())
    with suppress(RolledBackError):
        place.operation(site).deploy(wanted, plan)
    print(death.count)


if __name__ == "__main__":
    main()

"""EventBridge: events other tools and agents can answer."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from common.aws_call import Caller
from common.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from boto3 import Session


class Bus:
    """The default event bus of an account and region."""

    def __init__(self, session: Session, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._call = Caller(session, "events", sleep=sleep)

    def put(self, source: str, kind: str, detail: dict[str, Any]) -> None:
        """Put one event on the bus.

        Raises:
            UnavailableError: The bus did not take it.
        """
        entry = {"Source": source, "DetailType": kind, "Detail": json.dumps(detail)}
        answer = self._call("put_events", Entries=[entry])
        if answer.get("FailedEntryCount"):
            raise UnavailableError(f"the event bus did not take {kind!r}")
